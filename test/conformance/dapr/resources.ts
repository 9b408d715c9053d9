/** What both sides declare: the components, policies and the Configuration that the tables use. */
import type { JsonObject, Row, SubscriptionOf } from './row.ts'

/** What only one of the sides can know. */
export interface Place {
  /** Address of the app that most rows are about. */
  app: string
  brokers: string
  /** Type and metadata of the secret store with the Secrets below. */
  secretStore: { type: string; metadata: JsonObject }
  nameResolution?: JsonObject
}

/** Name of Secret → keys. */
export const SECRETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  db: { user: 'app', password: 'p4ss' },
  open: { value: 'free' },
  closed: { value: 'hidden' },
}

const component = (
  name: string,
  type: string,
  version: string,
  metadata: JsonObject,
  scopes?: string[],
): JsonObject => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: { name },
  spec: { type, version, metadata: Object.entries(metadata).map(([key, value]) => ({ name: key, value })) },
  scopes: scopes ?? ['orders'],
})

/** A sidecar that was built without it starts all the same. */
const optional = (resource: JsonObject): JsonObject => ({
  ...resource,
  spec: { ...(resource['spec'] as JsonObject), ignoreErrors: true },
})

const kafka = (name: string, { brokers }: Place, metadata: JsonObject = {}): JsonObject =>
  component(name, 'pubsub.kafka', 'v1', {
    brokers,
    authType: 'none',
    initialOffset: 'oldest',
    // One group for each: components that share one would share the messages.
    consumerGroup: `{appID}-${name}`,
    backOffDuration: '100ms',
    ...metadata,
  })

const resiliency: JsonObject = {
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Resiliency',
  metadata: { name: 'conformance' },
  spec: {
    policies: {
      timeouts: { short: '300ms' },
      retries: {
        twice: { policy: 'constant', duration: '50ms', maxRetries: 2 },
        onlyUnavailable: {
          policy: 'constant',
          duration: '50ms',
          maxRetries: 2,
          matching: { httpStatusCodes: '503,520-529' },
        },
        never: { policy: 'constant', duration: '50ms', maxRetries: 0 },
      },
      circuitBreakers: { first: { maxRequests: 1, timeout: '60s', trip: 'consecutiveFailures >= 2' } },
    },
    targets: {
      apps: {
        other: { retry: 'twice', timeout: 'short' },
      },
      components: {
        'pubsub-retry': { inbound: { retry: 'twice', timeout: 'short' } },
        'pubsub-matching': { inbound: { retry: 'onlyUnavailable' } },
        'pubsub-never': { inbound: { retry: 'never' } },
        'cron-retry': { inbound: { retry: 'twice' } },
      },
    },
  },
  scopes: ['orders'],
}

/** Bindings tick by themselves; each has a row of its own. */
export const CRONS = {
  'cron-plain': { schedule: '@every 1s' },
  'cron-route': { schedule: '@every 1s', route: '/ticks/here' },
  'cron-six': { schedule: '*/1 * * * * *' },
  'cron-refused': { schedule: '@every 1s' },
  'cron-not-allowed': { schedule: '@every 1s' },
  'cron-input': { schedule: '@every 1s', direction: 'input' },
  'cron-retry': { schedule: '@every 1s' },
} as const

export function componentsOf(place: Place): JsonObject[] {
  const vault = (name: string) => component(name, place.secretStore.type, 'v1', place.secretStore.metadata)
  return [
    { ...kafka('pubsub', place), scopes: ['orders', 'other', 'closed'] },
    ...['pubsub-retry', 'pubsub-matching', 'pubsub-never'].map(name => kafka(name, place)),
    kafka('observer', place),
    kafka('pubsub-patient', place, { consumeRetryEnabled: 'false' }),
    kafka('pubsub-scoped', place, {
      allowedTopics: 'allowed,guarded,mine',
      protectedTopics: 'guarded',
      publishingScopes: 'orders=allowed;other=mine',
      subscriptionScopes: 'orders=allowed',
    }),
    component('store', 'state.in-memory', 'v1', {}, ['orders', 'closed', 'mostly']),
    component('store-by-name', 'state.in-memory', 'v1', { keyPrefix: 'name' }),
    component('store-none', 'state.in-memory', 'v1', { keyPrefix: 'none' }),
    ...['vault', 'vault-some', 'vault-most', 'vault-shut'].map(vault),
    optional(component('parrot', 'conversation.echo', 'v1', {}, ['lone'])),
    optional(
      component('brain', 'conversation.openai', 'v1', { key: 'k', model: 'small', endpoint: `${place.app}/brain` }, [
        'lone',
      ]),
    ),
    component('elsewhere', 'state.in-memory', 'v1', {}, ['other']),
    ...Object.entries(CRONS).map(([name, metadata]) => component(name, 'bindings.cron', 'v1', { ...metadata })),
  ]
}

const rules = (...names: string[]): JsonObject[] =>
  names.map(each => {
    const [version, name, protocol = 'http'] = each.split(' ')
    return { version: version!, name: name!, protocol }
  })

/** One for most sidecars, one with tracing on, and those that close parts of the API. */
export const configurationsOf = (place: Place): JsonObject[] => [
  configuration('conformance', place, {}),
  configuration('traced', place, { tracing: { samplingRate: '1' } }),
  configuration('closed', place, {
    api: { allowed: rules('v1.0 publish', 'v1.0 state/store', 'v1.0 jobs grpc', 'v1 bindings') },
  }),
  configuration('mostly', place, {
    api: {
      allowed: rules('v1.0 state', 'v1.0 metadata', 'v1.0 invoke'),
      denied: rules('v1.0 state/elsewhere', 'v1.0 invoke'),
    },
  }),
]

const configuration = (name: string, { nameResolution }: Place, more: JsonObject): JsonObject => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Configuration',
  metadata: { name },
  spec: {
    ...(nameResolution && { nameResolution }),
    ...more,
    secrets: {
      scopes: [
        { storeName: 'vault-some', defaultAccess: 'deny', allowedSecrets: ['open'] },
        { storeName: 'vault-most', defaultAccess: 'allow', deniedSecrets: ['closed'] },
        { storeName: 'vault-shut', defaultAccess: 'deny' },
      ],
    },
  },
})

/** The whole of a subscription, with the row's id filled in by the caller. */
const entryOf = ({ declared: _, ...subscription }: SubscriptionOf): JsonObject =>
  ({
    pubsubname: 'pubsub',
    topic: '{id}',
    ...(subscription.route || subscription.routes ? {} : { route: '/{id}' }),
    ...subscription,
  }) as JsonObject

export const fill = <T>(value: T, id: string): T => JSON.parse(JSON.stringify(value).replaceAll('{id}', id)) as T

/** What the app answers to `/dapr/subscribe`. */
export const programmaticOf = (rows: readonly (readonly [id: string, row: Row])[]): JsonObject[] =>
  rows.flatMap(([id, row]) =>
    (row.subscriptions ?? []).filter(each => !each.declared).map(each => fill(entryOf(each), id)),
  )

export const declaredOf = (rows: readonly (readonly [id: string, row: Row])[]): JsonObject[] =>
  rows.flatMap(([id, row]) =>
    (row.subscriptions ?? [])
      .filter(each => each.declared)
      .map((each, index) => {
        const { route, ...spec } = fill(entryOf(each), id)
        return {
          apiVersion: 'dapr.io/v2alpha1',
          kind: 'Subscription',
          metadata: { name: `${id}-${index}` },
          spec: route === undefined ? spec : { ...spec, routes: { default: route } },
          scopes: ['orders'],
        } as JsonObject
      }),
  )

export const policies = resiliency

/** Every topic that a row names. */
export const topicsOf = (rows: readonly (readonly [id: string, row: Row])[]): string[] => [
  ...new Set([
    ...rows.flatMap(([id, row]) => [
      ...(row.subscriptions?.length || JSON.stringify(row.steps).includes('/publish/') ? [id] : []),
      ...(row.subscriptions ?? []).flatMap(each =>
        [each.topic, each.deadLetterTopic].filter(topic => topic !== undefined).map(topic => fill(topic, id)),
      ),
    ]),
    ...['warm', 'allowed', 'guarded', 'mine', 'parts'],
    ...['parts-by-key', 'parts-chosen'],
  ]),
]
