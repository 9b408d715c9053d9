import { Counter, type Registry } from 'prom-client'
import { createEvent } from '../contracts/events/index.ts'
import type { Publication } from '../contracts/flow.ts'
import type { Dapr } from './dapr.ts'
import type { Logger } from './log.ts'
import { repeat } from './repeat.ts'

export interface CanaryOptions {
  appId: string
  topics: readonly string[]
  dapr: Pick<Dapr, 'publishBulk'>
  /** One process sends canaries: whoever publishes everything else. */
  isLeader: () => boolean
  log: Logger
  metrics: Registry
  everyMs: number
}

export interface Canary {
  /** The last attempt on each topic; undefined while another process sends them. */
  published(): Publication[] | undefined
  /** Sends now: this process has begun to publish. */
  wake(): void
  stop(): Promise<void>
}

/** Stands where other events have a user, and as the key: all canaries of a topic travel in one partition. */
const NOBODY = 'canary'
const LONGEST_REASON = 300

/**
 * Sends an event on every topic at regular times, by the same door as all others but past the outbox: what a canary asks
 * is whether an event published now arrives, and one that waited in a table would ask something else.
 */
export function startCanary(options: CanaryOptions): Canary {
  const { appId, topics, dapr, isLeader, log, metrics, everyMs } = options
  const sent = new Counter({
    name: 'canary_published_total',
    help: 'Canary events by whether the topic took them.',
    labelNames: ['topic', 'outcome'],
    registers: [metrics],
  })
  for (const topic of topics) for (const outcome of ['taken', 'refused']) sent.inc({ topic, outcome }, 0)
  let last = new Map<string, string | undefined>()

  const send = async (topic: string): Promise<[topic: string, error: string | undefined]> => {
    const event = createEvent({ type: 'canary.sent', appId, data: { user_id: NOBODY } })
    const failures = await dapr.publishBulk(topic, [
      { entryId: event.id, event: JSON.stringify(event), partitionKey: NOBODY },
    ])
    const error = failures.get(event.id)?.slice(0, LONGEST_REASON)
    sent.inc({ topic, outcome: error === undefined ? 'taken' : 'refused' })
    if (error !== undefined && last.get(topic) === undefined) log.warn({ topic, err: error }, 'the canary was refused')
    return [topic, error]
  }
  const sending = repeat(everyMs, log, async () => {
    last = new Map(isLeader() ? await Promise.all(topics.map(send)) : [])
  })
  return {
    published: () =>
      isLeader() ? [...last].map(([topic, error]) => ({ topic, ...(error !== undefined && { error }) })) : undefined,
    wake: sending.wake,
    stop: sending.stop,
  }
}
