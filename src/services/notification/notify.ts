import { createEvent, type TodoEvent, uuidv7 } from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'
import { append } from '../../kit/outbox.ts'
import { type Kind, type Preferences, preferencesOf, wants } from './preferences.ts'
import { nextAt } from './quiet.ts'

export interface Notice {
  userId: string
  taskId: string
  reminderId?: string
  title: string
  dueAt: Date | null
  kind: Kind
  /** What this is about; a second notice with the same key is none. */
  dedupeKey: string
  appId: string
  cause?: TodoEvent
  mailDir: string | undefined
}

/**
 * Puts a notice into the user's inbox, once, and queues it for every other way its user wants: in the transaction of what
 * it is about.
 * @returns false when this notice exists already
 */
export async function notify(sql: Sql, notice: Notice): Promise<boolean> {
  const { userId, taskId, reminderId, title, dueAt, kind, dedupeKey, appId, cause } = notice
  const id = uuidv7()
  const body = dueAt ? `Due ${dueAt.toISOString()}` : ''
  const preferences = await preferencesOf(sql, userId)
  const inApp = wants(preferences, kind, 'in_app')
  const rows = await sql.query(
    `INSERT INTO notification.notifications (id, user_id, dedupe_key, kind, title, body, task_id, reminder_id, in_app)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (dedupe_key) DO NOTHING RETURNING 1`,
    [id, userId, dedupeKey, kind, title, body, taskId, reminderId ?? null, inApp],
  )
  if (!rows.length) return false
  await queue(sql, id, notice, preferences)
  if (!inApp) return true
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

/** One delivery for the mail, and one for each browser and webhook. */
async function queue(sql: Sql, id: string, notice: Notice, preferences: Preferences | undefined): Promise<void> {
  const { userId, kind } = notice
  const recipient = recipientOf(notice, preferences)
  if (recipient && wants(preferences, kind, 'email')) {
    const digestAt = preferences?.digest_at
    const at = digestAt ? nextAt(new Date(), digestAt, preferences.timezone) : new Date()
    await sql.query(
      `INSERT INTO notification.deliveries (id, notification_id, user_id, channel, recipient, digest, next_attempt_at)
       VALUES ($1, $2, $3, 'email', $4, $5, $6)`,
      [uuidv7(), id, userId, recipient, Boolean(digestAt), at],
    )
  }
  const wanted = (['web_push', 'webhook'] as const).filter(channel => wants(preferences, kind, channel))
  await sql.query(
    `INSERT INTO notification.deliveries (id, notification_id, user_id, channel, target_id)
     SELECT gen_random_uuid(), $1, user_id, channel, id FROM notification.targets WHERE user_id = $2 AND channel = ANY($3)`,
    [id, userId, wanted],
  )
}

/** In development everybody gets mail, into a folder; elsewhere those who asked for it. */
function recipientOf({ userId, mailDir }: Notice, preferences: Preferences | undefined): string | undefined {
  if (preferences) {
    const { email, email_notifications: wanted, unsubscribed_at: unsubscribed } = preferences
    return wanted && email && !unsubscribed ? email : undefined
  }
  return mailDir ? `${userId.replace(/[^\w.-]/g, '_').slice(0, 60)}@localhost` : undefined
}
