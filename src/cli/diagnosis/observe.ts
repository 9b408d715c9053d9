import type { KubeClient } from '../../../controller/kube/client.ts'
import { isKubeError } from '../../../controller/kube/errors.ts'
import { type Kind, type KubeObject, kindKey } from '../../../controller/kube/objects.ts'
import { CHILD_KINDS, KINDS, type Platform } from '../../../controller/platform/platform.ts'
import type { Flow } from '../../contracts/console.ts'
import { listOf } from '../cluster.ts'

/** Everything a diagnosis looks at, as plain objects, so that the rules are pure. */
export interface Observation {
  namespace: string
  platforms: Platform[]
  /** Of the platform's namespace and of its Kafka's. */
  objects: KubeObject[]
  /** Deployments of the operators we depend on, wherever they are; ours among them. */
  operators: KubeObject[]
  /** `kind.group` of what the server does not serve. */
  absent: string[]
  /** What could not be looked at, and the right that is missing. */
  unseen: string[]
  flow?: Flow
}

const kindOf = (apiVersion: string, kind: string): Kind => ({ apiVersion, kind })

/** Kinds beside our children that tell why something does not get on. */
const BESIDE: readonly Kind[] = [
  KINDS.pod,
  KINDS.redpanda,
  kindOf('v1', 'PersistentVolumeClaim'),
  kindOf('v1', 'ResourceQuota'),
  kindOf('apps/v1', 'ReplicaSet'),
]
const OF_CLUSTER: readonly Kind[] = [
  kindOf('storage.k8s.io/v1', 'StorageClass'),
  kindOf('networking.k8s.io/v1', 'IngressClass'),
  kindOf('v1', 'Node'),
  kindOf('v1', 'Namespace'),
]

const OPERATOR =
  /^(strimzi-cluster-operator|cnpg-|cloudnative-pg|dapr-(operator|sidecar-injector|sentry|placement)|keda-operator)/
const isOperator = ({ metadata: { name, labels = {} } }: KubeObject): boolean =>
  OPERATOR.test(name) || isOurs({ labels })

export const isOurs = ({ labels = {} }: { labels?: Record<string, string> }): boolean =>
  labels['app.kubernetes.io/name'] === 'todo-event-platform' && labels['app.kubernetes.io/component'] === 'controller'

/** Looks at all of it; what one may not see is told, and does not end the look. */
export async function observe(client: KubeClient, namespace: string): Promise<Observation> {
  const unseen: string[] = []
  const absent: string[] = []
  const look = async (kind: Kind, within?: string): Promise<KubeObject[]> => {
    try {
      if (kind.apiVersion.includes('.') || kind === KINDS.platform) await served(client, kind, absent)
      return await listOf(client, kind, within)
    } catch (error) {
      if (!isKubeError(error, 'Forbidden', 'KindAbsent')) throw error
      if (error.code === 'Forbidden') unseen.push(error.message)
      return []
    }
  }
  const platforms = (await look(KINDS.platform, namespace)) as Platform[]
  const elsewhere = platforms.flatMap(({ spec, status }) => [
    ...[spec?.kafka?.strimzi?.clusterRef?.namespace ?? []].flat(),
    ...(status?.inventory ?? []).flatMap(item => item.namespace ?? []),
  ])
  const objects: KubeObject[] = []
  for (const within of new Set([namespace, ...elsewhere]))
    for (const kind of [...CHILD_KINDS, ...BESIDE]) objects.push(...(await look(kind, within)))
  for (const kind of OF_CLUSTER) objects.push(...(await look(kind)))
  const operators = (await look(KINDS.deployment)).filter(isOperator)
  return { namespace, platforms, objects, operators, absent: [...new Set(absent)].sort(), unseen }
}

/** An empty list and an absent kind look the same to `listOf`: here the difference counts. */
async function served(client: KubeClient, kind: Kind, absent: string[]): Promise<void> {
  try {
    await client.list(kind, undefined, { limit: '1' }, new AbortController().signal)
  } catch (error) {
    if (isKubeError(error, 'KindAbsent', 'NotFound')) absent.push(kindKey(kind))
    else if (!isKubeError(error, 'Forbidden')) throw error
  }
}
