// Generated from src/contracts by `make generate`; do not edit.
/** An immutable series anchor and where in the series a task stands. */
export interface Recurrence {
  series_id?: string
  /** RFC 5545 RRULE without its name */
  rrule: string
  /** first occurrence as local wall-clock time, e.g. 2026-01-05T09:00:00 */
  dtstart?: string
  /** IANA time zone of dtstart */
  tzid?: string
  /** local times that are left out */
  exdates?: string[]
  mode?: 'schedule' | 'completion'
  /** whether occurrences that passed before the one before was done come in turn, or not at all */
  missed?: 'catch_up' | 'skip'
  /** position of this occurrence in the series, from 0 */
  index?: number
}

/** What a person sees of a task. */
export interface Task {
  title?: string
  description?: string | null
  status?: 'open' | 'done'
  completed?: boolean
  completed_at?: string | null
  priority?: 'none' | 'low' | 'medium' | 'high' | 'urgent'
  tags?: string[]
  due_at?: string | null
  due_tz?: string | null
  all_day?: boolean
  remind_at?: string[]
  recurrence?: Recurrence
  parent_task_id?: string | null
}

/** One changed field; from is absent when it was not known. */
export interface Change {
  from?: unknown
  to?: unknown
}

export interface EventData {
  'task.created': {
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    task?: Task
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'task.updated': {
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    task?: Task
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
    changes?: Record<string, Change>
  }
  'task.completed': {
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    task?: Task
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
    completed_at?: string
    is_recurring?: boolean
  }
  'task.reopened': {
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    task?: Task
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'task.deleted': {
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    task?: Task
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'task.restored': {
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    task?: Task
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'reminder.scheduled': {
    reminder_id?: string
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    title?: string
    due_at?: string | null
    remind_at: string
    /** ISO 8601 duration before due_at */
    offset?: string
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'reminder.rescheduled': {
    reminder_id: string
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    title?: string
    due_at?: string | null
    remind_at: string
    /** ISO 8601 duration before due_at */
    offset?: string
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'reminder.triggered': {
    reminder_id?: string
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    title?: string
    due_at?: string | null
    remind_at?: string
    /** ISO 8601 duration before due_at */
    offset?: string
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
    triggered_at?: string
  }
  'reminder.snoozed': {
    reminder_id: string
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    title?: string
    due_at?: string | null
    remind_at: string
    /** ISO 8601 duration before due_at */
    offset?: string
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'reminder.cancelled': {
    reminder_id?: string
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    title?: string
    due_at?: string | null
    remind_at?: string
    /** ISO 8601 duration before due_at */
    offset?: string
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'reminder.missed': {
    reminder_id: string
    task_id: string
    user_id: string
    /** version of the aggregate after this event */
    version?: number
    title?: string
    due_at?: string | null
    remind_at?: string
    /** ISO 8601 duration before due_at */
    offset?: string
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
    missed_at?: string
  }
  'recurrence.triggered': {
    /** the occurrence that was completed */
    task_id: string
    user_id: string
    series_id?: string
    /** index of the occurrence to create */
    index?: number
    due_at?: string
    /** due_at on the wall clock of tzid */
    due_local?: string
    tzid?: string
    /** template of the occurrence to create */
    task?: Task
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'recurrence.exhausted': {
    task_id: string
    user_id: string
    series_id: string
    reason?: string
  }
  'recurrence.updated': {
    user_id: string
    series_id: string
    recurrence?: Recurrence
    paused?: boolean
    /** the series this one continues from one of its occurrences on */
    replaces?: string
  }
  'notification.requested': {
    notification_id: string
    user_id: string
    task_id?: string
    reminder_id?: string
    kind?: 'reminder' | 'reminder_missed'
    channel?: 'in_app' | 'email' | 'web_push' | 'webhook'
    title?: string
  }
  'notification.sent': {
    notification_id: string
    user_id: string
    task_id?: string
    reminder_id?: string
    kind?: 'reminder' | 'reminder_missed'
    channel?: 'in_app' | 'email' | 'web_push' | 'webhook'
    title?: string
    sent_at?: string
  }
  'notification.deferred': {
    notification_id: string
    user_id: string
    task_id?: string
    reminder_id?: string
    kind?: 'reminder' | 'reminder_missed'
    channel?: 'in_app' | 'email' | 'web_push' | 'webhook'
    title?: string
    until?: string
  }
  'notification.failed': {
    notification_id: string
    user_id: string
    task_id?: string
    reminder_id?: string
    kind?: 'reminder' | 'reminder_missed'
    channel?: 'in_app' | 'email' | 'web_push' | 'webhook'
    title?: string
    reason?: string
  }
  'ui.task_list_changed': {
    user_id: string
    action: 'refresh' | 'add' | 'update' | 'remove'
    task_id?: string
    /** version of the aggregate after this event */
    version?: number
    task?: Task
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'ui.task_status_changed': {
    user_id: string
    action: 'refresh' | 'add' | 'update' | 'remove'
    task_id?: string
    /** version of the aggregate after this event */
    version?: number
    task?: Task
    /** the id before it was mapped to a UUID */
    legacy_task_id?: string
  }
  'presence.changed': {
    user_id: string
    /** the process that holds the connections */
    replica: string
    /** all connections of this person there; empty: none any more */
    clients: {
      client: string
      transport: 'sse' | 'websocket'
      since: string
    }[]
  }
  'chat.message_appended': {
    user_id: string
    conversation_id: string
    role?: string
  }
  'user.preferences_changed': {
    user_id: string
    changes?: Record<string, Change>
  }
  'user.erased': {
    user_id: string
  }
  'dlq.parked': {
    event_id: string
    user_id: string
    topic?: string
    consumer?: string
    reason?: string
  }
  'dlq.replayed': {
    event_id: string
    /** who asked for it */
    user_id: string
    topic?: string
    consumer?: string
    replay_id?: string
    /** how often this event was replayed by now */
    replays?: number
  }
  'dlq.purged': {
    /** who asked for it */
    user_id: string
    count: number
    /** which letters */
    filter?: Record<string, unknown>
  }
  'canary.sent': {
    /** nobody: the same for every canary */
    user_id: string
  }
}
