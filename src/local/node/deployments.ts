import { type KeyedLoop, keyOf, ownerKeys, splitKey, startKeyedLoop } from '../keyed-loop.ts'
import type { LocalClient } from '../kube-api/api.ts'
import { deploymentStatus, nextSizes, templateHash } from './rollout.ts'
import {
  DEPLOYMENT,
  type Deployment,
  isOwnedBy,
  isTerminating,
  REPLICA_SET,
  type ReplicaSet,
  timestamp,
} from './types.ts'

const HASH_LABEL = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'

/** Deployments become ReplicaSets, one for each pod template, and roll from the old to the new. */
export function startDeployments(client: LocalClient, onError: (key: string, error: unknown) => void): KeyedLoop {
  const reconcile = async (key: string): Promise<void> => {
    const { namespace, name } = splitKey(key)
    const deployment = await client.get<Deployment>(DEPLOYMENT, namespace, name)
    if (!deployment?.spec || isTerminating(deployment)) return
    const sets = (await client.list<ReplicaSet>(REPLICA_SET, namespace)).filter(isOwnedBy(deployment))
    const hash = templateHash(deployment.spec.template)
    let current = sets.find(set => set.metadata.labels?.[HASH_LABEL] === hash)
    if (!current && !deployment.spec.paused) {
      const revision = 1 + Math.max(0, ...sets.map(set => Number(set.metadata.annotations?.[REVISION] ?? 0)))
      current = await client.create(replicaSetOf(deployment, hash, revision, sets.length === 0))
      sets.push(current)
    }
    if (current) {
      for (const [setName, size] of nextSizes(
        deployment.spec,
        current,
        sets.filter(set => set !== current),
      )) {
        if (sets.find(set => set.metadata.name === setName)?.spec?.replicas !== size)
          await client.merge(REPLICA_SET, namespace, setName, { spec: { replicas: size } })
      }
      await prune(deployment, current, sets)
    }
    const status = deploymentStatus(deployment, current, sets, timestamp())
    if (JSON.stringify(status) !== JSON.stringify(deployment.status ?? {})) {
      await client.replace({ ...deployment, status }, 'status')
    }
  }

  const prune = async ({ spec, metadata }: Deployment, current: ReplicaSet, sets: ReplicaSet[]): Promise<void> => {
    const done = sets
      .filter(set => set !== current && !set.spec?.replicas && !set.status?.replicas)
      .sort((a, b) => Number(a.metadata.annotations?.[REVISION]) - Number(b.metadata.annotations?.[REVISION]))
    for (const set of done.slice(0, Math.max(0, done.length - (spec?.revisionHistoryLimit ?? 10)))) {
      await client.delete(REPLICA_SET, metadata.namespace, set.metadata.name)
    }
  }

  return startKeyedLoop({
    client,
    watches: [
      { kind: DEPLOYMENT, keysOf: object => [keyOf(object)] },
      { kind: REPLICA_SET, keysOf: ownerKeys('Deployment') },
    ],
    reconcile,
    onError,
  })
}

/** The first ReplicaSet starts at full size; a later one grows as the old ones shrink. */
function replicaSetOf({ metadata, spec }: Deployment, hash: string, revision: number, first: boolean): ReplicaSet {
  const labels = { ...spec!.template.metadata?.labels, [HASH_LABEL]: hash }
  return {
    ...REPLICA_SET,
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace!,
      labels,
      annotations: { [REVISION]: String(revision) },
      ownerReferences: [
        { ...DEPLOYMENT, name: metadata.name, uid: metadata.uid!, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      replicas: first ? (spec!.replicas ?? 1) : 0,
      selector: { matchLabels: { ...spec!.selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...spec!.template, metadata: { ...spec!.template.metadata, labels } },
    },
  }
}
