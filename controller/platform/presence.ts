import { type Kind, kindKey } from '../kube/objects.ts'
import type { Desired } from './desired.ts'
import { KINDS } from './platform.ts'

/** Kinds a platform can do without, and what brings them. */
const OPTIONAL: ReadonlyMap<string, string> = new Map(
  (
    [
      [KINDS.scaledObject, 'KEDA'],
      [KINDS.triggerAuthentication, 'KEDA'],
      [KINDS.verticalPodAutoscaler, 'the Vertical Pod Autoscaler'],
      [KINDS.podMonitor, 'the Prometheus operator'],
      [KINDS.prometheusRule, 'the Prometheus operator'],
      [KINDS.httpRoute, 'the Gateway API'],
      [KINDS.objectStore, 'the Barman Cloud plugin of CloudNativePG'],
      [KINDS.scheduledBackup, 'CloudNativePG'],
    ] as const
  ).map(([kind, from]) => [kindKey(kind), from]),
)

/** A kind that is asked for and not there: its children are left out until it is. */
export interface Skipped {
  kind: Kind
  /** What to install. */
  from: string
}

/**
 * Children of kinds that the server does not know: the ones a platform can do without are left out and told, all others
 * wait. Both appear by themselves when their CRD does. Pure.
 */
export function withoutAbsent(
  desired: Desired[],
  absentKinds: readonly string[],
): { desired: Desired[]; skipped: Skipped[] } {
  const absent = new Set(absentKinds)
  const skipped = new Map<string, Skipped>()
  const kept = desired.flatMap(each => {
    const { apiVersion, kind } = each.object
    const key = kindKey(each.object)
    if (!absent.has(key)) return [each]
    const from = OPTIONAL.get(key)
    if (!from) return [{ ...each, waiting: `the cluster has no ${key} (${apiVersion}): install its CRD` }]
    skipped.set(key, { kind: { apiVersion, kind }, from })
    return []
  })
  return { desired: kept, skipped: [...skipped.values()] }
}
