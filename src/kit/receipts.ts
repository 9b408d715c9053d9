import { Gauge, Histogram, type Registry } from 'prom-client'
import type { Receipt } from '../contracts/flow.ts'

/** The newest canary of each topic that arrived in this process. */
export interface Receipts {
  /** @param sentAt time of the event, RFC 3339 */
  arrived(topic: string, sentAt: string): void
  list(): Receipt[]
}

/** Remembers canaries and shows their age and latency as metrics. A topic without any is as old as the process. */
export function rememberCanaries(topics: readonly string[], metrics: Registry): Receipts {
  const registers = [metrics]
  const newest = new Map<string, { at: number; latencySeconds: number }>()
  const beganAt = performance.now()
  const secondsSince = (at: number): number => (performance.now() - at) / 1_000
  const latency = new Histogram({
    name: 'canary_latency_seconds',
    help: 'Time a canary event took from its publisher to this process.',
    labelNames: ['topic'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60],
    registers,
  })
  new Gauge({
    name: 'canary_age_seconds',
    help: 'Seconds since a canary event of the topic last arrived in this process; other pods of the app may have had it.',
    labelNames: ['topic'],
    registers,
    collect() {
      for (const topic of topics) this.set({ topic }, secondsSince(newest.get(topic)?.at ?? beganAt))
    },
  })
  return {
    arrived(topic, sentAt) {
      const latencySeconds = Math.max(0, (Date.now() - Date.parse(sentAt)) / 1_000)
      latency.observe({ topic }, latencySeconds)
      newest.set(topic, { at: performance.now(), latencySeconds })
    },
    list: () =>
      [...newest].map(([topic, { at, latencySeconds }]) => ({ topic, secondsAgo: secondsSince(at), latencySeconds })),
  }
}
