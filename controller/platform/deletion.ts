import { groupOf, type KubeObject } from '../kube/objects.ts'
import type { ComponentRow, Verdict } from './report.ts'

/** Operators take seconds for what they have to undo; a finalizer that is still there after this time is waiting for somebody. */
const HELD_AFTER_MS = 60_000

/** Who takes a finalizer away. Sources: Strimzi BatchingTopicController, redpanda-operator FinalizerKey, KEDA finalizer.go, Kubernetes garbagecollector. */
const OWNERS: Record<string, string> = {
  'strimzi.io/topic-operator': 'Strimzi’s topic operator (entity operator of the Kafka)',
  'operator.redpanda.com/finalizer': 'the Redpanda operator',
  'finalizer.keda.sh': 'the KEDA operator',
  foregroundDeletion: 'Kubernetes’ garbage collector, which waits for what the object owns',
  orphan: 'Kubernetes’ garbage collector',
}

interface Going {
  remaining: KubeObject[]
  /** Deletions of this wave that are asked for now. */
  asked: KubeObject[]
  /** Why a deletion could not be asked for. */
  failure?: Error | undefined
  /** Milliseconds since 1970. */
  now: number
}

/**
 * How far a deletion is. One that does not get on says for whom it waits: object, finalizer, who would take it away, and
 * the command for when that one is gone for good. We never take away another's finalizer: what it guards would be lost
 * without a trace. Says the same as long as nothing changes, so that the condition does not flap.
 */
export function deletionReport({ remaining, asked, failure, now }: Going): { verdict: Verdict; rows: ComponentRow[] } {
  const held = remaining.filter(object => isHeld(object, now)).map(heldBy)
  const rows = remaining.map(object => ({
    kind: object.kind,
    name: object.metadata.name,
    ready: false,
    reason: isHeld(object, now) ? 'Held' : object.metadata.deletionTimestamp ? 'Terminating' : 'WaitingForEarlierWave',
    message: object.metadata.deletionTimestamp && object.metadata.finalizers?.length ? heldBy(object) : '',
  }))
  const kinds = [...new Set((asked.length > 0 ? asked : remaining).map(({ kind }) => kind))].slice(0, 3).join(', ')
  const left = `${remaining.length} children left`
  const others = held.length > 1 ? ` (and ${held.length - 1} more, see components)` : ''
  if (failure) return { rows, verdict: { status: 'True', reason: 'Failing', message: `${left}: ${failure.message}` } }
  if (held.length > 0)
    return { rows, verdict: { status: 'True', reason: 'Held', message: `${left}: ${held[0]}${others}` } }
  return { rows, verdict: { status: 'True', reason: 'InProgress', message: `${left}; next: ${kinds}` } }
}

const isHeld = ({ metadata: { deletionTimestamp, finalizers } }: KubeObject, now: number): boolean =>
  !!deletionTimestamp && !!finalizers?.length && now - Date.parse(deletionTimestamp) >= HELD_AFTER_MS

function heldBy({ apiVersion, kind, metadata: { namespace, name, finalizers = [] } }: KubeObject): string {
  const owners = finalizers.map(finalizer => `${finalizer} of ${OWNERS[finalizer] ?? 'whoever set it'}`)
  const resource = [kind.toLowerCase(), groupOf(apiVersion)].filter(Boolean).join('.')
  const command = `kubectl -n ${namespace} patch ${resource}/${name} --type=merge -p '{"metadata":{"finalizers":[]}}'`
  return `${kind} ${namespace}/${name} is held by finalizer ${owners.join(', ')}; see that it runs, or, if it is gone for good: ${command}`
}
