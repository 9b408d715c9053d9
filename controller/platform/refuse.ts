import type { Effective } from './effective.ts'
import type { Refusal } from './errors.ts'
import type { Facts } from './facts.ts'
import { resourceName } from './names.ts'
import type { Platform } from './platform.ts'
import { providerOf } from './providers/index.ts'

/**
 * The spec without what it cannot have, and what that is: everything else goes on, each refusal is told in status with the
 * way out, and the child it is about stays as it is. Pure.
 */
export function refuse(
  platform: Platform,
  wanted: Effective,
  facts: Facts,
): { effective: Effective; refused: Refusal[] } {
  const { effective, refused } = providerOf(wanted).refuse(platform, wanted, facts.kafka)
  const known = new Set(effective.topics.map(topic => topic.name))
  const named = [...known].filter(name => !name.endsWith('.dlq')).join(', ')
  const lost = effective.subscriptions.filter(({ topic }) => !known.has(topic))
  return {
    effective: { ...effective, subscriptions: effective.subscriptions.filter(each => !lost.includes(each)) },
    refused: [
      ...refused,
      ...lost.map(({ app, topic }) => ({
        code: 'TEP-SPEC-SUBSCRIPTION-TOPIC' as const,
        field: `spec.subscriptions[app=${app},topic=${topic}].topic`,
        message: `there is no topic ${topic}; add it to spec.topics or name one of ${named}`,
        kind: 'Subscription',
        name: resourceName(`${app}-${topic}`),
      })),
      ...builtInAlready(platform, wanted).map(({ app, topic }) => ({
        code: 'TEP-SPEC-SUBSCRIPTION-TAKEN' as const,
        field: `spec.subscriptions[app=${app},topic=${topic}]`,
        message: `${app} consumes ${topic} already; remove it, or give your own app another app-id`,
        kind: 'Subscription',
        name: resourceName(`${app}-${topic}`),
      })),
    ],
  }
}

const builtInAlready = ({ spec }: Platform, { subscriptions }: Effective): { app: string; topic: string }[] =>
  (spec.subscriptions ?? []).filter(given =>
    subscriptions.some(({ app, topic, own }) => !own && app === given.app && topic === given.topic),
  )
