import { createEvent, type TodoEvent, uuidv7 } from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'
import { append } from '../../kit/outbox.ts'

export interface Notice {
  userId: string
  taskId: string
  reminderId?: string
  title: string
  dueAt: Date | null
  kind: 'reminder' | 'reminder_missed'
  /** What this is about; a second notice with the same key is none. */
  dedupeKey: string
  appId: string
  cause?: TodoEvent
  mailDir: string | undefined
}

/**
 * Puts a notice into the user's inbox, once; queues a mail if the user wants mails; announces it.
 * @returns false when this notice exists already
 */
export async function notify(sql: Sql, notice: Notice): Promise<boolean> {
  const { userId, taskId, reminderId, title, dueAt, kind, dedupeKey, appId, cause } = notice
  const id = uuidv7()
  const body = dueAt ? `Due ${dueAt.toISOString()}` : ''
  const rows = await sql.query(
    `INSERT INTO notification.notifications (id, user_id, dedupe_key, kind, title, body, task_id, reminder_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (dedupe_key) DO NOTHING RETURNING 1`,
    [id, userId, dedupeKey, kind, title, body, taskId, reminderId ?? null],
  )
  if (!rows.length) return false
  const recipient = await recipientOf(sql, notice)
  if (recipient) {
    await sql.query('INSERT INTO notification.mails (notification_id, user_id, recipient) VALUES ($1, $2, $3)', [
      id,
      userId,
      recipient,
    ])
  }
  const about = {
    notification_id: id,
    user_id: userId,
    task_id: taskId,
    ...(reminderId ? { reminder_id: reminderId } : {}),
  }
  const data = { ...about, kind, channel: 'in_app' as const, title, sent_at: new Date().toISOString() }
  await append(sql, [createEvent({ type: 'notification.sent', appId, subject: `notification/${id}`, data, cause })])
  return true
}

/** In development everybody gets mail, into a folder; elsewhere those who asked for it. */
async function recipientOf(sql: Sql, { userId, mailDir }: Notice): Promise<string | undefined> {
  const [preferences] = await sql.query<{ email: string | null; email_notifications: boolean }>(
    'SELECT email, email_notifications FROM notification.preferences WHERE user_id = $1',
    [userId],
  )
  if (preferences) return preferences.email_notifications && preferences.email ? preferences.email : undefined
  return mailDir ? `${userId.replace(/[^\w.-]/g, '_').slice(0, 60)}@localhost` : undefined
}
