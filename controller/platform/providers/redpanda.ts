import { aclRules, appAccess } from '../access.ts'
import type { Desired } from '../desired.ts'
import type { Effective } from '../effective.ts'
import type { Credential, KafkaFacts } from '../facts.ts'
import { kafkaUserName, resourceName } from '../names.ts'
import { KINDS } from '../platform.ts'
import { type Context, child } from '../render/context.ts'
import type { RedpandaInput } from './inputs.ts'
import type { KafkaProvider, View } from './provider.ts'
import { byPassword, caCert } from './sasl.ts'
import { secretText } from './secrets.ts'
import { liveTopics, refuseTopics, topicConfig } from './topics.ts'

/**
 * Redpanda that its operator runs: we bring Topic and User (cluster.redpanda.com/v1alpha2) beside it and leave it alone.
 * It moves replicas itself (topic_controller.go, generateConf), so that only partitions are refused.
 */
export const redpanda: KafkaProvider = {
  observe,
  children: context => [...topics(context), ...users(context)],
  identity: () => 'password',
  connection: ({ platform, facts }) => [
    { name: 'brokers', value: facts.kafka.bootstrapServers ?? '' },
    ...byPassword('SHA-512', facts.kafka.plaintext ? undefined : [caCert(platform)]),
    { name: 'version', value: '2.8.0' },
  ],
  refuse(_platform, effective, facts) {
    const { topics: held, refused } = refuseTopics(effective, facts, KINDS.redpandaTopic.kind)
    return { effective: { ...effective, topics: held }, refused }
  },
}

const clusterOf = (effective: Effective): { name: string; namespace: string } => effective.redpanda!.clusterRef

function observe({ cache, effective }: View): KafkaFacts {
  const { name, namespace } = clusterOf(effective)
  const input = cache.get(KINDS.redpanda, namespace, name)?.['input'] as RedpandaInput | undefined
  // The certificate's own Secret names its CA, whoever issued it (charts/redpanda, cert-manager).
  const ca = input?.tls && secretText(cache, namespace, `${name}-${input.certificate}-cert`, 'ca.crt')
  const missing = !input
    ? `Redpanda ${namespace}/${name} is not there`
    : !input.sasl &&
      `Redpanda ${namespace}/${name} lets everybody in: set spec.clusterSpec.auth.sasl.enabled to true there, so that each app can have a user of its own`
  return {
    ...(input?.sasl && { bootstrapServers: `${name}.${namespace}.svc.cluster.local:${input.kafkaPort}` }),
    ...(ca && { caCert: ca }),
    ...(input && !input.tls && { plaintext: true }),
    ...(missing && { missing }),
    credentials: Object.fromEntries(
      appAccess(effective).flatMap(({ appId }): [string, Credential][] => {
        const username = kafkaUserName(effective.kafka.prefix, appId)
        const password = secretText(cache, namespace, passwordSecret(username), 'password')
        return password ? [[appId, { username, password }]] : []
      }),
    ),
    topics: liveTopics(cache, KINDS.redpandaTopic, { name, namespace }, effective),
    nodePools: {},
    movesReplicas: true,
    reports: [],
  }
}

/** The Secret in which the operator puts the password it makes up. */
const passwordSecret = (username: string): string => `${username}-password`

function topics(context: Context): Desired[] {
  const { effective, facts } = context
  const { name: cluster, namespace } = clusterOf(effective)
  return effective.topics.map(topic => {
    const topicName = effective.kafka.prefix + topic.name
    const name = resourceName(topicName)
    return child(context, {
      kind: KINDS.redpandaTopic,
      name,
      namespace,
      component: topic.deadLetter ? 'dead-letters' : 'topic',
      part: 'topics',
      stateful: true,
      waiting: facts.kafka.missing,
      body: {
        spec: {
          cluster: { clusterRef: { name: cluster } },
          ...(name !== topicName && { overwriteTopicName: topicName }),
          partitions: topic.partitions,
          ...(topic.replicas && { replicationFactor: topic.replicas }),
          additionalConfig: Object.fromEntries(
            Object.entries(topicConfig(topic)).map(([option, value]) => [option, String(value)]),
          ),
        },
      },
    })
  })
}

/** The operator makes up the password and keeps it in a Secret, which is copied like Strimzi's. */
function users(context: Context): Desired[] {
  const { effective, facts } = context
  const { prefix } = effective.kafka
  const { name: cluster, namespace } = clusterOf(effective)
  return appAccess(effective).map(access => {
    const username = kafkaUserName(prefix, access.appId)
    return child(context, {
      kind: KINDS.redpandaUser,
      name: username,
      namespace,
      component: access.appId,
      part: 'users',
      waiting: facts.kafka.missing,
      body: {
        spec: {
          cluster: { clusterRef: { name: cluster } },
          authentication: {
            type: 'scram-sha-512',
            password: { valueFrom: { secretKeyRef: { name: passwordSecret(username), key: 'password' } } },
            // A password changed in the Secret reaches Redpanda, so that it can be rotated there.
            syncCredentials: true,
          },
          authorization: {
            type: 'simple',
            acls: aclRules(access, prefix).map(({ resource, name, pattern, operations }) => ({
              type: 'allow',
              resource: { type: resource, name, patternType: pattern === 'prefix' ? 'prefixed' : pattern },
              operations,
              host: '*',
            })),
          },
        },
      },
    })
  })
}
