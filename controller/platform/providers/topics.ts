import type { Cache } from '../../kube/cache.ts'
import type { Effective, EffectiveTopic } from '../effective.ts'
import type { Refusal } from '../errors.ts'
import type { KafkaFacts } from '../facts.ts'
import { resourceName } from '../names.ts'
import { BY_TOPIC, topicKey } from '../project.ts'
import type { TopicInput } from './inputs.ts'

/**
 * Topics as Kafka can have them: it never takes partitions away, and moves replicas only with help. What was not asked for
 * stays as it is. `kind` is the kind of child that stands for a topic.
 */
export function refuseTopics(
  { topics, kafka }: Effective,
  facts: KafkaFacts,
  kind: string,
): { topics: EffectiveTopic[]; refused: Refusal[] } {
  const refused: Refusal[] = []
  const held = topics.map(topic => {
    const live = facts.topics[kafka.prefix + topic.name]
    if (!live) return topic
    const name = resourceName(kafka.prefix + topic.name)
    const field = (last: string): string => `spec.topics[name=${topic.name}].${last}`
    if (live.partitions > topic.partitions)
      refused.push({
        code: 'TEP-SPEC-TOPIC-PARTITIONS',
        field: field('partitions'),
        message: `Kafka cannot shrink a topic from ${live.partitions} to ${topic.partitions} partitions; set ${live.partitions} or more, or add a topic and move to it`,
        kind,
        name,
      })
    const moves = topic.replicas !== undefined && live.replicas !== undefined && topic.replicas !== live.replicas
    if (moves && !facts.movesReplicas)
      refused.push({
        code: 'TEP-SPEC-TOPIC-REPLICAS',
        field: field('replicas'),
        message: `replicas cannot go from ${live.replicas} to ${topic.replicas} without Cruise Control; set ${live.replicas}, or use a Kafka with spec.cruiseControl through spec.kafka.strimzi.clusterRef`,
        kind,
        name,
      })
    const replicas = moves && !facts.movesReplicas ? live.replicas : topic.replicas
    return {
      ...topic,
      partitions: Math.max(topic.partitions, live.partitions),
      ...(replicas !== undefined && { replicas }),
    }
  })
  return { topics: held, refused }
}

/** Those of a platform's topics that a cluster has, by Kafka's own name. Only what Kafka has accepted counts: a topic that was refused may still be corrected. */
export const liveTopics = (
  cache: Cache,
  { kind }: { kind: string },
  cluster: { name: string; namespace: string },
  { topics, kafka }: Effective,
): KafkaFacts['topics'] =>
  Object.fromEntries(
    topics
      .flatMap(topic => cache.byIndex(BY_TOPIC, topicKey(kind, cluster, kafka.prefix + topic.name)))
      .map(topic => topic['input'] as TopicInput)
      .filter(topic => topic.accepted)
      .map(({ name, partitions, replicas }) => [name, { partitions, ...(replicas !== undefined && { replicas }) }]),
  )

/** The configuration of a topic, as Kafka names it. */
export const topicConfig = ({ retentionMs, config }: EffectiveTopic): Record<string, unknown> => ({
  'retention.ms': retentionMs,
  ...config,
})
