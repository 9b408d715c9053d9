import { type KeyedLoop, keyOf, ownerKeys, splitKey, startKeyedLoop } from '../keyed-loop.ts'
import type { LocalClient } from '../kube-api/api.ts'
import { newPod } from './new-pod.ts'
import { isOwnedBy, isReady, isTerminating, POD, type Pod, REPLICA_SET, type ReplicaSet } from './types.ts'

const isOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** Keeps as many pods as a ReplicaSet wants; of too many, those that serve nobody go first. */
export function startReplicaSets(client: LocalClient, onError: (key: string, error: unknown) => void): KeyedLoop {
  const reconcile = async (key: string): Promise<void> => {
    const { namespace, name } = splitKey(key)
    const set = await client.get<ReplicaSet>(REPLICA_SET, namespace, name)
    if (!set?.spec || isTerminating(set)) return
    const pods = (await client.list<Pod>(POD, namespace)).filter(isOwnedBy(set))
    const alive = pods.filter(pod => !isTerminating(pod) && !isOver(pod))
    const wanted = set.spec.replicas ?? 1
    for (let missing = wanted - alive.length; missing > 0; missing--)
      await client.create(newPod(set, set.spec.template))
    const surplus = [...alive]
      .sort((a, b) => Number(isReady(a)) - Number(isReady(b)))
      .slice(0, Math.max(0, alive.length - wanted))
    for (const pod of surplus)
      await client.delete(POD, namespace, pod.metadata.name, { preconditions: { uid: pod.metadata.uid! } })
    const ready = alive.filter(pod => isReady(pod)).length
    const status = {
      observedGeneration: set.metadata.generation!,
      replicas: alive.length,
      fullyLabeledReplicas: alive.length,
      ...(ready > 0 && { readyReplicas: ready, availableReplicas: ready }),
    }
    if (JSON.stringify(status) !== JSON.stringify(set.status ?? {})) await client.replace({ ...set, status }, 'status')
  }
  return startKeyedLoop({
    client,
    watches: [
      { kind: REPLICA_SET, keysOf: object => [keyOf(object)] },
      { kind: POD, keysOf: ownerKeys('ReplicaSet') },
    ],
    reconcile,
    onError,
  })
}
