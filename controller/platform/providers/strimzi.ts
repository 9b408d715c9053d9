import { aclRules, appAccess } from '../access.ts'
import type { Desired } from '../desired.ts'
import type { Effective } from '../effective.ts'
import type { Credential, KafkaFacts, LiveNodePool } from '../facts.ts'
import { kafkaUserName, resourceName } from '../names.ts'
import { KINDS, type Platform } from '../platform.ts'
import { type Context, child } from '../render/context.ts'
import type { StrimziInput } from './inputs.ts'
import type { KafkaProvider, View } from './provider.ts'
import { byPassword, caCert } from './sasl.ts'
import { secretOf, secretText, textIn } from './secrets.ts'
import { refuseConfig } from './strimzi-config.ts'
import { nodePools, poolName, refuseNodes } from './strimzi-nodes.ts'
import { liveTopics, refuseTopics, topicConfig } from './topics.ts'

/** Kafka run by Strimzi 1.x: the one we create in the platform's namespace, or the one referred to. */
export const strimzi: KafkaProvider = {
  observe,
  children: context => [...cluster(context), ...topics(context), ...users(context)],
  identity: () => 'password',
  connection: ({ platform, facts }) => [
    { name: 'brokers', value: facts.kafka.bootstrapServers ?? '' },
    ...byPassword('SHA-512', facts.kafka.plaintext ? undefined : [caCert(platform)]),
    { name: 'version', value: '3.6.0' },
  ],
  refuse(platform, effective, facts) {
    const held = refuseTopics(effective, facts, KINDS.topic.kind)
    const { name } = strimziCluster({ platform, effective })
    const config = refuseConfig(effective.strimzi!.config, name)
    const nodes = refuseNodes(name, { ...effective.strimzi!, config: config.config }, facts.nodePools)
    return {
      effective: { ...effective, topics: held.topics, strimzi: nodes.strimzi },
      refused: [...config.refused, ...nodes.refused, ...held.refused],
    }
  },
}

interface Cluster {
  name: string
  namespace: string
  created: boolean
}

export function strimziCluster({ platform, effective }: { platform: Platform; effective: Effective }): Cluster {
  const ref = effective.strimzi?.clusterRef
  return ref
    ? { ...ref, created: false }
    : { name: platform.metadata.name, namespace: platform.metadata.namespace, created: true }
}

function observe(view: View): KafkaFacts {
  const { cache, effective } = view
  const { name, namespace, created } = strimziCluster(view)
  const kafka = cache.get(KINDS.kafka, namespace, name)?.['input'] as StrimziInput | undefined
  const listener = listenerOf(kafka)
  const ca = created || listener?.tls ? certificatesOf(view, listener?.certificates ?? []) : ''
  const pools = (['broker', 'controller'] as const).flatMap(role => {
    const pool = created && cache.get(KINDS.nodePool, namespace, poolName(name, role))?.['input']
    return pool ? [[role, pool as LiveNodePool] as const] : []
  })
  const missing = missingOf(kafka, listener, `${namespace}/${name}`)
  return {
    ...(listener?.bootstrapServers && { bootstrapServers: listener.bootstrapServers }),
    ...(kafka?.version && { version: kafka.version }),
    ...(ca && { caCert: ca }),
    ...(listener && !listener.tls && { plaintext: true }),
    ...(missing && !created && { missing }),
    credentials: Object.fromEntries(
      appAccess(effective).flatMap(({ appId }): [string, Credential][] => {
        const username = kafkaUserName(effective.kafka.prefix, appId)
        const password = secretText(cache, namespace, username, 'password')
        return password ? [[appId, { username, password }]] : []
      }),
    ),
    topics: liveTopics(cache, KINDS.topic, { name, namespace }, effective),
    nodePools: Object.fromEntries(pools),
    ...(created && kafka?.replicationFactor && { replicationFactor: kafka.replicationFactor }),
    movesReplicas: kafka?.cruiseControl ?? false,
    reports: [],
  }
}

type Listener = StrimziInput['listeners'][number]

/** Our own is called `tls`; of a Kafka that exists, the first with SCRAM, encrypted if there is one. */
function listenerOf(kafka: StrimziInput | undefined): Listener | undefined {
  const rank = ({ name, tls }: Listener): number => (tls ? (name === LISTENER.name ? 2 : 1) : 0)
  return kafka?.listeners.filter(({ scram }) => scram).sort((a, b) => rank(b) - rank(a))[0]
}

function missingOf(kafka: StrimziInput | undefined, listener: Listener | undefined, what: string): string | undefined {
  if (!kafka) return `Kafka ${what} is not there`
  if (!listener)
    return `Kafka ${what} has no listener with authentication scram-sha-512: add one, with tls: true, to its spec.kafka.listeners`
  return undefined
}

/**
 * Every CA the brokers' certificates may be signed by: while Strimzi replaces a CA's key the old one stands in the Secret
 * beside the new, and a listener may have a certificate of its own.
 */
function certificatesOf(view: View, listener: string[]): string {
  const { name, namespace } = strimziCluster(view)
  const secret = secretOf(view.cache, namespace, `${name}-cluster-ca-cert`)
  const trusted = Object.keys(secret?.['data'] ?? {})
    .filter(key => key.endsWith('.crt'))
    .sort()
    .flatMap(key => textIn(secret, key) ?? [])
  return [...new Set([...trusted, ...listener].map(pem => pem.trim()))].join('\n')
}

const LISTENER = { name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'scram-sha-512' } }

/** Kafka and its node pools, in the shape of Strimzi's own `kafka-persistent` example. */
function cluster(context: Context): Desired[] {
  const { effective, facts } = context
  const { name, namespace, created } = strimziCluster(context)
  if (!created) return []
  const { brokers, version, rackTopologyKey, config } = effective.strimzi!
  // Raised later, these would ask more copies of topics that have fewer, and nobody could write to them any more.
  const factor = Math.min(3, brokers.replicas, facts.kafka.replicationFactor ?? 3)
  const metrics = effective.monitoring.enabled
  return [
    ...nodePools(context, { name, namespace }),
    child(context, {
      kind: KINDS.kafka,
      name,
      namespace,
      component: 'kafka',
      part: 'kafka',
      stateful: true,
      body: {
        spec: {
          kafka: {
            version,
            listeners: [LISTENER],
            authorization: { type: 'simple' },
            config: {
              'offsets.topic.replication.factor': factor,
              'transaction.state.log.replication.factor': factor,
              'transaction.state.log.min.isr': Math.max(1, factor - 1),
              'default.replication.factor': factor,
              'min.insync.replicas': Math.max(1, factor - 1),
              'auto.create.topics.enable': false,
              ...config,
            },
            ...(rackTopologyKey && { rack: { topologyKey: rackTopologyKey } }),
            ...(metrics && { metricsConfig: { type: 'strimziMetricsReporter' } }),
          },
          entityOperator: { topicOperator: {}, userOperator: {} },
          ...(metrics && { kafkaExporter: { topicRegex: '.*', groupRegex: '.*' } }),
        },
      },
    }),
  ]
}

function topics(context: Context): Desired[] {
  const { effective, facts } = context
  const { name, namespace } = strimziCluster(context)
  return effective.topics.map(topic => {
    const topicName = effective.kafka.prefix + topic.name
    return child(context, {
      kind: KINDS.topic,
      name: resourceName(topicName),
      namespace,
      component: topic.deadLetter ? 'dead-letters' : 'topic',
      part: 'topics',
      stateful: true,
      waiting: facts.kafka.missing,
      labels: { 'strimzi.io/cluster': name },
      body: {
        spec: {
          topicName,
          partitions: topic.partitions,
          ...(topic.replicas && { replicas: topic.replicas }),
          config: topicConfig(topic),
        },
      },
    })
  })
}

/** KafkaUsers carry the SCRAM name; their ACLs are what the topology allows, no more. */
function users(context: Context): Desired[] {
  const { effective, facts } = context
  const { prefix } = effective.kafka
  const { name, namespace } = strimziCluster(context)
  return appAccess(effective).map(access =>
    child(context, {
      kind: KINDS.user,
      name: kafkaUserName(prefix, access.appId),
      namespace,
      component: access.appId,
      part: 'users',
      waiting: facts.kafka.missing,
      labels: { 'strimzi.io/cluster': name },
      body: {
        spec: {
          authentication: { type: 'scram-sha-512' },
          authorization: {
            type: 'simple',
            acls: aclRules(access, prefix).map(({ resource, name: what, pattern, operations }) => ({
              type: 'allow',
              resource: { type: resource, name: what, patternType: pattern },
              operations,
              host: '*',
            })),
          },
        },
      },
    }),
  )
}
