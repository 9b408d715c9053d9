import type { Effective } from './effective.ts'
import type { EffectiveService } from './effective-service.ts'
import type { Facts } from './facts.ts'
import { childName } from './names.ts'
import { KINDS, type Platform } from './platform.ts'

/** Who says how many pods a Deployment has: an autoscaler, or we. `adopted`: the number an autoscaler left behind. */
export type Replicas = { autoscaled: true } | { count: number; adopted: boolean }

type World = { platform: Platform; effective: Effective; facts: Facts }

const kedaKind = KINDS.scaledObject.kind
const isServed = ({ absentKinds }: Facts, kind: { apiVersion: string; kind: string }): boolean =>
  !absentKinds.some(absent => absent.startsWith(`${kind.kind}.`))

/** What an autoscaler takes for its measure: lag where events are shared out among pods and KEDA can read it, else CPU. */
export function scalerOf(
  { facts }: Pick<World, 'facts'>,
  service: EffectiveService,
): 'ScaledObject' | 'HorizontalPodAutoscaler' | undefined {
  if (!service.autoscaling) return undefined
  const { consumes, pubsub } = service.contract
  // Real time gives every pod every event: more pods do not lessen its lag.
  const sharesLag = consumes.length > 0 && pubsub === 'kafka-pubsub'
  return sharesLag && isServed(facts, KINDS.scaledObject) && isServed(facts, KINDS.triggerAuthentication)
    ? 'ScaledObject'
    : 'HorizontalPodAutoscaler'
}

/**
 * An autoscaler that is wanted, or that is still there, owns the number. What it leaves is kept until the user says a
 * number: to fall back to a default of two under load would be an outage.
 */
export function replicasOf(world: World, service: EffectiveService): Replicas {
  const { platform, facts } = world
  const name = childName(platform.metadata.name, service.contract.service)
  const scaler = scalerOf(world, service)
  const alive = facts.autoscalers.some(each => each.endsWith(`/${name}`))
  if (scaler || alive) return { autoscaled: true }
  const scale = facts.scales[name]
  const left = scale?.autoscaled ? scale.replicas : scale?.adopted
  if (left === undefined || service.replicasGiven) return { count: service.replicas, adopted: false }
  return { count: left, adopted: true }
}

/** Most pods that find work: the partitions of the least-partitioned topic it shares out; no limit for those that scale by CPU. */
export function mostPods({ effective, facts }: Pick<World, 'effective' | 'facts'>, service: EffectiveService): number {
  const max = service.autoscaling?.max ?? service.replicas
  if (scalerOf({ facts }, service) !== kedaKind) return max
  const partitions = service.contract.consumes.map(({ topic }) => {
    const wanted = effective.topics.find(({ name }) => name === topic)?.partitions ?? 1
    return Math.max(wanted, facts.kafka.topics[effective.kafka.prefix + topic]?.partitions ?? 0)
  })
  return Math.max(1, Math.min(max, ...partitions))
}
