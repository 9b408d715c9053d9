import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import {
  DEAD_LETTER_PARTITIONS,
  DEAD_LETTER_RETENTION_MS,
  deadLetterTopic,
  eventRoute,
  IGNORE_ROUTE,
  LEGACY_TOPICS,
  SERVICES,
  type ServiceContract,
  TOPICS,
} from '../../src/contracts/topology.ts'
import { type EffectiveService, effectiveService, SERVICE_DEFAULTS } from './effective-service.ts'
import type { Platform } from './platform.ts'

export interface EffectiveTopic {
  name: string
  partitions: number
  /** Absent: the broker's default, which knows how many brokers there are. */
  replicas?: number
  retentionMs: number
  config: Record<string, unknown>
  deadLetter: boolean
}

export interface EffectiveSubscription {
  app: string
  topic: string
  path: string
  rules: { match: string; path: string }[]
  deadLetter: boolean
  /** The topic whose dead letters it shares; absent: its own. */
  deadLettersOf?: string
  /** From `spec.subscriptions`. */
  own?: boolean
}

/** The spec with every default filled in; what render works from. Shown in `status.effective`, never written to the spec. */
export interface Effective {
  profile: 'Development' | 'Production'
  version: string
  suspend: boolean
  deletionPolicy: 'Delete' | 'Retain'
  kafka: { prefix: string; provider: 'strimzi' | 'redpanda' | 'external' }
  strimzi?: {
    clusterRef?: { name: string; namespace: string }
    version: string
    brokers: NodeGroup
    controllers?: NodeGroup
    rackTopologyKey?: string
    config: Record<string, unknown>
  }
  redpanda?: { clusterRef: { name: string; namespace: string } }
  external?: ExternalKafka
  /** Names of earlier platforms are rendered too. */
  legacy: boolean
  topics: EffectiveTopic[]
  subscriptions: EffectiveSubscription[]
  database: PlatformSpec['database']
  services: EffectiveService[]
  dapr: { logLevel: string; apiToken: boolean; tracing?: { endpoint: string; samplingRatio: number } }
  auth: {
    issuer: string
    audience: string
    jwksUri: string
    rolesClaim: string
    operatorRole: string
    builtIn: boolean
  }
  networkPolicy: { enabled: boolean; ingressNamespaces: string[]; monitoringNamespaces: string[] }
  monitoring: { enabled: boolean }
  terminationGracePeriodSeconds: number
}

type External = NonNullable<PlatformSpec['kafka']['external']>

/** A Kafka outside the cluster, with the defaults filled in. */
export interface ExternalKafka {
  bootstrapServers: string[]
  authentication: NonNullable<External['authentication']>
  userSecretRefs: NonNullable<External['userSecretRefs']>
  tls: { enabled: boolean; caSecretRef?: { name: string; key: string } }
  topics: 'Managed' | 'Assumed'
}

export interface NodeGroup {
  replicas: number
  storage: { size: string; class?: string }
  resources: object
}

export const KAFKA_VERSION = '4.3.1'

const PROFILES = {
  Development: {
    nodes: 1,
    storage: '5Gi',
    deletionPolicy: 'Delete',
    grace: 30,
  },
  Production: {
    nodes: 3,
    storage: '100Gi',
    deletionPolicy: 'Retain',
    grace: 60,
  },
} as const

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `168h` and the like (the CRD admits nothing else) in milliseconds. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^([0-9]+)(ms|s|m|h|d)$/.exec(text) ?? []
  return Number(amount) * UNITS[unit ?? '']!
}

/** `(platform, the operator's own version) → effective spec`. Pure. */
export function effectiveSpec(platform: Platform, operatorVersion: string): Effective {
  const { spec, metadata } = platform
  const profile = spec.profile ?? 'Production'
  const defaults = PROFILES[profile]
  const provider = spec.kafka.strimzi ? 'strimzi' : spec.kafka.redpanda ? 'redpanda' : 'external'
  const shared = provider !== 'strimzi' || spec.kafka.strimzi?.clusterRef !== undefined
  const brokers = nodeGroup(spec.kafka.strimzi?.brokers, defaults)
  const services = SERVICES.filter(({ service }) => spec.services?.[service]?.enabled ?? true).map(contract =>
    effectiveService(contract, spec.services?.[contract.service], SERVICE_DEFAULTS[profile]),
  )
  const subscriptions = onceEach([
    ...services.flatMap(({ contract }) => builtInSubscriptions(contract)),
    ...(spec.legacy?.enabled ? services.flatMap(({ contract }) => legacySubscriptions(contract)) : []),
    ...(spec.subscriptions ?? []).map(({ app, topic, path, rules = [], deadLetter = true }) => ({
      app,
      topic,
      path,
      rules,
      deadLetter,
      own: true,
    })),
  ])
  return {
    profile,
    version: spec.version ?? operatorVersion,
    suspend: spec.suspend ?? false,
    deletionPolicy: spec.deletionPolicy ?? defaults.deletionPolicy,
    kafka: { provider, prefix: spec.kafka.prefix ?? (shared ? `${metadata.namespace}-${metadata.name}.` : '') },
    ...(spec.kafka.strimzi && {
      strimzi: {
        ...(spec.kafka.strimzi.clusterRef && {
          clusterRef: { namespace: metadata.namespace, ...spec.kafka.strimzi.clusterRef },
        }),
        version: spec.kafka.strimzi.version ?? KAFKA_VERSION,
        brokers,
        ...(spec.kafka.strimzi.controllers && {
          controllers: nodeGroup(spec.kafka.strimzi.controllers, { ...defaults, storage: '20Gi' }),
        }),
        ...(spec.kafka.strimzi.rackTopologyKey && { rackTopologyKey: spec.kafka.strimzi.rackTopologyKey }),
        config: spec.kafka.strimzi.config ?? {},
      },
    }),
    ...(spec.kafka.redpanda && {
      redpanda: { clusterRef: { namespace: metadata.namespace, ...spec.kafka.redpanda.clusterRef } },
    }),
    ...(spec.kafka.external && { external: effectiveExternal(spec.kafka.external) }),
    legacy: spec.legacy?.enabled ?? false,
    topics: topics(spec, subscriptions),
    subscriptions,
    database: spec.database,
    services,
    dapr: {
      logLevel: spec.dapr?.logLevel ?? 'info',
      apiToken: spec.dapr?.apiToken ?? true,
      ...(spec.dapr?.tracing?.endpoint && {
        tracing: { endpoint: spec.dapr.tracing.endpoint, samplingRatio: spec.dapr.tracing.samplingRatio ?? 0.1 },
      }),
    },
    auth: effectiveAuth(platform),
    networkPolicy: {
      enabled: spec.networkPolicy?.enabled ?? profile === 'Production',
      ingressNamespaces: spec.networkPolicy?.ingressNamespaces ?? [],
      monitoringNamespaces: spec.networkPolicy?.monitoringNamespaces ?? [],
    },
    monitoring: { enabled: spec.monitoring?.enabled ?? profile === 'Production' },
    terminationGracePeriodSeconds: defaults.grace,
  }
}

function effectiveExternal({
  bootstrapServers,
  authentication = { type: 'None' },
  userSecretRefs = {},
  tls,
  topics = 'Managed',
}: External): ExternalKafka {
  return {
    bootstrapServers,
    authentication,
    userSecretRefs,
    tls: { enabled: tls?.enabled ?? true, ...(tls?.caSecretRef && { caSecretRef: tls.caSecretRef }) },
    topics,
  }
}

function nodeGroup(
  group: { replicas?: number; storage?: { size: string; class?: string }; resources?: object } | undefined,
  defaults: { nodes: number; storage: string },
): NodeGroup {
  return {
    replicas: group?.replicas ?? defaults.nodes,
    storage: group?.storage ?? { size: defaults.storage },
    resources: group?.resources ?? {},
  }
}

function builtInSubscriptions(contract: ServiceContract): EffectiveSubscription[] {
  return contract.consumes.map(({ topic, types }) => ({
    app: contract.appId,
    topic,
    // What no rule matches must be acknowledged somewhere: Dapr sends it to the dead letters otherwise.
    path: types ? IGNORE_ROUTE : eventRoute(topic),
    rules: types ? [{ match: types.map(type => `event.type == "${type}"`).join(' || '), path: eventRoute(topic) }] : [],
    deadLetter: contract.deadLetters,
  }))
}

/** Who consumes a topic in full reads its earlier names too; what fails there joins the dead letters of today's topic. */
const legacySubscriptions = (contract: ServiceContract): EffectiveSubscription[] =>
  LEGACY_TOPICS.filter(({ topic }) => contract.consumes.some(each => each.topic === topic && !each.types))
    .filter(() => contract.deadLetters)
    .map(({ name, topic, route }) => ({
      app: contract.appId,
      topic: name,
      path: route,
      rules: [],
      deadLetter: true,
      deadLettersOf: topic,
    }))

/** The first of each app and topic: what the services themselves consume comes before what the spec adds. */
const onceEach = (subscriptions: EffectiveSubscription[]): EffectiveSubscription[] =>
  [...new Map(subscriptions.toReversed().map(each => [`${each.app}/${each.topic}`, each])).values()].toReversed()

/** The standard topics, those of earlier platforms, dead letters, and the spec's own; the spec may change any of them. */
function topics(spec: PlatformSpec, subscriptions: EffectiveSubscription[]): EffectiveTopic[] {
  const given = new Map((spec.topics ?? []).map(topic => [topic.name, topic]))
  const legacy = LEGACY_TOPICS.filter(() => spec.legacy?.enabled).map(({ name, topic }) => ({
    ...TOPICS.find(today => today.name === topic)!,
    name,
  }))
  const dead = subscriptions
    .filter(subscription => subscription.deadLetter && !subscription.deadLettersOf)
    .map(({ topic, app }) => ({
      name: deadLetterTopic(topic, app),
      partitions: DEAD_LETTER_PARTITIONS,
      retentionMs: DEAD_LETTER_RETENTION_MS,
    }))
  const known = new Set([...TOPICS, ...legacy, ...dead].map(topic => topic.name))
  const own = (spec.topics ?? [])
    .filter(topic => !known.has(topic.name))
    .map(({ name }) => ({ name, partitions: 6, retentionMs: 7 * UNITS['d']! }))
  const changed = (
    topic: { name: string; partitions: number; retentionMs: number },
    deadLetter: boolean,
  ): EffectiveTopic => {
    const wanted = given.get(topic.name)
    return {
      name: topic.name,
      partitions: wanted?.partitions ?? topic.partitions,
      ...(wanted?.replicas && { replicas: wanted.replicas }),
      retentionMs: wanted?.retention ? parseDuration(wanted.retention) : topic.retentionMs,
      config: wanted?.config ?? {},
      deadLetter,
    }
  }
  return [
    ...[...TOPICS, ...legacy, ...own].map(topic => changed(topic, false)),
    ...dead.map(topic => changed(topic, true)),
  ]
}

function effectiveAuth({ spec, metadata }: Platform): Effective['auth'] {
  const builtIn = !spec.auth?.issuer && spec.profile === 'Development'
  const web = `http://${metadata.name}-web.${metadata.namespace}.svc:8080`
  const issuer = spec.auth?.issuer ?? (builtIn ? web : '')
  return {
    issuer,
    audience: spec.auth?.audience ?? 'todo',
    jwksUri: spec.auth?.jwksUri ?? (builtIn ? `${web}/auth/jwks.json` : ''),
    rolesClaim: spec.auth?.rolesClaim ?? 'roles',
    operatorRole: spec.auth?.operatorRole ?? 'todo-operator',
    builtIn,
  }
}
