import { conditionOf, type KubeObject } from '../../kube/objects.ts'
import type { LiveNodePool } from '../facts.ts'
import { KINDS } from '../platform.ts'

/** What the cache keeps of the objects that tell a platform about its Kafka; each a fraction of the object. */
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

export interface JobInput {
  /** What the newest container to end said last, of a Pod of a Job. */
  said: string
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
  state?: { terminated?: Terminated }
  lastState?: { terminated?: Terminated }
}
interface Terminated {
  message?: string
}

/** A container that failed and was started again has said it in its last life. */
function pod({ status }: KubeObject): JobInput {
  const [container] = (status?.containerStatuses ?? []) as ContainerStatus[]
  return { said: container?.state?.terminated?.message ?? container?.lastState?.terminated?.message ?? '' }
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
