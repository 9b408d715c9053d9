import { Cache } from '../kube/cache.ts'
import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import { listAll } from '../kube/list.ts'
import { type KubeObject, keyOf } from '../kube/objects.ts'
import type { LiveObjects } from './changes.ts'
import { CHILD_KINDS, KINDS, type Platform } from './platform.ts'
import { INDEXES, project } from './project.ts'

const PAGE = 500
/** The list of a kind that the server does not know, as the cache understands it. */
const ABSENT = { objects: [], resourceVersion: '' }

/** What the controller's cache would hold of one platform, and the same objects in full; read once. */
export interface Snapshot {
  cache: Cache
  live: LiveObjects
}

/**
 * Lists everything a plan of this platform looks at: its own namespace, that of its Kafka, and those of children it still
 * has elsewhere. A kind whose CRD is absent has no objects.
 * @throws KubeError `Forbidden`, which names the missing rule
 */
export async function takeSnapshot(client: KubeClient, platform: Platform, signal: AbortSignal): Promise<Snapshot> {
  const cache = new Cache({ project, indexes: INDEXES })
  const live = new Map<string, KubeObject>()
  for (const namespace of namespacesOf(platform)) {
    for (const kind of [...CHILD_KINDS, KINDS.redpanda, KINDS.pod]) {
      const listed = await listAll(client, { kind, namespace }, PAGE, signal).catch((error: unknown) => {
        if (isKubeError(error, 'KindAbsent', 'NotFound')) return undefined
        throw error
      })
      const { objects, resourceVersion } = listed ?? ABSENT
      cache.replace(kind, objects.map(cache.project), { namespace, mark: cache.mark(), resourceVersion })
      for (const object of objects) live.set(keyOf(object), object)
    }
  }
  return { cache, live }
}

function namespacesOf({ metadata, spec, status }: Platform): Set<string> {
  const { strimzi, redpanda } = spec.kafka
  const kafka = (strimzi?.clusterRef ?? redpanda?.clusterRef)?.namespace
  const elsewhere = (status?.inventory ?? []).flatMap(({ namespace }) => namespace ?? [])
  return new Set([metadata.namespace, ...(kafka ? [kafka] : []), ...elsewhere])
}
