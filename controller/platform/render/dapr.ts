import {
  deadLetterRoute,
  deadLetterTopic,
  LEGACY_PUBSUB,
  PUBSUB,
  REALTIME_PUBSUB,
  SERVICES,
  STATE_STORE,
} from '../../../src/contracts/topology.ts'
import { type AppAccess, appAccess, pubsubOf, type ScopedComponent, scopedComponents } from '../access.ts'
import type { Desired } from '../desired.ts'
import { resourceName } from '../names.ts'
import { KINDS } from '../platform.ts'
import { providerOf } from '../providers/index.ts'
import type { MetadataItem } from '../providers/provider.ts'
import { type Context, child } from './context.ts'
import { databaseSecret } from './database.ts'

export const CONFIGURATION = 'todo-dapr'
export const RESILIENCY = 'todo-resiliency'

export function renderDapr(context: Context): Desired[] {
  return [
    ...scopedComponents(context.effective).map(scoped => serviceComponent(context, scoped)),
    ...ownSecretStore(context),
    resiliency(context),
    configuration(context),
    ...subscriptions(context),
  ]
}

function serviceComponent(context: Context, { name, apps }: ScopedComponent): Desired {
  if (name === STATE_STORE) {
    return component(context, name, 'state.postgresql', 'v2', apps, [
      { name: 'connectionString', secretKeyRef: databaseSecret(context) },
      { name: 'tablePrefix', value: 'dapr_' },
    ])
  }
  const { prefix } = context.effective.kafka
  // Unset, the group is the app-id; a literal name would make the apps steal each other's events.
  const group = name === REALTIME_PUBSUB ? `${prefix}realtime-service-{podName}` : prefix && `${prefix}{appID}`
  return component(context, name, 'pubsub.kafka', 'v1', apps, [
    ...providerOf(context.effective).connection(context),
    { name: 'initialOffset', value: name === REALTIME_PUBSUB ? 'newest' : 'oldest' },
    ...(group ? [{ name: 'consumerGroup', value: group }] : []),
    ...topicScopes(
      appAccess(context.effective).filter(({ appId }) => apps.includes(appId)),
      prefix,
    ),
  ])
}

/** For the platform's own consumers (spec.subscriptions): a secret store needs a token, which our own pods do not have. */
function ownSecretStore(context: Context): Desired[] {
  const { effective } = context
  const ours = SERVICES.map(({ appId }) => appId)
  const own = [...new Set(effective.subscriptions.map(({ app }) => app))].filter(app => !ours.includes(app))
  // No scope would mean every app.
  if (own.length === 0) return []
  return [component(context, 'kubernetes-secrets', 'secretstores.kubernetes', 'v1', own, [])]
}

function component(
  context: Context,
  name: string,
  type: string,
  version: string,
  scopes: string[],
  metadata: MetadataItem[],
): Desired {
  const usesKafka = type === 'pubsub.kafka'
  return child(context, {
    kind: KINDS.component,
    name,
    component: 'dapr',
    part: 'messaging',
    waiting:
      usesKafka && !context.facts.kafka.bootstrapServers
        ? (context.facts.kafka.missing ?? 'Kafka has no listener address yet')
        : undefined,
    body: { spec: { type, version, metadata }, scopes },
  })
}

function topicScopes(access: AppAccess[], prefix: string): MetadataItem[] {
  const scope = (pick: (app: AppAccess) => string[]): string =>
    access
      .map(
        app =>
          `${app.appId}=${pick(app)
            .map(topic => prefix + topic)
            .join(',')}`,
      )
      .join(';')
  return [
    { name: 'publishingScopes', value: scope(app => app.publishes) },
    { name: 'subscriptionScopes', value: scope(app => app.subscribes) },
  ]
}

function resiliency(context: Context): Desired {
  return child(context, {
    kind: KINDS.resiliency,
    name: RESILIENCY,
    component: 'dapr',
    part: 'messaging',
    body: {
      spec: {
        policies: {
          timeouts: { delivery: '30s', publish: '5s' },
          retries: {
            // Long enough for a pod to come back: an event given up earlier would wait in the dead letters for a person.
            delivery: { policy: 'exponential', duration: '200ms', maxInterval: '10s', maxRetries: 12 },
            publish: { policy: 'constant', duration: '200ms', maxRetries: 3 },
          },
          // Outbound only: Dapr keeps one breaker for a component, whatever the direction (pkg/resiliency,
          // circuitBreakerInstances), and one poisonous event must not stop the publishing of all others.
          circuitBreakers: {
            publish: { maxRequests: 1, interval: '10s', timeout: '5s', trip: 'consecutiveFailures >= 5' },
          },
        },
        targets: {
          components: Object.fromEntries(
            [PUBSUB, REALTIME_PUBSUB, ...(context.effective.legacy ? [LEGACY_PUBSUB] : [])].map(pubsub => [
              pubsub,
              {
                inbound: { timeout: 'delivery', retry: 'delivery' },
                outbound: { timeout: 'publish', retry: 'publish', circuitBreaker: 'publish' },
              },
            ]),
          ),
        },
      },
    },
  })
}

function configuration(context: Context): Desired {
  const { tracing } = context.effective.dapr
  const policies = context.effective.services
    .filter(({ contract }) => contract.invokes.length > 0)
    .map(({ contract }) => ({
      appId: contract.appId,
      namespace: context.platform.metadata.namespace,
      trustDomain: 'public',
      defaultAction: 'allow',
    }))
  return child(context, {
    kind: KINDS.configuration,
    name: CONFIGURATION,
    component: 'dapr',
    part: 'messaging',
    body: {
      spec: {
        accessControl: { defaultAction: 'deny', trustDomain: 'public', policies },
        // Whatever runs in a pod may call its sidecar: what no service uses is closed. Own apps that need more have a
        // Configuration of their own. gRPC is closed by naming what it may do; without a rule all of it would be open.
        api: {
          allowed: [
            ...['publish', 'jobs', 'state', 'metadata'].map(name => ({ name, version: 'v1.0', protocol: 'http' })),
            ...(context.platform.spec.chat?.component
              ? [{ name: 'conversation', version: 'v1.0-alpha2', protocol: 'http' }]
              : []),
            { name: 'publish', version: 'v1', protocol: 'grpc' },
          ],
        },
        secrets: { scopes: [{ storeName: 'kubernetes', defaultAccess: 'deny' }] },
        metrics: { enabled: true, http: { increasedCardinality: false }, recordErrorCodes: true },
        logging: { apiLogging: { enabled: false, obfuscateURLs: true, omitHealthChecks: true } },
        ...(tracing && {
          tracing: {
            samplingRate: String(tracing.samplingRatio),
            otel: { endpointAddress: tracing.endpoint, isSecure: false, protocol: 'grpc' },
          },
        }),
      },
    },
  })
}

/**
 * Requests hold a pod's memory: fifty events of the largest size are below what one takes. Dapr waits this long for more
 * before it delivers fewer (its own default for Kafka is ten seconds).
 */
const BULK = { enabled: true, maxMessagesCount: 50, maxAwaitDurationMs: 100 } as const

function subscriptions(context: Context): Desired[] {
  const { effective } = context
  const { prefix } = effective.kafka
  return effective.subscriptions.flatMap(({ app, topic, path, rules, deadLetter, deadLettersOf, own }) => {
    const pubsubname = pubsubOf(app)
    const subscribe = (name: string, spec: object): Desired =>
      child(context, {
        kind: KINDS.subscription,
        name: resourceName(name),
        component: app,
        part: 'subscriptions',
        body: { spec: { pubsubname, ...spec }, scopes: [app] },
      })
    const dead = prefix + deadLetterTopic(deadLettersOf ?? topic, app)
    // What others wrote, or write, may not know how to answer for several at once; and real time is not to wait.
    const bulk = deadLetter && !own && !deadLettersOf && rules.length === 0
    return [
      subscribe(`${app}-${topic}`, {
        topic: prefix + topic,
        routes: { ...(rules.length > 0 && { rules }), default: path },
        ...(deadLetter && { deadLetterTopic: dead }),
        ...(bulk && { bulkSubscribe: BULK }),
      }),
      ...(deadLetter && !deadLettersOf
        ? [subscribe(`${app}-${topic}-dlq`, { topic: dead, routes: { default: deadLetterRoute(topic) } })]
        : []),
    ]
  })
}
