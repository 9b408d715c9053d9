import { isOfType } from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'
import type { Handler } from '../../kit/subscriber.ts'
import type { QuietHours } from './quiet.ts'

export type Kind = 'reminder' | 'reminder_missed'
export type Channel = 'in_app' | 'email' | 'web_push' | 'webhook'

/** This service's copy of what a user chose, and what only it knows. */
export interface Preferences {
  email: string | null
  email_notifications: boolean
  timezone: string
  notifications: Partial<Record<Kind, Partial<Record<Channel, boolean>>>>
  quiet_hours: QuietHours | null
  /** HH:MM, when mails are collected into one a day. */
  digest_at: string | null
  unsubscribe_token: string
  /** When the link in a mail was used; asking for mails again clears it. */
  unsubscribed_at: Date | null
}

export async function preferencesOf(sql: Sql, userId: string): Promise<Preferences | undefined> {
  const [row] = await sql.query<Preferences>('SELECT * FROM notification.preferences WHERE user_id = $1', [userId])
  return row
}

/** What nobody chose is wanted. */
export const wants = (preferences: Preferences | undefined, kind: Kind, channel: Channel): boolean =>
  preferences?.notifications[kind]?.[channel] ?? true

const COLUMNS = ['email', 'email_notifications', 'timezone', 'notifications', 'quiet_hours', 'digest_at'] as const

/** Follows the preferences the backend keeps, column by column. */
export const onPreferences: Handler = async (event, { sql }) => {
  if (!isOfType(event, 'user.preferences_changed')) return
  const { user_id: userId, changes = {} } = event.data
  const given = COLUMNS.filter(name => changes[name] && 'to' in changes[name])
  await sql.query('INSERT INTO notification.preferences (user_id) VALUES ($1) ON CONFLICT DO NOTHING', [userId])
  for (const name of given) {
    const to = changes[name]!.to ?? null
    const value = to !== null && typeof to === 'object' ? JSON.stringify(to) : to
    await sql.query(`UPDATE notification.preferences SET ${name} = $2 WHERE user_id = $1`, [userId, value])
  }
  if (changes['email_notifications']?.to === true)
    await sql.query('UPDATE notification.preferences SET unsubscribed_at = NULL WHERE user_id = $1', [userId])
}
