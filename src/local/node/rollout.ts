import { createHash } from 'node:crypto'
import type { Condition, Deployment, DeploymentSpec, PodTemplate, ReplicaSet, WorkloadStatus } from './types.ts'

/** The arithmetic of a rolling update (pkg/controller/deployment/util in Kubernetes), without I/O. */

export const templateHash = (template: PodTemplate): string =>
  createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10)

const share = (value: number | string | undefined, of: number, roundUp: boolean, fallback: string): number => {
  const given = value ?? fallback
  if (typeof given === 'number') return given
  if (!given.endsWith('%')) return Number(given)
  const exact = (Number(given.slice(0, -1)) / 100) * of
  return roundUp ? Math.ceil(exact) : Math.floor(exact)
}

/** How many pods may be made above, and missing below, the wanted number; never both 0. */
export function bounds({ replicas = 1, strategy }: DeploymentSpec): { surge: number; unavailable: number } {
  if (strategy?.type === 'Recreate') return { surge: 0, unavailable: replicas }
  const surge = share(strategy?.rollingUpdate?.maxSurge, replicas, true, '25%')
  const unavailable = share(strategy?.rollingUpdate?.maxUnavailable, replicas, false, '25%')
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

const sum = (sets: ReplicaSet[], pick: (set: ReplicaSet) => number | undefined): number =>
  sets.reduce((total, set) => total + (pick(set) ?? 0), 0)

/** The sizes that the new and the old ReplicaSets should have now. */
export function nextSizes(spec: DeploymentSpec, current: ReplicaSet, old: ReplicaSet[]): Map<string, number> {
  const wanted = spec.replicas ?? 1
  const { surge, unavailable } = bounds(spec)
  const sizes = new Map<string, number>()
  const oldSize = sum(old, set => set.spec?.replicas)
  const oldAlive = sum(old, set => set.status?.replicas)
  const size = current.spec?.replicas ?? 0
  if (spec.strategy?.type === 'Recreate') {
    for (const set of old) sizes.set(set.metadata.name, 0)
    sizes.set(current.metadata.name, oldAlive > 0 ? size : wanted)
    return sizes
  }
  sizes.set(current.metadata.name, Math.min(wanted, Math.max(size, wanted + surge - oldSize)))
  const newUnavailable = Math.max(0, size - (current.status?.availableReplicas ?? 0))
  // Unhealthy old pods serve nobody and may go first; healthy ones only as the minimum allows.
  let removable = oldSize + size - (wanted - unavailable) - newUnavailable
  for (const healthyToo of [false, true]) {
    for (const set of old) {
      const before = sizes.get(set.metadata.name) ?? set.spec?.replicas ?? 0
      const unhealthy = Math.max(0, before - (set.status?.availableReplicas ?? 0))
      const take = Math.max(0, Math.min(healthyToo ? before : unhealthy, removable))
      removable -= take
      sizes.set(set.metadata.name, before - take)
    }
  }
  return sizes
}

/** Status of a Deployment from its ReplicaSets; conditions keep their times while they say the same. */
export function deploymentStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  sets: ReplicaSet[],
  now: string,
): WorkloadStatus {
  const wanted = deployment.spec?.replicas ?? 1
  const replicas = sum(sets, set => set.status?.replicas)
  const available = sum(sets, set => set.status?.availableReplicas)
  const updated = current?.status?.replicas ?? 0
  const done =
    updated === wanted &&
    replicas === updated &&
    available >= wanted &&
    current?.status?.observedGeneration === current?.metadata.generation
  const enough = available >= wanted - bounds(deployment.spec!).unavailable
  const name = current?.metadata.name ?? ''
  const wantedConditions: Condition[] = [
    enough
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    done
      ? {
          type: 'Progressing',
          status: 'True',
          reason: 'NewReplicaSetAvailable',
          message: `ReplicaSet "${name}" has successfully progressed.`,
        }
      : {
          type: 'Progressing',
          status: 'True',
          reason: 'ReplicaSetUpdated',
          message: `ReplicaSet "${name}" is progressing.`,
        },
  ]
  const count = (key: string, value: number): Record<string, number> => (value > 0 ? { [key]: value } : {})
  return {
    observedGeneration: deployment.metadata.generation!,
    ...count('replicas', replicas),
    ...count('updatedReplicas', updated),
    ...count(
      'readyReplicas',
      sum(sets, set => set.status?.readyReplicas),
    ),
    ...count('availableReplicas', available),
    ...count('unavailableReplicas', Math.max(0, Math.max(wanted, replicas) - available)),
    conditions: wantedConditions.map(condition => {
      const before = deployment.status?.conditions?.find(({ type }) => type === condition.type)
      const same = before?.status === condition.status && before?.reason === condition.reason
      return {
        ...condition,
        lastUpdateTime: same ? before.lastUpdateTime! : now,
        lastTransitionTime: before?.status === condition.status ? before.lastTransitionTime! : now,
      }
    }),
  }
}
