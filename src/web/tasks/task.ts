/** A task as the API answers it; instants are RFC 3339 in UTC. */
export interface Task {
  id: string
  version: number
  title: string
  description?: string | null
  status: 'open' | 'done'
  completed_at?: string | null
  priority?: Priority
  tags?: readonly string[]
  due_at?: string | null
  due_tz?: string | null
  all_day?: boolean
  recurrence?: Recurrence | null
  reminders?: readonly Reminder[]
  parent_task_id?: string | null
  deleted_at?: string | null
  created_at?: string
}

export type Priority = 'none' | 'low' | 'medium' | 'high' | 'urgent'
export const PRIORITIES: readonly Priority[] = ['none', 'low', 'medium', 'high', 'urgent']

export interface Recurrence {
  rrule: string
  dtstart?: string
  tzid?: string
  exdates?: readonly string[]
  mode?: 'schedule' | 'completion'
  missed?: 'catch_up' | 'skip'
  series_id?: string
  index?: number
}

/** `before`: ISO 8601 duration before the due time; without it the reminder stands at `remind_at`. */
export interface Reminder {
  id: string
  remind_at: string
  before: string | null
  status: string
}

/** Fields a person can change; the same names as in the API. */
export interface TaskFields {
  title?: string
  description?: string | null
  priority?: Priority
  tags?: readonly string[]
  due_at?: string | null
  due_tz?: string | null
  all_day?: boolean
  recurrence?: Pick<Recurrence, 'rrule' | 'mode' | 'missed'> | null
  reminders?: readonly { at?: string; before?: string }[]
  parent_task_id?: string
}
