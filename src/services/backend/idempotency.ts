import { createHash } from 'node:crypto'
import { canonicalJson } from '../../contracts/events/index.ts'
import type { Database, Sql } from '../../kit/db.ts'
import type { Logger } from '../../kit/log.ts'
import { invalid, Problem } from '../../kit/problem.ts'
import { type Repeated, repeat } from '../../kit/repeat.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: unknown
}

/**
 * Runs a request once per user and key, in the transaction of its effect: a repetition gets the first answer, and one
 * that arrives while the first still runs waits for it. Keys are kept for a day.
 *
 * @param request what the key stands for; the same key with another request is refused
 * @throws Problem TEP4008
 */
export async function once(
  sql: Sql,
  userId: string,
  key: string | undefined,
  request: unknown,
  work: () => Promise<Answer>,
): Promise<Answer & { replayed: boolean }> {
  if (key === undefined) return { ...(await work()), replayed: false }
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) throw invalid('Idempotency-Key', 'must be 1 to 200 printable characters')
  const fingerprint = createHash('sha256').update(canonicalJson(request)).digest('base64')
  const fresh = await sql.query(
    'INSERT INTO backend.idempotency_keys (user_id, key, fingerprint) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1',
    [userId, key, fingerprint],
  )
  if (!fresh.length) return replay(sql, userId, key, fingerprint)
  const answer = await work()
  await sql.query(
    'UPDATE backend.idempotency_keys SET status = $2, headers = $3, body = $4 WHERE user_id = $1 AND key = $5',
    [userId, answer.status, JSON.stringify(answer.headers), JSON.stringify(answer.body), key],
  )
  return { ...answer, replayed: false }
}

async function replay(
  sql: Sql,
  userId: string,
  key: string,
  fingerprint: string,
): Promise<Answer & { replayed: boolean }> {
  const [stored] = await sql.query<Answer & { fingerprint: string }>(
    'SELECT fingerprint, status, headers, body FROM backend.idempotency_keys WHERE user_id = $1 AND key = $2',
    [userId, key],
  )
  if (stored?.fingerprint !== fingerprint) {
    throw new Problem(
      'TEP4008',
      'This Idempotency-Key was used for a different request; use a new key for a new request.',
    )
  }
  return { status: stored.status, headers: stored.headers, body: stored.body, replayed: true }
}

const FORGET_EVERY_MS = 600_000

/** Forgets keys after a day, also of people who do not come again; never in the way of a request. */
export const startForgetting = (db: Database, log: Logger, everyMs = FORGET_EVERY_MS): Repeated =>
  repeat(everyMs, log, async () => {
    await db.tx({ system: true }, sql =>
      sql.query("DELETE FROM backend.idempotency_keys WHERE created_at < now() - interval '1 day'"),
    )
  })
