import type { Sql } from '../../kit/db.ts'
import { append } from '../../kit/outbox.ts'
import { invalid, Problem } from '../../kit/problem.ts'
import type { Actor } from './actor.ts'
import { readInstant } from './input.ts'
import { type ReminderRow, ringTime } from './model.ts'
import { reminderEvent } from './reminders.ts'
import { findTask, insertReminders } from './store.ts'

/** Minutes of a year: nothing is reminded of later. */
export const LONGEST_MINUTES = 366 * 24 * 60

export interface Coming {
  limit: number
  task_id?: string
}

export const inMinutes = (minutes: number): Date => new Date(Date.now() + minutes * 60_000)

/** A time to come, within a year. @throws Problem TEP4001 */
export function readUntil(until: string, zone: string): Date {
  const { at } = readInstant(until, zone, 'until')
  if (at.getTime() <= Date.now()) throw invalid('until', `${until} is over; give a time to come`)
  if (at > inMinutes(LONGEST_MINUTES)) throw invalid('until', 'is more than a year ahead')
  return at
}

export const reminderJson = (reminder: ReminderRow) => ({
  id: reminder.id,
  task_id: reminder.task_id,
  remind_at: ringTime(reminder).toISOString(),
  before: reminder.before,
  snoozed_until: reminder.snoozed_until?.toISOString() ?? null,
})

/**
 * Lets a reminder ring at another time, whether it rang before or not. Its place before the due time stays, so that the
 * next occurrence of a repeating task is reminded of as ever.
 * @throws Problem TEP4005, TEP4007 when its task is done or deleted, or the reminder was replaced
 */
export async function ringAgain(
  actor: Actor,
  id: string,
  at: Date,
  type: 'reminder.snoozed' | 'reminder.rescheduled',
): Promise<ReminderRow> {
  const { sql, appId, cause } = actor
  const [known] = await sql.query<{ task_id: string }>('SELECT task_id FROM backend.reminders WHERE id = $1', [id])
  if (!known) throw new Problem('TEP4005', `There is no reminder ${id}.`)
  // The task is the lock: its reminders change with it.
  const { row, reminders } = await findTask(sql, known.task_id, true)
  const reminder = reminders.find(one => one.id === id)
  if (reminder?.status !== 'scheduled')
    throw new Problem('TEP4007', 'This reminder is cancelled: its task is done or deleted, or has other reminders now.')
  const next: ReminderRow = { ...reminder, snoozed_until: at, version: reminder.version + 1 }
  await insertReminders(sql, [next])
  await append(sql, [reminderEvent(type, appId, row, next, cause)])
  return next
}

/** What will ring, the next first. */
export const comingReminders = (sql: Sql, { limit, task_id: taskId }: Coming): Promise<object[]> =>
  sql.query(
    `SELECT r.id, r.task_id, t.title, t.due_at, coalesce(r.snoozed_until, r.remind_at) AS remind_at, r.before, r.snoozed_until
     FROM backend.reminders r JOIN backend.tasks t ON t.id = r.task_id
     WHERE r.status = 'scheduled' AND coalesce(r.snoozed_until, r.remind_at) > now() AND ($2::uuid IS NULL OR r.task_id = $2)
     ORDER BY 5, r.id LIMIT $1`,
    [limit, taskId ?? null],
  )
