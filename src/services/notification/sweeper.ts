import type { Database } from '../../kit/db.ts'
import type { Logger } from '../../kit/log.ts'
import { repeat } from '../../kit/repeat.ts'
import type { Alarms } from './alarms.ts'

export interface SweeperOptions {
  db: Database
  alarms: Alarms
  log: Logger
  everyMs?: number
}

const EVERY_MS = 30_000
const BATCH = 200

/**
 * Compares the rows with the alarms, at the start and then regularly: overdue reminders ring, and those whose alarm was
 * never set (a crash after the commit, a sidecar that was away) get it. At the start also the alarms of the coming hour
 * are set again, in case the scheduler lost them.
 */
export function startSweeper({ db, alarms, log, everyMs = EVERY_MS }: SweeperOptions): { stop(): Promise<void> } {
  let first = true
  return repeat(everyMs, log, async () => {
    const find = (condition: string): Promise<{ id: string; version: number }[]> =>
      db.tx({ system: true }, sql =>
        sql.query(
          `SELECT id, version FROM notification.reminders WHERE status = 'scheduled' AND ${condition} ORDER BY remind_at LIMIT ${BATCH}`,
        ),
      )
    for (const { id, version } of await find('remind_at <= now()')) await alarms.ring(id, version)
    const soon = first ? "OR remind_at < now() + interval '1 hour'" : ''
    const unset = await find(`remind_at > now() AND (job_version IS DISTINCT FROM version ${soon})`)
    for (const { id } of unset) await alarms.set(id)
    if (unset.length) log.info({ alarms: unset.length }, 'alarms were set by the sweep')
    first = false
  })
}
