import type { LocalClient } from '../../kube-api/api.ts'
import { ownerReference } from '../status.ts'
import { CLUSTER_LABEL, type Kafka, type NodePool, VOLUME_CLAIM } from './types.ts'

/** Makes the claims of a pool's persistent volumes. Only `deleteClaim` ties them to the pool, so else they outlive it. */
export async function applyVolumeClaims(
  client: LocalClient,
  kafka: Kafka,
  pool: NodePool,
  nodeIds: readonly number[],
): Promise<void> {
  const storage = pool.spec?.storage
  const { namespace, name } = pool.metadata
  const volumes = storage?.volumes?.map(volume => ({ ...volume, prefix: `data-${volume.id}` })) ?? [
    { ...storage, prefix: 'data' },
  ]
  for (const volume of volumes) {
    if (volume.type !== 'persistent-claim') continue
    for (const id of nodeIds) {
      const claim = `${volume.prefix}-${kafka.metadata.name}-${name}-${id}`
      if (await client.get(VOLUME_CLAIM, namespace, claim)) continue
      await client.create({
        ...VOLUME_CLAIM,
        metadata: {
          name: claim,
          ...(namespace !== undefined && { namespace }),
          labels: { [CLUSTER_LABEL]: kafka.metadata.name, 'strimzi.io/pool-name': name, 'strimzi.io/kind': 'Kafka' },
          ...(volume.deleteClaim && { ownerReferences: [ownerReference(pool)] }),
        },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: volume.size ?? '1Gi' } },
          ...(volume.class && { storageClassName: volume.class }),
        },
      })
    }
  }
}
