import {
  deadLetterTopic,
  LEGACY_PUBLISHER,
  LEGACY_PUBSUB,
  LEGACY_TOPICS,
  PUBSUB,
  REALTIME_PUBSUB,
  SERVICES,
  STATE_STORE,
  TOPICS,
} from '../../src/contracts/topology.ts'
import type { Effective } from './effective.ts'

export interface AclRule {
  resource: 'topic' | 'group'
  name: string
  pattern: 'literal' | 'prefix'
  operations: string[]
}

export interface AppAccess {
  appId: string
  publishes: string[]
  subscribes: string[]
  /** One group for the app, or one for each of its pods. */
  group: { name: string; pattern: 'literal' | 'prefix' }
}

/**
 * Exactly what each app may do with which topic, from the services that are enabled and the subscriptions declared; names
 * without prefix. ACLs, topic scopes and subscriptions are all derived from this one table.
 * A dead letter is published by the *subscriber's* sidecar (dapr pkg/runtime/subscription, sendToDeadLetter), which also reads it back.
 */
export function appAccess({
  services,
  subscriptions,
  legacy,
}: Pick<Effective, 'services' | 'subscriptions' | 'legacy'>): AppAccess[] {
  const apps = [
    ...new Set([
      ...services
        .map(({ contract }) => contract)
        .filter(({ consumes, publishes }) => consumes.length + publishes.length > 0)
        .map(({ appId }) => appId),
      ...subscriptions.map(({ app }) => app),
      ...(legacy ? [LEGACY_PUBLISHER] : []),
    ]),
  ]
  return apps.map(appId => {
    const contract = services.find(service => service.contract.appId === appId)?.contract
    const own = subscriptions.filter(subscription => subscription.app === appId)
    const dead = own
      .filter(({ deadLetter }) => deadLetter)
      .map(({ topic, deadLettersOf = topic }) => deadLetterTopic(deadLettersOf, appId))
    const earlier = legacy && appId === LEGACY_PUBLISHER ? [...TOPICS, ...LEGACY_TOPICS].map(({ name }) => name) : []
    return {
      appId,
      publishes: [...new Set([...(contract?.publishes ?? []), ...earlier, ...dead])],
      subscribes: [...new Set([...own.map(({ topic }) => topic), ...dead])],
      group:
        contract?.pubsub === 'realtime-pubsub'
          ? { name: `${appId}-`, pattern: 'prefix' }
          : { name: appId, pattern: 'literal' },
    }
  })
}

const realtimeApps = SERVICES.filter(({ pubsub }) => pubsub === REALTIME_PUBSUB).map(({ appId }) => appId)

/** Which pubsub an app consumes through: the view of real time has one of its own, with a group for each pod. */
export const pubsubOf = (appId: string): string => (realtimeApps.includes(appId) ? REALTIME_PUBSUB : PUBSUB)

export interface ScopedComponent {
  name: string
  /** The apps whose sidecars load it. */
  apps: string[]
}

/** The components of a platform that its services use, with their scopes. */
export function scopedComponents(
  effective: Pick<Effective, 'services' | 'subscriptions' | 'legacy'>,
): ScopedComponent[] {
  const apps = appAccess(effective).map(({ appId }) => appId)
  const durable = apps.filter(appId => pubsubOf(appId) === PUBSUB)
  const live = apps.filter(appId => pubsubOf(appId) === REALTIME_PUBSUB)
  return [
    { name: PUBSUB, apps: durable },
    ...(effective.legacy ? [{ name: LEGACY_PUBSUB, apps: durable }] : []),
    ...(live.length > 0 ? [{ name: REALTIME_PUBSUB, apps: live }] : []),
    { name: STATE_STORE, apps: ['backend-service'] },
  ]
}

/** The smallest ACLs for it: Dapr's producer is not idempotent, and topics exist before their users do. */
export function aclRules({ publishes, subscribes, group }: AppAccess, prefix: string): AclRule[] {
  const topics = [...new Set([...publishes, ...subscribes])].sort()
  return [
    ...topics.map(topic => ({
      resource: 'topic' as const,
      name: prefix + topic,
      pattern: 'literal' as const,
      operations: [
        'Describe',
        ...(subscribes.includes(topic) ? ['Read'] : []),
        ...(publishes.includes(topic) ? ['Write'] : []),
      ],
    })),
    ...(subscribes.length > 0
      ? [{ resource: 'group' as const, name: prefix + group.name, pattern: group.pattern, operations: ['Read'] }]
      : []),
  ]
}
