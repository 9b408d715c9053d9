import type pg from 'pg'
import { Gauge, type Registry } from 'prom-client'

/** Counting a million rows takes a tenth of a second, in which nothing is published. */
const EVERY_MS = 15_000

export interface Depths {
  /** Counts, unless it did a moment ago. */
  measure(client: pg.Client): Promise<void>
  /** Another process counts from now on. */
  forget(): void
}

/** How much waits to be published, and how many dead letters lie where: measured by whoever publishes. */
export function createDepths(registry: Registry): Depths {
  const registers = [registry]
  const waiting = new Gauge({ name: 'outbox_unpublished_events', help: 'Events waiting to be published.', registers })
  const letters = new Gauge({
    name: 'dead_letters',
    help: 'Dead letters that are stored, by the app they failed in.',
    labelNames: ['consumer'],
    registers,
  })
  let measuredAt = Number.NEGATIVE_INFINITY
  return {
    async measure(client) {
      if (performance.now() - measuredAt < EVERY_MS) return
      measuredAt = performance.now()
      const outbox = await client.query<{ count: string }>(
        'SELECT count(*) FROM messaging.outbox WHERE published_at IS NULL',
      )
      waiting.set(Number(outbox.rows[0]!.count))
      const stored = await client.query<{ consumer: string; count: string }>(
        'SELECT consumer, count(*) FROM messaging.inbox_failures WHERE dead_lettered_at IS NOT NULL GROUP BY consumer',
      )
      // A consumer whose last letter is gone has none, not the number it had.
      letters.reset()
      for (const { consumer, count } of stored.rows) letters.set({ consumer }, Number(count))
    },
    forget() {
      measuredAt = Number.NEGATIVE_INFINITY
      waiting.reset()
      letters.reset()
    },
  }
}
