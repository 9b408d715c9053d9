import type { Code } from '../../kit/codes.ts'
import type { Database } from '../../kit/db.ts'
import type { Logger } from '../../kit/log.ts'
import { Problem } from '../../kit/problem.ts'
import { repeat } from '../../kit/repeat.ts'
import type { Alarms } from './alarms.ts'

export interface SweeperOptions {
  db: Database
  alarms: Alarms
  log: Logger
  everyMs?: number
}

interface Row {
  id: string
  version: number
  /** As PostgreSQL writes it: a Date would lose its microseconds, and with them the place in the order. */
  at: string
}

const EVERY_MS = 30_000
const BATCH = 200
/** Reminders worked on at once: each is a transaction or a request, and the pool has other guests. */
const PARALLEL = 4
const AWAY: readonly Code[] = ['TEP4202', 'TEP4206']

/**
 * Compares the rows with the alarms, at the start and then regularly: overdue reminders ring, and those whose alarm was
 * never set (a crash after the commit, a sidecar that was away) get it. At the start also the alarms of the coming hour
 * are set again, in case the scheduler lost them. One sweep goes through all of them, however many an outage has left, and
 * a reminder that fails holds up no other.
 */
export function startSweeper({ db, alarms, log, everyMs = EVERY_MS }: SweeperOptions): { stop(): Promise<void> } {
  let first = true
  let stopping = false

  const page = (condition: string, after: Row | undefined): Promise<Row[]> =>
    db.tx({ system: true }, sql =>
      sql.query(
        `SELECT id, version, remind_at::text AS at FROM notification.reminders
         WHERE status = 'scheduled' AND ${condition} AND ($1::timestamptz IS NULL OR (remind_at, id) > ($1::timestamptz, $2::uuid))
         ORDER BY remind_at, id LIMIT ${BATCH}`,
        [after?.at ?? null, after?.id ?? null],
      ),
    )

  /** @returns how many were worked on */
  const each = async (condition: string, work: (row: Row) => Promise<void>): Promise<number> => {
    let done = 0
    for (let rows = await page(condition, undefined); rows.length; rows = await page(condition, rows.at(-1))) {
      const queue = [...rows]
      const worker = async (): Promise<void> => {
        for (let row = queue.shift(); row && !stopping; row = queue.shift()) {
          try {
            await work(row)
            done++
          } catch (error) {
            // Without sidecar or database no other one would get on either: the next sweep does.
            if (error instanceof Problem && AWAY.includes(error.code)) throw error
            log.warn({ reminderId: row.id, err: (error as Error).message }, 'a reminder failed in the sweep')
          }
        }
      }
      await Promise.all(Array.from({ length: PARALLEL }, worker))
      if (rows.length < BATCH || stopping) break
    }
    return done
  }

  const repeated = repeat(everyMs, log, async () => {
    await each('remind_at <= now()', ({ id, version }) => alarms.ring(id, version))
    const soon = first ? "OR remind_at < now() + interval '1 hour'" : ''
    const unset = await each(`remind_at > now() AND (job_version IS DISTINCT FROM version ${soon})`, ({ id }) =>
      alarms.set(id),
    )
    if (unset) log.info({ alarms: unset }, 'alarms were set by the sweep')
    first = false
  })
  return {
    stop: () => {
      stopping = true
      return repeated.stop()
    },
  }
}
