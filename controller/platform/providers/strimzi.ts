import type { AclRule } from '../access.ts'
import type { Desired } from '../desired.ts'
import { resourceName } from '../names.ts'
import { KINDS } from '../platform.ts'
import { type Context, child } from '../render/context.ts'

/** The Kafka in use: the one we create in the platform's namespace, or the one referred to. */
export function strimziCluster({ platform, effective }: Pick<Context, 'platform' | 'effective'>): {
  name: string
  namespace: string
  created: boolean
} {
  const ref = effective.strimzi?.clusterRef
  return ref
    ? { ...ref, created: false }
    : { name: platform.metadata.name, namespace: platform.metadata.namespace, created: true }
}

const LISTENER = { name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'scram-sha-512' } }

/** Kafka and its node pools, in the shape of Strimzi's own `kafka-persistent` example. */
export function strimziKafka(context: Context): Desired[] {
  const { effective } = context
  const cluster = strimziCluster(context)
  if (!cluster.created || !effective.strimzi) return []
  const { brokers, controllers, version, rackTopologyKey, config } = effective.strimzi
  const factor = Math.min(3, brokers.replicas)
  const common = { namespace: cluster.namespace, component: 'kafka', part: 'kafka', stateful: true } as const
  const pool = (role: string, roles: string[], group: typeof brokers): Desired =>
    child(context, {
      ...common,
      kind: KINDS.nodePool,
      name: `${cluster.name}-${role}`,
      labels: { 'strimzi.io/cluster': cluster.name },
      body: {
        spec: {
          replicas: group.replicas,
          roles,
          storage: {
            type: 'jbod',
            volumes: [
              {
                id: 0,
                type: 'persistent-claim',
                size: group.storage.size,
                ...(group.storage.class && { class: group.storage.class }),
                kraftMetadata: 'shared',
                deleteClaim: effective.deletionPolicy === 'Delete',
              },
            ],
          },
          ...(Object.keys(group.resources).length > 0 && { resources: group.resources }),
        },
      },
    })
  return [
    ...(controllers
      ? [pool('controller', ['controller'], controllers), pool('broker', ['broker'], brokers)]
      : [pool('broker', ['controller', 'broker'], brokers)]),
    child(context, {
      ...common,
      kind: KINDS.kafka,
      name: cluster.name,
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
          },
          entityOperator: { topicOperator: {}, userOperator: {} },
        },
      },
    }),
  ]
}

export function strimziTopics(context: Context): Desired[] {
  const { effective, facts } = context
  const cluster = strimziCluster(context)
  return effective.topics.map(topic => {
    const name = effective.kafka.prefix + topic.name
    return child(context, {
      kind: KINDS.topic,
      name: resourceName(name),
      namespace: cluster.namespace,
      component: topic.deadLetter ? 'dead-letters' : 'topic',
      part: 'topics',
      stateful: true,
      labels: { 'strimzi.io/cluster': cluster.name },
      body: {
        spec: {
          topicName: name,
          // Kafka cannot shrink a topic: what exists is kept, and the refusal is told in status.
          partitions: Math.max(topic.partitions, facts.livePartitions[name] ?? 0),
          replicas: topic.replicas,
          config: { 'retention.ms': topic.retentionMs, ...topic.config },
        },
      },
    })
  })
}

/** KafkaUsers carry the SCRAM name; their ACLs are what the topology allows, no more. */
export const strimziUserName = (prefix: string, appId: string): string => resourceName(prefix + appId)

export function strimziUser(context: Context, appId: string, rules: AclRule[]): Desired {
  const cluster = strimziCluster(context)
  return child(context, {
    kind: KINDS.user,
    name: strimziUserName(context.effective.kafka.prefix, appId),
    namespace: cluster.namespace,
    component: appId,
    part: 'users',
    labels: { 'strimzi.io/cluster': cluster.name },
    body: {
      spec: {
        authentication: { type: 'scram-sha-512' },
        authorization: {
          type: 'simple',
          acls: rules.map(({ resource, name, pattern, operations }) => ({
            type: 'allow',
            resource: { type: resource, name, patternType: pattern },
            operations,
            host: '*',
          })),
        },
      },
    },
  })
}
