import type { Sql } from './db.ts'

/**
 * Claims events for a consumer, in the transaction of their effects.
 * @returns the ids of those that this consumer had not yet; a concurrent delivery waits here for the other's outcome
 */
export async function claim(sql: Sql, consumer: string, ids: readonly string[]): Promise<Set<string>> {
  const rows = await sql.query<{ event_id: string }>(
    `INSERT INTO messaging.inbox (consumer, event_id) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING RETURNING event_id`,
    // In one order, so that two deliveries of the same events do not wait for each other.
    [consumer, ids.toSorted()],
  )
  return new Set(rows.map(row => row.event_id))
}

export interface Failure {
  consumer: string
  /** Identifies what failed even when it has no id, and still when it comes back from the dead-letter topic. */
  fingerprint: string
  topic: string
  eventId: string | null
  /** Whose event it is, where that can be told. */
  userId: string | null
  type: string
  code: string
  reason: string
  body: string
}

/** Stores why an event failed: what a dead-letter topic holds is the bare event, without a reason. */
export async function recordFailure(sql: Sql, failure: Failure): Promise<void> {
  await sql.query(
    `INSERT INTO messaging.inbox_failures AS f (consumer, fingerprint, topic, type, code, reason, body, event_id, user_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (consumer, fingerprint) DO UPDATE
     SET attempts = f.attempts + 1, last_failed_at = now(), code = excluded.code, reason = excluded.reason`,
    columns(failure),
  )
}

/**
 * Marks an event as parked on its dead-letter topic, keeping the reason recorded before.
 * @returns the reason; undefined when it was parked already
 */
export async function recordDeadLetter(sql: Sql, letter: Failure): Promise<string | undefined> {
  const [row] = await sql.query<{ reason: string }>(
    `INSERT INTO messaging.inbox_failures AS f (consumer, fingerprint, topic, type, code, reason, body, event_id, user_id, dead_lettered_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())
     ON CONFLICT (consumer, fingerprint) DO UPDATE SET dead_lettered_at = now() WHERE f.dead_lettered_at IS NULL
     RETURNING reason`,
    columns(letter),
  )
  return row?.reason
}

// PostgreSQL text holds no NUL, but a malformed body may.
const columns = (f: Failure): unknown[] =>
  [f.consumer, f.fingerprint, f.topic, f.type, f.code, f.reason.slice(0, 2000), f.body, f.eventId, f.userId].map(
    value => (typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value),
  )
