import type { Recurrence, Task } from '../../contracts/events/index.ts'

export type Priority = NonNullable<Task['priority']>
export type Status = 'open' | 'done'

export interface SeriesRow {
  id: string
  user_id: string
  rrule: string
  dtstart: string
  tzid: string
  exdates: string[]
  mode: 'schedule' | 'completion'
  missed: 'catch_up' | 'skip'
  paused_at: Date | null
  /** What a paused series owes: the occurrence that was due to come. */
  waiting: Waiting | null
  /** What the occurrences to come look like, where the present one was changed for itself alone. */
  template: Template | null
}

export interface Waiting {
  index: number
  local?: string
  at: string
  parent_id: string
}

export type Template = Pick<TaskRow, 'title' | 'description' | 'priority' | 'tags'>

export interface TaskRow {
  id: string
  user_id: string
  version: number
  title: string
  description: string | null
  priority: Priority
  tags: string[]
  status: Status
  completed_at: Date | null
  due_at: Date | null
  due_tz: string | null
  all_day: boolean
  parent_task_id: string | null
  series_id: string | null
  series_index: number | null
  created_at: Date
  updated_at: Date
  deleted_at: Date | null
}

export interface ReminderRow {
  id: string
  task_id: string
  user_id: string
  version: number
  remind_at: Date
  /** ISO 8601 duration before the due time; null for an absolute reminder. */
  before: string | null
  status: 'scheduled' | 'cancelled'
  /** Put off until then; the next change of its task's due time ends that. */
  snoozed_until: Date | null
}

/** When a reminder rings. */
export const ringTime = (reminder: Pick<ReminderRow, 'remind_at' | 'snoozed_until'>): Date =>
  reminder.snoozed_until ?? reminder.remind_at

/** A task with what is needed to show it. */
export interface FullTask {
  row: TaskRow
  series: SeriesRow | undefined
  reminders: readonly ReminderRow[]
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

/** The task as events carry it (contract `Task`). */
export function snapshot({ row, series, reminders }: FullTask): Task {
  const alarms = reminders.filter(({ status }) => status === 'scheduled')
  return {
    title: row.title,
    description: row.description,
    status: row.status,
    completed: row.status === 'done',
    completed_at: iso(row.completed_at),
    priority: row.priority,
    tags: row.tags,
    due_at: iso(row.due_at),
    due_tz: row.due_tz,
    all_day: row.all_day,
    ...(alarms.length ? { remind_at: alarms.map(alarm => ringTime(alarm).toISOString()) } : {}),
    ...(series ? { recurrence: recurrenceOf(series, row.series_index ?? 0) } : {}),
    parent_task_id: row.parent_task_id,
  }
}

export function recurrenceOf(series: SeriesRow, index: number): Recurrence {
  const { rrule, dtstart, tzid, exdates, mode, missed } = series
  return { series_id: series.id, rrule, dtstart, tzid, exdates, mode, missed, index }
}

export interface TaskJson extends Task {
  id: string
  version: number
  created_at: string
  updated_at: string
  deleted_at: string | null
  reminders: { id: string; remind_at: string; before: string | null; status: string; snoozed_until: string | null }[]
}

/** The task as the API answers it: the events' shape, and what only the owner of the row knows. */
export function toJson(task: FullTask): TaskJson {
  const { row } = task
  return {
    id: row.id,
    version: row.version,
    ...snapshot(task),
    reminders: task.reminders.map(reminder => ({
      id: reminder.id,
      remind_at: ringTime(reminder).toISOString(),
      before: reminder.before,
      status: reminder.status,
      snoozed_until: iso(reminder.snoozed_until),
    })),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    deleted_at: iso(row.deleted_at),
  }
}

export const etagOf = (row: Pick<TaskRow, 'version'>): string => `"${row.version}"`
