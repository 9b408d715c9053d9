import { createEvent } from '../../contracts/events/index.ts'
import { append } from '../../kit/outbox.ts'
import type { Actor } from './actor.ts'
import { checkZone } from './input.ts'

export interface Preferences {
  timezone: string
  email: string | null
  email_notifications: boolean
  notifications: Record<string, Record<string, boolean>>
  quiet_hours: { start: string; end: string } | null
  digest_at: string | null
}

const defaults: Preferences = {
  timezone: 'UTC',
  email: null,
  email_notifications: false,
  notifications: {},
  quiet_hours: null,
  digest_at: null,
}

export async function readPreferences({ sql }: Pick<Actor, 'sql'>): Promise<Preferences> {
  const [row] = await sql.query<Preferences>(
    'SELECT timezone, email, email_notifications, notifications, quiet_hours, digest_at FROM backend.preferences',
  )
  return row ?? defaults
}

/** Merges into what is stored and tells the services that keep a copy. */
export async function changePreferences(actor: Actor, patch: Partial<Preferences>): Promise<Preferences> {
  if (patch.timezone) checkZone(patch.timezone, 'timezone')
  const { sql, userId, appId, cause } = actor
  await sql.query('INSERT INTO backend.preferences (user_id) VALUES ($1) ON CONFLICT DO NOTHING', [userId])
  await sql.query('SELECT 1 FROM backend.preferences FOR UPDATE')
  const next = { ...(await readPreferences(actor)), ...patch }
  await sql.query(
    `UPDATE backend.preferences SET version = version + 1, timezone = $1, email = $2, email_notifications = $3,
       notifications = $4, quiet_hours = $5, digest_at = $6, updated_at = now()`,
    [
      next.timezone,
      next.email,
      next.email_notifications,
      JSON.stringify(next.notifications),
      next.quiet_hours && JSON.stringify(next.quiet_hours),
      next.digest_at,
    ],
  )
  const changes = Object.fromEntries(Object.entries(next).map(([name, to]) => [name, { to }]))
  const data = { user_id: userId, changes }
  await append(sql, [createEvent({ type: 'user.preferences_changed', appId, subject: `user/${userId}`, data, cause })])
  return next
}
