import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { BulkEntry, Dapr } from './dapr.ts'
import { createDepths } from './depths.ts'
import type { Logger } from './log.ts'
import { chunk, laneOf, type OutboxRow, waves } from './relay-plan.ts'

export interface RelayOptions {
  databaseUrl: string
  /** Service whose role publishes. */
  service: string
  dapr: Pick<Dapr, 'publishBulk'>
  log: Logger
  metrics: Registry
  /** Milliseconds between looks for rows nobody announced (those of other services). */
  sweepMs?: number
  /** This process has begun to publish. */
  onLeading?(): void
}

export interface Relay {
  /** Says that rows were just committed; cheap, callable at any time. */
  wake(): void
  isLeader(): boolean
  /** Why nobody may be publishing: the database could not be had. Absent while this process leads or stands by. */
  problem(): string | undefined
  /** Finishes the request under way, hands leadership over, closes the connection. */
  stop(): Promise<void>
}

/** Advisory lock of the one publishing process (per database). */
const LOCK = 7_406_302
const BATCH = 500
const SWEEP_MS = 200
/** Between two looks while rows keep coming: what came meanwhile shares statements and requests. The first one after a quiet moment goes at once. */
const GATHER_MS = 20
const BACKOFF_MS = { first: 100, largest: 5_000 }
const HOUSEKEEPING_MS = 60_000

/**
 * Publishes the shared outbox: one leader, in order per user and topic, in parallel across them. A row is marked after the
 * broker has it, so a crash in between publishes it again with the same id, and consumers drop it by that id. There is no
 * high-water mark, so a transaction that commits late is not skipped; rows of one task cannot commit out of order because
 * its row lock is held until then.
 */
export function startRelay(options: RelayOptions): Relay {
  const { log, sweepMs = SWEEP_MS } = options
  const stopping = new AbortController()
  const meters = gauges(options.metrics)
  const depths = createDepths(options.metrics)
  let leader = false
  let problem: string | undefined
  let announced = false
  let rouse = (): void => {}

  const pause = async (ms: number): Promise<void> => {
    if (announced || stopping.signal.aborted) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms)
      rouse = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    rouse = () => {}
  }

  async function lead(client: pg.Client): Promise<void> {
    const publisher = createPublisher(client, options, meters)
    let housekeptAt = 0
    while (!stopping.signal.aborted) {
      announced = false
      const beganAt = performance.now()
      await depths.measure(client)
      const { read, delay } = await publisher.drain()
      if (delay) await sleep(delay, undefined, { signal: stopping.signal }).catch(() => {})
      else if (read < BATCH) {
        await pause(sweepMs)
        const early = GATHER_MS - (performance.now() - beganAt)
        if (early > 0) await sleep(early, undefined, { signal: stopping.signal }).catch(() => {})
      }
      if (Date.now() - housekeptAt > HOUSEKEEPING_MS) {
        housekeptAt = Date.now()
        await housekeep(client)
      }
    }
  }

  async function session(): Promise<void> {
    const client = new pg.Client({
      connectionString: options.databaseUrl,
      connectionTimeoutMillis: 5_000,
      application_name: 'outbox-relay',
      keepAlive: true,
    })
    client.on('error', error => log.warn({ err: error.message }, 'the relay lost its database connection'))
    await client.connect()
    try {
      await client.query("SELECT set_config('role', current_database() || '_' || $1, false)", [options.service])
      problem = undefined
      while (!stopping.signal.aborted) {
        const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [LOCK])
        if (rows[0]?.held) {
          leader = true
          meters.leader.set(1)
          log.info('this process publishes the outbox')
          options.onLeading?.()
          await lead(client)
          return
        }
        await sleep(1_000, undefined, { signal: stopping.signal }).catch(() => {})
      }
    } finally {
      leader = false
      meters.leader.set(0)
      meters.oldest.set(0)
      depths.forget()
      await client.end().catch(() => {})
    }
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await session()
      } catch (error) {
        problem = (error as Error).message
        log.warn({ err: problem }, 'the relay starts again')
        await sleep(500, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  })()

  return {
    wake: () => {
      announced = true
      rouse()
    },
    isLeader: () => leader,
    problem: () => problem,
    stop: async () => {
      stopping.abort()
      rouse()
      await running
    },
  }
}

interface Backoff {
  delay: number
  until: number
}

function createPublisher(client: pg.Client, { dapr, log }: RelayOptions, meters: ReturnType<typeof gauges>) {
  const blocked = new Map<string, Backoff>()
  let outage = 0

  /** One pass. @returns rows read, and milliseconds to wait before the next pass when nothing at all gets through */
  async function drain(): Promise<{ read: number; delay: number }> {
    const rows = await unpublished()
    meters.oldest.set(rows[0] ? Math.max(0, (Date.now() - rows[0].created_at.getTime()) / 1000) : 0)
    const failed = new Set<string>()
    let published = 0
    for (const wave of waves(rows)) {
      const open = wave.filter(row => !failed.has(laneOf(row)))
      const failures = await publish(open)
      for (const row of open) if (failures.has(row.id)) failed.add(laneOf(row))
      published += open.length - failures.size
      if (published === 0 && failures.size > 0) break
    }
    const now = Date.now()
    for (const lane of failed) {
      const delay = nextDelay(blocked.get(lane)?.delay ?? 0)
      blocked.set(lane, { delay, until: now + delay })
    }
    const stuck = rows.length > 0 && published === 0
    outage = stuck ? nextDelay(outage) : 0
    // A broker that is away blocks every lane; they must not all wait out their own delays once it is back.
    if (stuck) blocked.clear()
    return { read: rows.length, delay: outage }
  }

  async function unpublished(): Promise<OutboxRow[]> {
    const now = Date.now()
    const waiting = [...blocked].filter(([, { until }]) => until > now).map(([lane]) => lane)
    const { rows } = await client.query<OutboxRow>(
      `SELECT seq, id, topic, partition_key, envelope::text, created_at FROM messaging.outbox
       WHERE published_at IS NULL AND NOT (topic || ' ' || partition_key = ANY($1))
       ORDER BY seq LIMIT ${BATCH}`,
      [waiting],
    )
    return rows
  }

  /** Publishes rows of different lanes. @returns ids that failed, with the reason */
  async function publish(rows: readonly OutboxRow[]): Promise<Map<string, string>> {
    const failures = new Map<string, string>()
    const requests = chunk(rows).map(async part => {
      const entries: BulkEntry[] = part.map(row => ({
        entryId: row.id,
        event: row.envelope,
        partitionKey: row.partition_key,
      }))
      for (const [id, reason] of await dapr.publishBulk(part[0]!.topic, entries)) failures.set(id, reason)
    })
    await Promise.all(requests)
    const done = rows.filter(row => !failures.has(row.id))
    if (done.length) {
      await client.query('UPDATE messaging.outbox SET published_at = now() WHERE seq = ANY($1)', [
        done.map(row => row.seq),
      ])
      for (const row of done) {
        meters.published.inc({ topic: row.topic })
        blocked.delete(laneOf(row))
      }
    }
    if (failures.size) {
      meters.failures.inc(failures.size)
      const [[, reason]] = failures as unknown as [[string, string]]
      log.warn({ events: failures.size, reason }, 'events could not be published; they stay in the outbox')
      await client.query(
        `UPDATE messaging.outbox o SET attempts = attempts + 1, last_error = f.reason
         FROM unnest($1::uuid[], $2::text[]) AS f(id, reason) WHERE o.id = f.id`,
        [[...failures.keys()], [...failures.values()].map(text => text.slice(0, 500))],
      )
    }
    return failures
  }

  return { drain }
}

const nextDelay = (delay: number): number => Math.min(BACKOFF_MS.largest, delay === 0 ? BACKOFF_MS.first : delay * 2)

/** The inbox must remember longer than any topic keeps an event (14 days on a dead-letter topic). */
async function housekeep(client: pg.Client): Promise<void> {
  await client.query("DELETE FROM messaging.outbox WHERE published_at < now() - interval '1 day'")
  await client.query("DELETE FROM messaging.inbox WHERE received_at < now() - interval '30 days'")
  await client.query("DELETE FROM messaging.inbox_failures WHERE last_failed_at < now() - interval '30 days'")
}

function gauges(metrics: Registry) {
  const registers = [metrics]
  return {
    leader: new Gauge({ name: 'outbox_relay_leader', help: '1 in the process that publishes the outbox.', registers }),
    oldest: new Gauge({
      name: 'outbox_oldest_unpublished_seconds',
      help: 'Age of the oldest event waiting.',
      registers,
    }),
    published: new Counter({
      name: 'outbox_published_total',
      help: 'Events published.',
      labelNames: ['topic'],
      registers,
    }),
    failures: new Counter({ name: 'outbox_publish_failures_total', help: 'Attempts that failed.', registers }),
  }
}
