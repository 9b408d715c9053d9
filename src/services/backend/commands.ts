import { isDeepStrictEqual } from 'node:util'
import { type Change, createEvent, type EventType, type TodoEvent, uuidv7 } from '../../contracts/events/index.ts'
import { firstOccurrence } from '../../kit/occurrence.ts'
import { append } from '../../kit/outbox.ts'
import { invalid, Problem } from '../../kit/problem.ts'
import type { Actor } from './actor.ts'
import { completeSeries, type Due, type TaskInput } from './input.ts'
import {
  etagOf,
  type FullTask,
  type ReminderRow,
  type SeriesRow,
  snapshot,
  type TaskRow,
  type Template,
  toJson,
} from './model.ts'
import { followTask, movedWith, newReminders, reminderEvents } from './reminders.ts'
import { splitAt } from './split.ts'
import { findTask, insertReminders, insertSeries, insertTask, updateSeries, updateTask } from './store.ts'

type TaskEventType = Extract<EventType, `task.${string}`>

/**
 * @param zone time zone for a due time that names none; becomes the task's `due_tz`
 * @throws Problem TEP4007 when the id it asks for is taken
 */
export async function createTask(actor: Actor, input: TaskInput & { title: string }, zone: string): Promise<FullTask> {
  const { sql, userId } = actor
  const tz = input.due_tz ?? zone
  const wanted = input.series ? completeSeries(input.series, input.due ?? null, tz) : undefined
  const series: SeriesRow | undefined = wanted && {
    id: uuidv7(),
    user_id: userId,
    ...wanted,
    exdates: [...wanted.exdates],
    ...FRESH,
  }
  const first = wanted && firstOccurrence(wanted)
  const due: Due | null = input.due ?? (first ? { at: new Date(first.at), allDay: false } : null)
  if (input.parent_task_id) await findTask(sql, input.parent_task_id)
  if (series) await insertSeries(sql, series)
  const id = input.id ?? uuidv7()
  const row = await insertTask(sql, {
    id,
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
    series_index: first?.index ?? null,
  })
  if (!row) throw new Problem('TEP4007', `There is a task ${id} already; take a new UUID, or none.`)
  return announceNew(actor, row, series, followTask(row, newReminders(row, input.reminders ?? []), new Date()))
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

/** Whether a change of a repeating task is for this occurrence alone, or for it and all that follow. */
export type Scope = 'this' | 'following'

export interface ChangeOptions {
  /** ETag the client saw; absent: whatever is there. */
  ifMatch?: string | undefined
  /** Absent: words, priority and tags pass on to the occurrences that follow, another due time does not. */
  scope?: Scope | undefined
}

export async function changeTask(
  actor: Actor,
  id: string,
  input: TaskInput,
  zone: string,
  { ifMatch, scope }: ChangeOptions = {},
): Promise<FullTask> {
  const before = await findTask(actor.sql, id, true)
  requireMatch(before, ifMatch)
  requireNotDeleted(before)
  const { row } = before
  const tz = input.due_tz ?? row.due_tz ?? zone
  const due =
    input.due === undefined ? (row.due_at ? { at: row.due_at, allDay: input.all_day ?? row.all_day } : null) : input.due
  const { series, index } = await changedSeries(actor, before, input, due, tz, scope)
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
  if (series) await keepTemplate(actor, series, row, wanted, scope)
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
  moved: readonly ReminderRow[] = before.reminders,
): Promise<FullTask> {
  const row = await updateTask(actor.sql, wanted, before.row)
  const replaced = input.reminders ? before.reminders.map(cancelled) : before.reminders
  const added = input.reminders ? newReminders(row, input.reminders) : []
  const kept = input.reminders ? replaced : followTask(row, moved, new Date())
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
  scope: Scope | undefined,
): Promise<{ series: SeriesRow | undefined; index: number | null }> {
  if (input.series !== undefined && scope === 'this')
    throw invalid('scope', 'another recurrence is for all occurrences that follow; leave scope out')
  if (input.series === undefined) {
    const moved = series && due && scope === 'following' && due.at.getTime() !== row.due_at?.getTime()
    if (moved) return { series: await splitAt(actor, row, series, due.at), index: 0 }
    return { series, index: row.series_index }
  }
  if (input.series === null) return { series: undefined, index: null }
  const wanted = completeSeries(input.series, due, tz)
  const same = series && (['rrule', 'tzid', 'mode', 'missed'] as const).every(name => series[name] === wanted[name])
  const sameStart = input.series.dtstart === undefined || series?.dtstart === wanted.dtstart
  if (same && sameStart && isDeepStrictEqual(series.exdates, wanted.exdates)) return { series, index: row.series_index }
  const next = { id: uuidv7(), user_id: row.user_id, ...wanted, exdates: [...wanted.exdates], ...FRESH }
  await insertSeries(actor.sql, next)
  return { series: next, index: 0 }
}

/**
 * An occurrence passes its looks on to the next one; where a change is for it alone, the series remembers how it looked
 * before, and a later change for all that follow ends that.
 */
async function keepTemplate(
  { sql }: Actor,
  series: SeriesRow,
  before: TaskRow,
  after: TaskRow,
  scope: Scope | undefined,
): Promise<void> {
  const [old, now] = [looksOf(before), looksOf(after)]
  if (isDeepStrictEqual(old, now)) return
  if (scope === 'this' && !series.template) await updateSeries(sql, { ...series, template: old })
  if (scope === 'following' && series.template) await updateSeries(sql, { ...series, template: null })
}

const looksOf = ({ title, description, priority, tags }: TaskRow): Template => ({ title, description, priority, tags })

/** Moves an occurrence to another one of its series, its reminders with it. */
export async function changeDue(
  actor: Actor,
  before: FullTask,
  to: { due: Date; index: number; series: SeriesRow },
  ifMatch: string | undefined,
): Promise<FullTask> {
  requireMatch(before, ifMatch)
  const wanted: TaskRow = { ...before.row, due_at: to.due, series_index: to.index }
  const moved = before.reminders.map(reminder => {
    const at = movedWith(reminder, before.row.due_at, to.due)
    return {
      ...reminder,
      remind_at: at,
      snoozed_until: null,
      status: 'scheduled' as const,
      version: reminder.version + 1,
    }
  })
  return write(actor, before, wanted, to.series, 'task.updated', {}, moved)
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

const FRESH = { paused_at: null, waiting: null, template: null } as const

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
