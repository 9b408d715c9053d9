import { type EventData, isOfType } from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'
import type { Handler } from '../../kit/subscriber.ts'
import type { Alarms } from './alarms.ts'
import { notify } from './notify.ts'

type Announced = EventData['reminder.rescheduled']

/**
 * Takes over a reminder as announced. A version not newer than the one held changes nothing, so a late "scheduled" cannot
 * revive what was cancelled; a cancelled reminder nobody heard of is kept for that very reason.
 * @returns whether anything changed
 */
export async function upsert(sql: Sql, data: Announced, status: 'scheduled' | 'cancelled'): Promise<boolean> {
  const rows = await sql.query(
    `INSERT INTO notification.reminders AS r (id, user_id, task_id, version, title, due_at, remind_at, status)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, title = excluded.title, due_at = excluded.due_at,
       remind_at = excluded.remind_at, status = excluded.status, updated_at = now()
     WHERE excluded.version > r.version RETURNING 1`,
    [
      data.reminder_id,
      data.user_id,
      data.task_id,
      data.version ?? 1,
      data.title ?? '',
      data.due_at ?? null,
      data.remind_at,
      status,
    ],
  )
  return rows.length > 0
}

/** A reminder is set, moved or snoozed: the row is the truth, the alarm follows it after the commit. */
export const onScheduled =
  (alarms: Alarms): Handler =>
  async (event, { sql, afterCommit }) => {
    if (!isOfType(event, 'reminder.scheduled', 'reminder.rescheduled', 'reminder.snoozed')) return
    const data = event.data as Announced
    // A task of the seeds has one reminder; another time replaces it.
    if (data.version === undefined) await cancelTask(sql, data.task_id, afterCommit, alarms, data.reminder_id)
    if (await upsert(sql, data, 'scheduled')) afterCommit(() => alarms.set(data.reminder_id))
  }

export const onCancelled =
  (alarms: Alarms): Handler =>
  async (event, { sql, afterCommit }) => {
    if (!isOfType(event, 'reminder.cancelled')) return
    const { reminder_id: id, remind_at: at, task_id: taskId, version } = event.data
    if (id && at && version !== undefined) {
      if (await upsert(sql, event.data as Announced, 'cancelled')) afterCommit(() => alarms.clear(id))
      return
    }
    // The seeds cancel the reminder of a task, without a version to tell what came first.
    await cancelTask(sql, taskId, afterCommit, alarms)
  }

/** Tasks of the seeds end without cancelling their reminders; ours announce each cancellation, in order, themselves. */
export const onTaskEnded =
  (alarms: Alarms): Handler =>
  async (event, { sql, afterCommit }) => {
    if (!isOfType(event, 'task.completed', 'task.deleted') || event.data.version !== undefined) return
    await cancelTask(sql, event.data.task_id, afterCommit, alarms)
  }

/** Cancels the reminders of a task, except one. */
async function cancelTask(
  sql: Sql,
  taskId: string,
  afterCommit: (work: () => Promise<void>) => void,
  alarms: Alarms,
  except: string | null = null,
): Promise<void> {
  const rows = await sql.query<{ id: string }>(
    `UPDATE notification.reminders SET status = 'cancelled', updated_at = now()
     WHERE task_id = $1 AND status = 'scheduled' AND ($2::uuid IS NULL OR id <> $2) RETURNING id`,
    [taskId, except],
  )
  for (const { id } of rows) afterCommit(() => alarms.clear(id))
}

/** Seeds announce that a reminder is due; what we trigger ourselves has been delivered already. */
export const onTriggeredElsewhere =
  ({ appId, mailDir, wake }: { appId: string; mailDir: string | undefined; wake: () => void }): Handler =>
  async (event, { sql, afterCommit }) => {
    if (!isOfType(event, 'reminder.triggered') || event.source === `/tasks/${appId}`) return
    const { user_id: userId, task_id: taskId, title = '', due_at: dueAt } = event.data
    const about = { userId, taskId, title, dueAt: dueAt ? new Date(dueAt) : null }
    await notify(sql, { ...about, kind: 'reminder', dedupeKey: `event:${event.id}`, appId, cause: event, mailDir })
    afterCommit(wake)
  }

/** The transaction sees the rows of the event's user only. */
export const onErased =
  (alarms: Alarms): Handler =>
  async (_, { sql, afterCommit }) => {
    const reminders = await sql.query<{ id: string }>('DELETE FROM notification.reminders RETURNING id')
    for (const table of ['notifications', 'targets', 'preferences'])
      await sql.query(`DELETE FROM notification.${table}`)
    for (const { id } of reminders) afterCommit(() => alarms.clear(id))
  }
