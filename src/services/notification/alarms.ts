import { setTimeout as sleep } from 'node:timers/promises'
import { Histogram, type Registry } from 'prom-client'
import { createEvent, type TodoEvent } from '../../contracts/events/index.ts'
import type { Dapr } from '../../kit/dapr.ts'
import type { Database, Sql } from '../../kit/db.ts'
import type { Logger } from '../../kit/log.ts'
import { append } from '../../kit/outbox.ts'
import type { ReminderRow } from './model.ts'
import { notify } from './notify.ts'

export interface Alarms {
  /** Sets the Dapr job of a reminder to what its row says. */
  set(reminderId: string): Promise<void>
  clear(reminderId: string): Promise<void>
  /** The alarm rang, or the sweeper found it overdue; a stale, early or repeated ring has no effect. */
  ring(reminderId: string, version?: number): Promise<void>
}

export interface AlarmOptions {
  db: Database
  dapr: Dapr
  log: Logger
  appId: string
  mailDir: string | undefined
  metrics: Registry
  /** Something was put into the queue of what goes out. */
  wake: () => void
}

/** Older reminders are not delivered any more, only reported as missed. */
const TOO_LATE_MS = 24 * 60 * 60 * 1000
/** A scheduler may round the due time down by this much. */
const EARLY_MS = 2_000

const jobName = (reminderId: string): string => `r-${reminderId}`

/** Dapr jobs are the clock, the rows decide: losing or repeating a job loses or repeats no reminder. */
export function createAlarms({ db, dapr, log, appId, mailDir, metrics, wake }: AlarmOptions): Alarms {
  const lateness = new Histogram({
    name: 'reminder_lateness_seconds',
    help: 'How late after its time a reminder rang, those too late to be delivered included.',
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 3_600, 86_400],
    registers: [metrics],
  })

  const schedule = ({ id, version, remind_at: at }: ReminderRow): Promise<void> =>
    dapr.scheduleJob(jobName(id), { dueTime: at, data: { reminder_id: id, version } })

  const alarms: Alarms = {
    async set(reminderId) {
      const row = await db.tx({ system: true }, sql => find(sql, reminderId))
      if (row?.status !== 'scheduled') return
      await schedule(row)
      await db.tx({ system: true }, sql =>
        sql.query('UPDATE notification.reminders SET job_version = $2 WHERE id = $1 AND version = $2', [
          reminderId,
          row.version,
        ]),
      )
    },

    clear: reminderId => dapr.deleteJob(jobName(reminderId)),

    async ring(reminderId, version) {
      const row = await db.tx({ system: true }, sql => find(sql, reminderId))
      if (row?.status !== 'scheduled' || (version !== undefined && version !== row.version)) {
        return log.debug({ reminderId, version, status: row?.status }, 'a stale alarm is ignored')
      }
      const early = row.remind_at.getTime() - Date.now()
      if (early > EARLY_MS) return schedule(row)
      if (early > 0) await sleep(early)
      const late = await db.tx({ system: true }, async sql => {
        const current = await find(sql, reminderId, true)
        if (current?.status === 'scheduled' && current.version === row.version) return deliver(sql, current)
        return undefined
      })
      if (late !== undefined) lateness.observe(late / 1_000)
      wake()
    },
  }

  /** @returns milliseconds from its time until now */
  async function deliver(sql: Sql, row: ReminderRow): Promise<number> {
    const late = Date.now() - row.remind_at.getTime()
    const missed = late > TOO_LATE_MS
    await sql.query('UPDATE notification.reminders SET status = $2, updated_at = now() WHERE id = $1', [
      row.id,
      missed ? 'missed' : 'triggered',
    ])
    const event = missed ? missedEvent(row, appId) : triggeredEvent(row, appId)
    await append(sql, [event])
    await notify(sql, {
      userId: row.user_id,
      taskId: row.task_id,
      reminderId: row.id,
      title: row.title,
      dueAt: row.due_at,
      kind: missed ? 'reminder_missed' : 'reminder',
      dedupeKey: `reminder:${row.id}:${row.version}`,
      appId,
      cause: event,
      mailDir,
    })
    log.info({ reminderId: row.id, lateMs: late, missed }, 'reminder delivered')
    return late
  }

  return alarms
}

const about = (row: ReminderRow) => ({
  reminder_id: row.id,
  task_id: row.task_id,
  user_id: row.user_id,
  version: row.version,
  title: row.title,
  due_at: row.due_at?.toISOString() ?? null,
  remind_at: row.remind_at.toISOString(),
})

const triggeredEvent = (row: ReminderRow, appId: string): TodoEvent =>
  createEvent({
    type: 'reminder.triggered',
    appId,
    subject: `reminder/${row.id}`,
    data: { ...about(row), triggered_at: new Date().toISOString() },
  })

const missedEvent = (row: ReminderRow, appId: string): TodoEvent =>
  createEvent({
    type: 'reminder.missed',
    appId,
    subject: `reminder/${row.id}`,
    data: { ...about(row), missed_at: new Date().toISOString() },
  })

async function find(sql: Sql, id: string, lock = false): Promise<ReminderRow | undefined> {
  const rows = await sql.query<ReminderRow>(
    `SELECT * FROM notification.reminders WHERE id = $1${lock ? ' FOR UPDATE' : ''}`,
    [id],
  )
  return rows[0]
}
