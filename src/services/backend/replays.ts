import { createEvent, type TodoEvent, uuidv7 } from '../../contracts/events/index.ts'
import { deadLetterTopic } from '../../contracts/topology.ts'
import type { Database, Sql } from '../../kit/db.ts'
import type { Logger } from '../../kit/log.ts'
import { append, appendAgain } from '../../kit/outbox.ts'
import { type Repeated, repeat } from '../../kit/repeat.ts'
import { assess, type Letter, type LetterFilter, pages, type Verdict } from './letters.ts'

/** A replay of many letters: fixed when it is made, worked off by whichever process is alive. */
export interface Replay {
  id: string
  created_by: string
  created_at: Date
  filter: LetterFilter
  /** Letters a second. */
  rate: number
  status: 'running' | 'done' | 'stopped'
  total: number
  finished_at: Date | null
}

export interface Plan {
  /** Letters the filter finds. */
  matched: number
  verdicts: Record<Verdict, number>
  /** Ids to replay, in the order they were parked. */
  ids: number[]
}

/** What a replay would do; nothing is changed. */
export async function planReplay(
  sql: Sql,
  filter: LetterFilter,
  { max, includeInvalid }: { max: number; includeInvalid: boolean },
): Promise<Plan> {
  const plan: Plan = { matched: 0, verdicts: { replayable: 0, guarded: 0, invalid: 0, unreadable: 0 }, ids: [] }
  for await (const page of pages(sql, filter)) {
    for (const letter of page) {
      const { verdict } = assess(letter)
      plan.matched++
      plan.verdicts[verdict]++
      const wanted = verdict === 'replayable' || (includeInvalid && verdict === 'invalid')
      if (wanted && plan.ids.length < max) plan.ids.push(letter.id)
    }
  }
  return plan
}

/** Fixes which letters are replayed, so that one that fails again and comes back is not taken twice. */
export async function createReplay(
  sql: Sql,
  { by, filter, rate, ids }: { by: string; filter: LetterFilter; rate: number; ids: readonly number[] },
): Promise<string> {
  const id = uuidv7()
  await sql.query('INSERT INTO messaging.replays (id, created_by, filter, rate, total) VALUES ($1, $2, $3, $4, $5)', [
    id,
    by,
    JSON.stringify(filter),
    rate,
    ids.length,
  ])
  await sql.query('INSERT INTO messaging.replay_items (replay_id, letter_id) SELECT $1, unnest($2::bigint[])', [
    id,
    ids,
  ])
  return id
}

/**
 * Puts one letter back on its topic, through the outbox: it is marked and will be published, or neither. Its id stays, so
 * consumers that had the event drop it, and the one that failed takes it.
 */
export async function replayLetter(
  sql: Sql,
  letter: Letter,
  event: Record<string, unknown>,
  { by, appId, replayId }: { by: string; appId: string; replayId?: string },
): Promise<void> {
  const replays = letter.replays + 1
  await appendAgain(sql, letter.topic, { partitionkey: letter.user_id ?? '', ...event, replaycount: replays })
  await sql.query(
    'UPDATE messaging.inbox_failures SET replays = $2, replayed_at = now(), dead_lettered_at = NULL WHERE id = $1',
    [letter.id, replays],
  )
  const data = {
    event_id: letter.event_id ?? String(letter.id),
    user_id: by,
    topic: deadLetterTopic(letter.topic, letter.consumer),
    consumer: letter.consumer,
    replays,
    ...(replayId ? { replay_id: replayId } : {}),
  }
  const told: TodoEvent = createEvent({ type: 'dlq.replayed', appId, subject: `dead-letter/${letter.id}`, data })
  await append(sql, [told])
}

const EVERY_MS = 200
const BATCH = 200

/** Works off running replays at their rates, a batch a transaction: killed at any point, the next process goes on. */
export function startReplayer(options: { db: Database; log: Logger; appId: string; wake: () => void }): Repeated {
  const { db, log, appId, wake } = options
  return repeat(EVERY_MS, log, async () => {
    while (await db.tx({}, sql => workOff(sql, appId))) wake()
  })
}

/** @returns whether there was anything to do */
async function workOff(sql: Sql, appId: string): Promise<boolean> {
  // The lock, and the time of the next batch, keep several processes together at the one rate.
  const [replay] = await sql.query<Replay>(
    `SELECT * FROM messaging.replays WHERE status = 'running' AND next_at <= clock_timestamp()
     ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
  )
  if (!replay) return false
  const size = Math.max(1, Math.min(BATCH, Math.floor(replay.rate * (EVERY_MS / 1000))))
  const items = await sql.query<{ letter_id: number }>(
    'SELECT letter_id FROM messaging.replay_items WHERE replay_id = $1 AND outcome IS NULL ORDER BY letter_id LIMIT $2',
    [replay.id, size],
  )
  if (!items.length) {
    await sql.query("UPDATE messaging.replays SET status = 'done', finished_at = now() WHERE id = $1", [replay.id])
    return true
  }
  const letters = await sql.query<Letter>(
    'SELECT * FROM messaging.inbox_failures WHERE id = ANY($1) AND dead_lettered_at IS NOT NULL ORDER BY id FOR UPDATE',
    [items.map(item => item.letter_id)],
  )
  const replayed: number[] = []
  for (const letter of letters) {
    const { event } = assess(letter)
    if (!event) continue
    await replayLetter(sql, letter, event, { by: replay.created_by, appId, replayId: replay.id })
    replayed.push(letter.id)
  }
  await sql.query(
    `UPDATE messaging.replay_items SET outcome = CASE WHEN letter_id = ANY($3) THEN 'replayed' ELSE 'gone' END
     WHERE replay_id = $1 AND letter_id = ANY($2)`,
    [replay.id, items.map(item => item.letter_id), replayed],
  )
  await sql.query(
    "UPDATE messaging.replays SET next_at = clock_timestamp() + $2 * interval '1 millisecond' WHERE id = $1",
    [replay.id, (items.length / replay.rate) * 1000],
  )
  return true
}
