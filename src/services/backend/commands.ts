import { isDeepStrictEqual } from 'node:util'
import {
  type Cause,
  type Change,
  createEvent,
  type EventType,
  type TodoEvent,
  uuidv7,
} from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'
import { firstOccurrence } from '../../kit/occurrence.ts'
import { append } from '../../kit/outbox.ts'
import { Problem } from '../../kit/problem.ts'
import { completeSeries, type Due, type TaskInput } from './input.ts'
import { etagOf, type FullTask, type ReminderRow, type SeriesRow, snapshot, type TaskRow, toJson } from './model.ts'
import { followTask, newReminders, reminderEvents } from './reminders.ts'
import { findTask, insertReminders, insertSeries, insertTask, updateTask } from './store.ts'

/** Who acts, and what made them; every command runs in the caller's transaction and puts its events into the outbox there. */
export interface Actor {
  sql: Sql
  userId: string
  appId: string
  cause?: Cause
}

type TaskEventType = Extract<EventType, `task.${string}`>

/** @param zone time zone for a due time that names none; becomes the task's `due_tz` */
export async function createTask(actor: Actor, input: TaskInput & { title: string }, zone: string): Promise<FullTask> {
  const { sql, userId } = actor
  const tz = input.due_tz ?? zone
  const wanted = input.series ? completeSeries(input.series, input.due ?? null, tz) : undefined
  const series: SeriesRow | undefined = wanted && {
    id: uuidv7(),
    user_id: userId,
    ...wanted,
    exdates: [...wanted.exdates],
  }
  const due: Due | null = input.due ?? (wanted ? { at: new Date(firstOccurrence(wanted).at), allDay: false } : null)
  if (input.parent_task_id) await findTask(sql, input.parent_task_id)
  if (series) await insertSeries(sql, series)
  const row = await insertTask(sql, {
    id: uuidv7(),
    user_id: userId,
    title: input.title,
    description: input.description ?? null,
    priority: input.priority ?? 'none',
    tags: input.tags ?? [],
    status: input.status ?? 'open',
    completed_at: input.status === 'done' ? new Date() : null,
    due_at: due?.at ?? null,
    due_tz: due ? tz : null,
    all_day: due?.allDay ?? false,
    parent_task_id: input.parent_task_id ?? null,
    series_id: series?.id ?? null,
    series_index: series ? 0 : null,
  })
  return announceNew(actor, row!, series, followTask(row!, newReminders(row!, input.reminders ?? []), new Date()))
}

/** Stores the reminders of a row just inserted, and tells everyone. */
export async function announceNew(
  actor: Actor,
  row: TaskRow,
  series: SeriesRow | undefined,
  reminders: readonly ReminderRow[],
): Promise<FullTask> {
  await insertReminders(actor.sql, reminders)
  const task = { row, series, reminders }
  await publish(actor, 'task.created', task, [])
  return task
}

/** @param ifMatch ETag the client saw; absent: whatever is there */
export async function changeTask(
  actor: Actor,
  id: string,
  input: TaskInput,
  zone: string,
  ifMatch?: string,
): Promise<FullTask> {
  const before = await findTask(actor.sql, id, true)
  requireMatch(before, ifMatch)
  requireNotDeleted(before)
  const { row } = before
  const tz = input.due_tz ?? row.due_tz ?? zone
  const due =
    input.due === undefined ? (row.due_at ? { at: row.due_at, allDay: input.all_day ?? row.all_day } : null) : input.due
  const { series, index } = await changedSeries(actor, before, input, due, tz)
  const status = input.status ?? row.status
  if (input.parent_task_id === id) throw new Problem('TEP4007', 'A task cannot be its own parent.')
  if (input.parent_task_id) await findTask(actor.sql, input.parent_task_id)
  const wanted: TaskRow = {
    ...row,
    title: input.title ?? row.title,
    description: input.description === undefined ? row.description : input.description,
    priority: input.priority ?? row.priority,
    tags: input.tags ?? row.tags,
    status,
    completed_at: status === 'done' ? (row.completed_at ?? new Date()) : null,
    due_at: due?.at ?? null,
    due_tz: due ? tz : null,
    all_day: due?.allDay ?? false,
    parent_task_id: input.parent_task_id === undefined ? row.parent_task_id : input.parent_task_id,
    series_id: series?.id ?? null,
    series_index: index,
  }
  const type = status === row.status ? 'task.updated' : status === 'done' ? 'task.completed' : 'task.reopened'
  if (isDeepStrictEqual(wanted, row) && !input.reminders) return before
  return write(actor, before, wanted, series, type, input)
}

export async function deleteTask(actor: Actor, id: string, ifMatch?: string): Promise<FullTask> {
  const before = await findTask(actor.sql, id, true)
  requireMatch(before, ifMatch)
  if (before.row.deleted_at) return before
  return write(actor, before, { ...before.row, deleted_at: new Date() }, before.series, 'task.deleted')
}

export async function restoreTask(actor: Actor, id: string): Promise<FullTask> {
  const before = await findTask(actor.sql, id, true)
  if (!before.row.deleted_at) return before
  return write(actor, before, { ...before.row, deleted_at: null }, before.series, 'task.restored')
}

async function write(
  actor: Actor,
  before: FullTask,
  wanted: TaskRow,
  series: SeriesRow | undefined,
  type: TaskEventType,
  input: TaskInput = {},
): Promise<FullTask> {
  const row = await updateTask(actor.sql, wanted)
  const replaced = input.reminders ? before.reminders.map(cancelled) : before.reminders
  const added = input.reminders ? newReminders(row, input.reminders) : []
  const kept = input.reminders ? replaced : followTask(row, before.reminders, new Date())
  const reminders = [...kept, ...followTask(row, added, new Date())]
  await insertReminders(
    actor.sql,
    reminders.filter(reminder => !before.reminders.includes(reminder)),
  )
  const task = { row, series, reminders }
  await publish(actor, type, task, before.reminders, type === 'task.updated' ? changesBetween(before, task) : undefined)
  return task
}

const cancelled = (reminder: ReminderRow): ReminderRow =>
  reminder.status === 'cancelled' ? reminder : { ...reminder, status: 'cancelled', version: reminder.version + 1 }

/** A series is immutable: another rule is another series, and this task its first occurrence. */
async function changedSeries(
  actor: Actor,
  { row, series }: FullTask,
  input: TaskInput,
  due: Due | null,
  tz: string,
): Promise<{ series: SeriesRow | undefined; index: number | null }> {
  if (input.series === undefined) return { series, index: row.series_index }
  if (input.series === null) return { series: undefined, index: null }
  const wanted = completeSeries(input.series, due, tz)
  const same = series && series.rrule === wanted.rrule && series.tzid === wanted.tzid && series.mode === wanted.mode
  const sameStart = input.series.dtstart === undefined || series?.dtstart === wanted.dtstart
  if (same && sameStart && isDeepStrictEqual(series.exdates, wanted.exdates)) return { series, index: row.series_index }
  const next = { id: uuidv7(), user_id: row.user_id, ...wanted, exdates: [...wanted.exdates] }
  await insertSeries(actor.sql, next)
  return { series: next, index: 0 }
}

async function publish(
  { sql, appId, cause }: Actor,
  type: TaskEventType,
  task: FullTask,
  remindersBefore: readonly ReminderRow[],
  changes?: Record<string, Change>,
): Promise<void> {
  const { row } = task
  const data = { task_id: row.id, user_id: row.user_id, version: row.version, task: snapshot(task) }
  const subject = `task/${row.id}`
  const completion = row.completed_at
    ? { completed_at: row.completed_at.toISOString(), is_recurring: row.series_id !== null }
    : {}
  const event = createEvent({
    type,
    appId,
    subject,
    cause,
    data: { ...data, ...(type === 'task.completed' ? completion : {}), ...(changes ? { changes } : {}) },
  }) as TodoEvent
  const ui = createEvent({
    type: type === 'task.completed' || type === 'task.reopened' ? 'ui.task_status_changed' : 'ui.task_list_changed',
    appId,
    subject,
    data: { ...data, action: actionOf(type) },
    cause: event,
  })
  await append(sql, [event, ui, ...reminderEvents(appId, row, remindersBefore, task.reminders, event)])
}

function actionOf(type: TaskEventType): 'add' | 'update' | 'remove' {
  if (type === 'task.created' || type === 'task.restored') return 'add'
  return type === 'task.deleted' ? 'remove' : 'update'
}

function changesBetween(before: FullTask, after: FullTask): Record<string, Change> {
  const [from, to] = [snapshot(before), snapshot(after)] as Record<string, unknown>[]
  const names = new Set([...Object.keys(from!), ...Object.keys(to!)])
  return Object.fromEntries(
    [...names]
      .filter(name => !isDeepStrictEqual(from![name], to![name]))
      .map(name => [name, change(from![name] ?? null, to![name] ?? null)]),
  )
}

/** Long values are named, not repeated: the new one is in the task, and an event has to stay below 64 KiB. */
function change(from: unknown, to: unknown): Change {
  return JSON.stringify([from, to]).length > LONG_CHANGE ? {} : { from, to }
}

const LONG_CHANGE = 2_000

/** Optimistic concurrency (RFC 9110 §13.1.1): the answer carries the present state, so that a client can merge. */
function requireMatch(task: FullTask, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === '*') return
  const tags = ifMatch.split(',').map(tag => tag.trim().replace(/^W\//, ''))
  if (tags.includes(etagOf(task.row))) return
  throw new Problem(
    'TEP4006',
    `The task is now at version ${task.row.version}; merge and send If-Match: ${etagOf(task.row)}.`,
    [],
    {
      current: toJson(task),
    },
  )
}

function requireNotDeleted({ row }: FullTask): void {
  if (row.deleted_at) throw new Problem('TEP4007', `Task ${row.id} is deleted; restore it first (POST …/restore).`)
}
