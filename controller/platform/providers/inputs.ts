import { type Condition, conditionOf, type KubeObject } from '../../kube/objects.ts'
import type { LiveNodePool } from '../facts.ts'
import { KINDS } from '../platform.ts'

/** What the cache keeps of the objects that tell a platform about its Kafka and its pods; each a fraction of the object. */
export interface StrimziInput {
  listeners: {
    name: string
    tls: boolean
    scram: boolean
    bootstrapServers?: string
    certificates: string[]
  }[]
  version?: string
  cruiseControl: boolean
  replicationFactor?: number
}

export interface TopicInput {
  /** Kafka's own name. */
  name: string
  partitions: number
  replicas?: number
  /** The cluster it belongs to. */
  cluster: string
  /** Kafka accepted it: what was refused may still be corrected. */
  accepted: boolean
}

export interface RedpandaInput {
  kafkaPort: number
  tls: boolean
  /** Name of the listener's certificate; its Secret is `<cluster>-<certificate>-cert`. */
  certificate: string
  sasl: boolean
}

export interface PodInput {
  /** What the newest container to end said last. */
  said: string
  /** Part of the platform that it is of. */
  component: string
  /** Where its app answers; absent before it has an address. */
  address?: { ip: string; port: number }
  /** Whether Dapr's sidecar was put into it. */
  sidecar: boolean
  /** It asks for one and has none: no restart mends that. */
  missesSidecar: boolean
  /** Why it does not run, in the words of its node or of the scheduler. */
  trouble?: string
}

interface Listener {
  name: string
  tls?: boolean
  authentication?: { type?: string }
  bootstrapServers?: string
  certificates?: string[]
}

function strimzi({ spec, status }: KubeObject): StrimziInput {
  const seen: Listener[] = status?.listeners ?? []
  const wanted: Listener[] = spec?.kafka?.listeners ?? []
  const factor = Number(spec?.kafka?.config?.['default.replication.factor'])
  return {
    listeners: wanted.map(({ name, tls, authentication }) => {
      const live = seen.find(listener => listener.name === name)
      return {
        name,
        tls: tls === true,
        scram: authentication?.type === 'scram-sha-512',
        ...(live?.bootstrapServers && { bootstrapServers: live.bootstrapServers }),
        certificates: live?.certificates ?? [],
      }
    }),
    ...(status?.kafkaVersion && { version: status.kafkaVersion }),
    cruiseControl: spec?.cruiseControl !== undefined,
    ...(Number.isInteger(factor) && { replicationFactor: factor }),
  }
}

function nodePool({ spec }: KubeObject): LiveNodePool | undefined {
  const volume = spec?.storage?.volumes?.[0]
  return (
    volume && {
      replicas: spec.replicas,
      roles: spec.roles,
      size: volume.size,
      ...(volume.class && { class: volume.class }),
    }
  )
}

const kafkaTopic = (object: KubeObject): TopicInput => ({
  name: object['spec']?.topicName ?? object.metadata.name,
  cluster: object.metadata.labels?.['strimzi.io/cluster'] ?? '',
  partitions: object['spec']?.partitions ?? 0,
  ...(object['spec']?.replicas && { replicas: object['spec'].replicas }),
  accepted: conditionOf(object, 'Ready')?.status === 'True',
})

const redpandaTopic = (object: KubeObject): TopicInput => ({
  name: object['spec']?.overwriteTopicName ?? object.metadata.name,
  cluster: object['spec']?.cluster?.clusterRef?.name ?? '',
  partitions: object['spec']?.partitions ?? 0,
  ...(object['spec']?.replicationFactor && { replicas: object['spec'].replicationFactor }),
  accepted: conditionOf(object, 'Ready')?.status === 'True',
})

/** Defaults of the Redpanda chart, which `clusterSpec` overrides: TLS on, SASL off, port 9093, certificate `default`. */
function redpanda({ spec }: KubeObject): RedpandaInput {
  const { tls, auth, listeners } = spec?.clusterSpec ?? {}
  const kafka = listeners?.kafka
  return {
    kafkaPort: kafka?.port ?? 9093,
    tls: kafka?.tls?.enabled ?? tls?.enabled ?? true,
    certificate: kafka?.tls?.cert ?? 'default',
    sasl: auth?.sasl?.enabled === true,
  }
}

interface ContainerStatus {
  name: string
  state?: { terminated?: Terminated; waiting?: { reason?: string; message?: string } }
  lastState?: { terminated?: Terminated }
}
interface Terminated {
  message?: string
}

/** Every word of it tells how long it waits by now: what has to stay the same while nothing changes leaves them out. */
const COUNTING = ['CrashLoopBackOff', 'ImagePullBackOff']
const STARTING = ['ContainerCreating', 'PodInitializing']

function troubleOf({ status }: KubeObject): string | undefined {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])] as ContainerStatus[]
  for (const { name, state } of statuses) {
    const { reason, message } = state?.waiting ?? {}
    if (!reason || STARTING.includes(reason)) continue
    return `container ${name}: ${reason}${message && !COUNTING.includes(reason) ? ` (${message})` : ''}`
  }
  const { conditions = [] } = (status ?? {}) as { conditions?: Condition[] }
  const unscheduled = conditions.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False')
  return unscheduled && `it is on no node: ${unscheduled.message ?? unscheduled.reason}`
}

function pod(object: KubeObject): PodInput {
  const { metadata, spec, status } = object
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])] as {
    name: string
    ports?: { name?: string; containerPort: number }[]
  }[]
  const [container] = (status?.containerStatuses ?? []) as ContainerStatus[]
  const port = containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === 'http')?.containerPort
  const trouble = troubleOf(object)
  const sidecar = containers.some(({ name }) => name === 'daprd')
  return {
    // A container that failed and was started again has said it in its last life.
    said: container?.state?.terminated?.message ?? container?.lastState?.terminated?.message ?? '',
    component: metadata.labels?.['app.kubernetes.io/component'] ?? '',
    ...(status?.podIP && port && { address: { ip: status.podIP, port } }),
    sidecar,
    missesSidecar: !sidecar && metadata.annotations?.['dapr.io/enabled'] === 'true',
    ...(trouble && { trouble }),
  }
}

const READERS: Record<string, (object: KubeObject) => object | undefined> = {
  [KINDS.kafka.kind]: strimzi,
  [KINDS.nodePool.kind]: nodePool,
  [KINDS.topic.kind]: kafkaTopic,
  [KINDS.redpandaTopic.kind]: redpandaTopic,
  [KINDS.redpanda.kind]: redpanda,
  [KINDS.pod.kind]: pod,
}

/** What is kept of an object as `input`; `undefined` for kinds that tell nothing of Kafka. */
export const kafkaInput = (object: KubeObject): object | undefined => READERS[object.kind]?.(object)
