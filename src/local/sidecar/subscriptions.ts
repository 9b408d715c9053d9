import type { AppChannel } from './app-channel.ts'
import { isScopedTo } from './component.ts'
import type { SubscriptionResource } from './resources.ts'
import { type Routes, type Rule, rulesOf } from './routing.ts'

export interface Subscription {
  pubsub: string
  topic: string
  rules: readonly Rule[]
  deadLetterTopic: string | undefined
  metadata: Readonly<Record<string, string>>
  bulk: { maxMessages: number; maxAwait: number } | undefined
  type: 'PROGRAMMATIC' | 'DECLARATIVE'
}

interface Declaration extends Routes {
  pubsubname: string
  topic: string
  deadLetterTopic?: string | undefined
  bulkSubscribe?: { enabled?: boolean; maxMessagesCount?: number; maxAwaitDurationMs?: number } | undefined
  metadata?: Record<string, string> | undefined
}

/** pubsub.kafka's defaults (components-contrib pubsub/kafka). */
const BULK_MESSAGES = 80
const BULK_AWAIT = 10_000

type Log = (level: string, message: string) => void

function subscription(from: Declaration, type: Subscription['type']): Subscription {
  const bulk = from.bulkSubscribe
  return {
    pubsub: from.pubsubname,
    topic: from.topic,
    rules: rulesOf(from),
    deadLetterTopic: from.deadLetterTopic || undefined,
    metadata: Object.fromEntries(Object.entries(from.metadata ?? {}).map(([key, value]) => [key, String(value)])),
    bulk: bulk?.enabled
      ? { maxMessages: bulk.maxMessagesCount || BULK_MESSAGES, maxAwait: bulk.maxAwaitDurationMs || BULK_AWAIT }
      : undefined,
    type,
  }
}

/** A subscription that makes no sense is reported and left out; the others live. */
function usable(from: readonly Declaration[], type: Subscription['type'], log: Log): Subscription[] {
  return from.flatMap(one => {
    try {
      const made = subscription(one, type)
      if (made.rules.length > 0) return [made]
      log('warn', `topic ${one.topic} has an empty routes. removing from subscriptions list`)
    } catch (error) {
      log(
        'error',
        `subscription to topic ${one.topic} on pubsub ${one.pubsubname} is invalid: ${(error as Error).message}`,
      )
    }
    return []
  })
}

/**
 * Asks the app: `GET /dapr/subscribe`. 404 means none; any other status is reported and means none as well.
 *
 * @throws Error when the app cannot be reached
 */
export async function programmaticSubscriptions(app: AppChannel, log: Log): Promise<Subscription[]> {
  const { status, body } = await app.call({ method: 'GET', path: '/dapr/subscribe' })
  if (status === 404) return []
  if (status !== 200) {
    log('error', `app returned http status code ${status} from subscription endpoint`)
    return []
  }
  try {
    const list: unknown = body.length === 0 ? [] : JSON.parse(body.toString())
    return usable((list ?? []) as Declaration[], 'PROGRAMMATIC', log)
  } catch (error) {
    log('error', `error getting topics from app: ${(error as Error).message}`)
    return []
  }
}

export function declarativeSubscriptions(
  resources: readonly SubscriptionResource[],
  appId: string,
  log: Log,
): Subscription[] {
  const mine = resources.filter(resource => isScopedTo(resource.scopes, appId))
  return usable(
    mine.map(resource => resource.spec),
    'DECLARATIVE',
    log,
  )
}

/** One subscription per pubsub and topic; what the app says itself overrides what is declared. */
export function merge(programmatic: readonly Subscription[], declarative: readonly Subscription[]): Subscription[] {
  const byTopic = new Map<string, Subscription>()
  for (const one of [...programmatic, ...declarative]) {
    const key = `${one.pubsub} ${one.topic}`
    if (!byTopic.has(key)) byTopic.set(key, one)
  }
  return [...byTopic.values()]
}
