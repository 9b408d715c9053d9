import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import type { Effective } from './effective.ts'
import type { Refusal } from './errors.ts'
import type { Facts } from './facts.ts'
import { resourceName } from './names.ts'

/** Options that Strimzi sets itself and drops with a mere log line (api/…/KafkaClusterSpec.java, FORBIDDEN_PREFIXES). */
const FORBIDDEN = [
  'listeners',
  'advertised.',
  'broker.',
  'listener.',
  'host.name',
  'port',
  'inter.broker.listener.name',
  'sasl.',
  'ssl.',
  'security.',
  'password.',
  'log.dir',
  'zookeeper.',
  'authorizer.',
  'super.user',
  'node.id',
  'process.roles',
  'controller.',
  'metadata.log.dir',
  'cordoned.log.dirs',
  'cruise.control.metrics.topic',
  'prometheus.metrics.reporter.',
  'client.quota.callback.static.',
]
const ALLOWED = [
  'sasl.server.max.receive.size',
  'ssl.cipher.suites',
  'ssl.protocol',
  'ssl.enabled.protocols',
  'broker.session.timeout.ms',
  'broker.heartbeat.interval.ms',
  'controller.quorum.election.backoff.max.ms',
  'controller.quorum.election.timeout.ms',
  'controller.quorum.fetch.timeout.ms',
]

export const isForbiddenOption = (option: string): boolean =>
  !ALLOWED.includes(option) && FORBIDDEN.some(prefix => option.startsWith(prefix))

/** What the spec asks for and cannot have. Everything else goes on; each refusal is told in status with the way out. Pure. */
export function refusals(effective: Effective, facts: Facts): Refusal[] {
  const { prefix, provider } = effective.kafka
  const found: Refusal[] = []
  if (provider !== 'strimzi') {
    found.push({
      code: 'TEP-SPEC-PROVIDER',
      field: `spec.kafka.${provider}`,
      message: `this release drives Kafka through Strimzi only; use spec.kafka.strimzi (with clusterRef for a Kafka that exists)`,
      kind: 'TodoEventPlatform',
      name: '',
    })
  }
  for (const option of Object.keys(effective.strimzi?.config ?? {}).filter(isForbiddenOption)) {
    found.push({
      code: 'TEP-SPEC-KAFKA-CONFIG',
      field: `spec.kafka.strimzi.config["${option}"]`,
      message: `Strimzi manages ${option} itself and would drop it; remove it`,
      kind: 'Kafka',
      name: '',
    })
  }
  for (const topic of effective.topics) {
    const live = facts.livePartitions[prefix + topic.name] ?? 0
    if (live > topic.partitions) {
      found.push({
        code: 'TEP-SPEC-TOPIC-PARTITIONS',
        field: `spec.topics[name=${topic.name}].partitions`,
        message: `Kafka cannot shrink a topic from ${live} to ${topic.partitions} partitions; set ${live} or more, or add a topic and move to it`,
        kind: 'KafkaTopic',
        name: resourceName(prefix + topic.name),
      })
    }
  }
  const known = new Set(effective.topics.map(topic => topic.name))
  for (const { app, topic } of effective.subscriptions) {
    if (!known.has(topic)) {
      found.push({
        code: 'TEP-SPEC-SUBSCRIPTION-TOPIC',
        field: `spec.subscriptions[app=${app},topic=${topic}].topic`,
        message: `there is no topic ${topic}; add it to spec.topics or name one of ${[...known].filter(name => !name.endsWith('.dlq')).join(', ')}`,
        kind: 'Subscription',
        name: resourceName(`${app}-${topic}`),
      })
    }
  }
  return found
}

/** Fields the schema has for later releases: accepted and kept, but nothing comes of them yet. */
const NOT_ACTED_UPON: readonly ((spec: PlatformSpec) => string | false)[] = [
  spec => spec.legacy?.enabled === true && 'spec.legacy',
  spec => spec.notifications?.vapidSecretRef !== undefined && 'spec.notifications.vapidSecretRef',
  spec => spec.notifications?.webhookAllowedHosts !== undefined && 'spec.notifications.webhookAllowedHosts',
]

/** What is asked for and silently would not happen, were it not told in the condition VersionSupported. Pure. */
export const ignoredFields = (spec: PlatformSpec): string[] =>
  NOT_ACTED_UPON.map(look => look(spec)).filter(field => field !== false)
