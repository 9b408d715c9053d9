import { conditionOf, type KubeObject, keyOf } from '../kube/objects.ts'
import type { Drift } from '../kube/ownership.ts'
import { CHANGES_WAIT_FOR, type Desired, PARTS, type Part, READY_BEFORE } from './desired.ts'
import { HASH_ANNOTATION, type Platform } from './platform.ts'
import { type Cached, driftOfChild } from './project.ts'

export type Step =
  | {
      action: 'create' | 'update'
      part: Part
      object: KubeObject
      reason: 'ChildMissing' | 'SpecChanged' | 'DriftRepaired'
      /** uid of the live object. */
      uid?: string | undefined
      drift: Drift[]
    }
  | {
      action: 'wait'
      part: Part
      object: KubeObject
      reason: 'WaitingForParts' | 'WaitingForInput'
      message: string
      /** Where the live object differs, as far as is known. */
      drift: Drift[]
    }
  | { action: 'delete'; part: Part | undefined; object: KubeObject; reason: 'NoLongerWanted' | 'PlatformDeleted' }

/** `kind/namespace/name → what is kept of the live object`, of everything that could be a child. */
export type Observed = ReadonlyMap<string, Cached>

/**
 * What to write now, in order. Creation follows the graph *ready before*; repairs and changes go at once, but for what
 * CHANGES_WAIT_FOR names; what is no longer wanted goes last. Pure: `tep plan` prints exactly this.
 */
export function plan(desired: Desired[], observed: Observed, { keepStateful }: { keepStateful: boolean }): Step[] {
  const steps: Step[] = []
  const ready = readyParts(desired, observed)
  const missingParts = (parts: readonly Part[] | undefined): Part[] => (parts ?? []).filter(part => !ready.has(part))
  for (const part of PARTS) {
    for (const wanted of desired.filter(each => each.part === part)) {
      const { object } = wanted
      const live = observed.get(keyOf(object))
      if (wanted.waiting) {
        steps.push({ action: 'wait', part, object, reason: 'WaitingForInput', message: wanted.waiting, drift: [] })
        continue
      }
      const blocked = missingParts(live ? CHANGES_WAIT_FOR[part] : READY_BEFORE[part])
      const drift = live ? driftOfChild(object, live) : []
      if (live && drift.length === 0) continue
      if (blocked.length > 0) {
        steps.push({
          action: 'wait',
          part,
          object,
          reason: 'WaitingForParts',
          message: `waits for ${blocked.join(', ')}`,
          drift,
        })
      } else if (!live) {
        steps.push({ action: 'create', part, object, reason: 'ChildMissing', drift })
      } else if (!live.metadata.deletionTimestamp) {
        const changed = live.metadata.annotations?.[HASH_ANNOTATION] !== object.metadata.annotations?.[HASH_ANNOTATION]
        const reason = changed ? 'SpecChanged' : 'DriftRepaired'
        steps.push({ action: 'update', part, object, reason, uid: live.metadata.uid, drift })
      }
    }
  }
  const wanted = new Set(desired.map(each => keyOf(each.object)))
  for (const object of observed.values()) {
    if (!wanted.has(keyOf(object)) && !object.metadata.deletionTimestamp && !(keepStateful && isStateful(object))) {
      steps.push({ action: 'delete', part: undefined, object, reason: 'NoLongerWanted' })
    }
  }
  return steps
}

/**
 * Would the steps undo what somebody else did? That is so when the platform came to rest at this generation: children of one
 * that is coming up are still created, those of one that was ready are missing because somebody took them away. Pure.
 */
export function isUnexplained(platform: Platform, steps: Step[]): boolean {
  const { generation } = platform.metadata
  if (platform.status?.observedGeneration !== generation) return false
  const wasReady = conditionOf(platform, 'Ready')?.status === 'True'
  return steps.some(({ action }) => action !== 'wait' && (action !== 'create' || wasReady))
}

/** A part is ready when everything wanted of it exists and its operator says so. */
export function readyParts(desired: Desired[], observed: Observed): Set<Part> {
  const isReady = ({ object, waiting }: Desired): boolean => {
    const live = observed.get(keyOf(object))
    return !waiting && live !== undefined && live.readiness.ready
  }
  return new Set(PARTS.filter(part => desired.filter(each => each.part === part).every(isReady)))
}

const STATEFUL = new Set(['Kafka', 'KafkaNodePool', 'KafkaTopic', 'Topic', 'Cluster'])
export const isStateful = (object: KubeObject): boolean => STATEFUL.has(object.kind)

/**
 * The waves of a deletion: consumers stop before topics go, topics before the operator that removes their finalizer, users
 * before Kafka, Kafka before its nodes. What no wave names goes in the first.
 */
const WAVES: readonly (readonly string[])[] = [
  ['Subscription'],
  // Before what they scale, or they would scale what is going.
  ['ScaledObject', 'HorizontalPodAutoscaler', 'VerticalPodAutoscaler'],
  ['Deployment', 'Job'],
  ['Component', 'Configuration', 'Resiliency'],
  ['KafkaTopic', 'Topic'],
  ['KafkaUser', 'User'],
  ['Kafka', 'Cluster'],
  ['KafkaNodePool'],
  // Pods stay closed to the last, and KEDA may read what it needs while it goes.
  [
    'Secret',
    'Service',
    'ServiceAccount',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'TriggerAuthentication',
    'ObjectStore',
  ],
]

/** The deletions to do now: those of the first wave that still has something to go; empty when all is gone. Pure. */
export function planDeletion(
  observed: Observed,
  isKept: (object: KubeObject) => boolean,
): { steps: Step[]; remaining: Cached[] } {
  const going = [...observed.values()].filter(object => !isKept(object))
  const waveOf = (object: KubeObject): number =>
    Math.max(
      0,
      WAVES.findIndex(kinds => kinds.includes(object.kind)),
    )
  const first = Math.min(...going.map(waveOf))
  const steps = going
    .filter(object => waveOf(object) === first && !object.metadata.deletionTimestamp)
    .map(object => ({ action: 'delete' as const, part: undefined, object, reason: 'PlatformDeleted' as const }))
  return { steps, remaining: going }
}
