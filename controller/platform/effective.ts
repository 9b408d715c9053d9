import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import {
  DEAD_LETTER_PARTITIONS,
  DEAD_LETTER_RETENTION_MS,
  deadLetterTopic,
  eventRoute,
  IGNORE_ROUTE,
  SERVICES,
  type ServiceContract,
  TOPICS,
} from '../../src/contracts/topology.ts'
import { type EffectiveService, effectiveService, SERVICE_DEFAULTS } from './effective-service.ts'
import type { Platform } from './platform.ts'

export interface EffectiveTopic {
  name: string
  partitions: number
  replicas: number
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
  const subscriptions = [
    ...services.flatMap(({ contract }) => builtInSubscriptions(contract)),
    ...(spec.subscriptions ?? []).map(({ app, topic, path, rules = [], deadLetter = true }) => ({
      app,
      topic,
      path,
      rules,
      deadLetter,
    })),
  ]
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
    topics: topics(spec, subscriptions, Math.min(3, brokers.replicas)),
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

function topics(spec: PlatformSpec, subscriptions: EffectiveSubscription[], replicas: number): EffectiveTopic[] {
  const given = new Map((spec.topics ?? []).map(topic => [topic.name, topic]))
  const known = new Set(TOPICS.map(topic => topic.name))
  const own = (spec.topics ?? [])
    .filter(topic => !known.has(topic.name))
    .map(({ name }) => ({ name, partitions: 6, retentionMs: 7 * UNITS['d']! }))
  const living = [...TOPICS, ...own].map(topic => {
    const wanted = given.get(topic.name)
    return {
      name: topic.name,
      partitions: wanted?.partitions ?? topic.partitions,
      replicas: wanted?.replicas ?? replicas,
      retentionMs: wanted?.retention ? parseDuration(wanted.retention) : topic.retentionMs,
      config: wanted?.config ?? {},
      deadLetter: false,
    }
  })
  const dead = subscriptions
    .filter(subscription => subscription.deadLetter)
    .map(({ topic, app }) => ({
      name: deadLetterTopic(topic, app),
      partitions: DEAD_LETTER_PARTITIONS,
      replicas,
      retentionMs: DEAD_LETTER_RETENTION_MS,
      config: {},
      deadLetter: true,
    }))
  return [...living, ...dead]
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
