import { isDeepStrictEqual } from 'node:util'
import type { Effective } from './effective.ts'
import type { Refusal } from './errors.ts'
import type { Observed } from './plan.ts'
import { KINDS, type Platform } from './platform.ts'

type KafkaInForce = Pick<Effective, 'kafka' | 'strimzi' | 'redpanda' | 'external'>

/** Children that mean that a Kafka is in use: topics hold events, a Component holds the places of consumers. */
const IN_USE: string[] = [KINDS.kafka, KINDS.topic, KINDS.redpandaTopic, KINDS.component].map(({ kind }) => kind)

/** What `status.effective` says of Kafka: the one memory of which Kafka a platform was brought up with. */
export const shownKafka = ({ kafka, strimzi, redpanda, external }: Effective): object => ({
  ...kafka,
  ...(strimzi && { strimzi }),
  ...(redpanda && { redpanda }),
  ...(external && { external }),
})

function rememberedKafka({ status }: Platform): KafkaInForce | undefined {
  const { provider, prefix, strimzi, redpanda, external } = (status?.effective?.['kafka'] ?? {}) as Partial<
    Effective['kafka']
  > &
    Omit<KafkaInForce, 'kafka'>
  if (!provider || !{ strimzi, redpanda, external }[provider]) return undefined
  return {
    kafka: { provider, prefix: prefix ?? '' },
    ...(strimzi && { strimzi }),
    ...(redpanda && { redpanda }),
    ...(external && { external }),
  }
}

/**
 * A platform does not move from one Kafka to another by an edit: its events and the places of its consumers would stay
 * behind, and topics that are no longer wanted would go with all they hold. So the Kafka in force stays in force; the rest
 * of the spec goes on. The CRD refuses another provider already; another cluster or prefix is found here.
 */
export function kafkaInForce(
  platform: Platform,
  wanted: Effective,
  observed: Observed,
): { effective: Effective; refused: Refusal[] } {
  const before = rememberedKafka(platform)
  const inUse = [...observed.values()].some(({ kind }) => IN_USE.includes(kind))
  const change = before && inUse ? switchOf(before, wanted) : undefined
  if (!before || !change) return { effective: wanted, refused: [] }
  const { strimzi: _strimzi, redpanda: _redpanda, external: _external, ...rest } = wanted
  return {
    effective: { ...rest, ...before },
    refused: [
      {
        code: 'TEP-SPEC-KAFKA-SWITCH',
        field: change.field,
        message: `this platform's events are in ${change.from}, and an edit does not move them to ${change.to}; set it back, or create another TodoEventPlatform and move to it`,
        kind: 'TodoEventPlatform',
        name: '',
      },
    ],
  }
}

function switchOf(before: KafkaInForce, wanted: KafkaInForce): { field: string; from: string; to: string } | undefined {
  const { provider, prefix } = wanted.kafka
  if (before.kafka.provider !== provider)
    return { field: `spec.kafka.${provider}`, from: before.kafka.provider, to: provider }
  const [from, to] = [clusterOf(before), clusterOf(wanted)]
  if (!isDeepStrictEqual(from, to))
    return { field: `spec.kafka.${provider}.clusterRef`, from: textOf(from), to: textOf(to) }
  if (before.kafka.prefix !== prefix)
    return {
      field: 'spec.kafka.prefix',
      from: `topics with prefix "${before.kafka.prefix}"`,
      to: `"${prefix}"`,
    }
  return undefined
}

interface ClusterName {
  namespace: string
  name: string
}

const clusterOf = ({ strimzi, redpanda }: KafkaInForce): ClusterName | undefined =>
  strimzi?.clusterRef ?? redpanda?.clusterRef

const textOf = (cluster: ClusterName | undefined): string =>
  cluster ? `the Kafka ${cluster.namespace}/${cluster.name}` : 'a Kafka of its own'
