import type { Kind, LocalClient } from '../../kube-api/api.ts'
import type { Acl, EventLog } from '../../log/index.ts'
import type { Resource } from '../status.ts'

const API = 'kafka.strimzi.io/v1'
export const KAFKA: Kind = { apiVersion: API, kind: 'Kafka' }
export const NODE_POOL: Kind = { apiVersion: API, kind: 'KafkaNodePool' }
export const TOPIC: Kind = { apiVersion: API, kind: 'KafkaTopic' }
export const USER: Kind = { apiVersion: API, kind: 'KafkaUser' }
export const SECRET: Kind = { apiVersion: 'v1', kind: 'Secret' }
export const VOLUME_CLAIM: Kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' }

export const CLUSTER_LABEL = 'strimzi.io/cluster'
const PAUSE = 'strimzi.io/pause-reconciliation'

export interface Listener {
  name: string
  port: number
  type: string
  tls: boolean
  authentication?: { type: string }
}

export type Kafka = Resource<{
  kafka: {
    version?: string
    metadataVersion?: string
    listeners: Listener[]
    config?: Record<string, unknown>
    authorization?: { type: string; superUsers?: string[] }
  }
}>

export interface Storage {
  type: string
  size?: string
  class?: string
  deleteClaim?: boolean
  volumes?: (Storage & { id: number })[]
}

export type NodePool = Resource<{ replicas: number; roles: string[]; storage: Storage }>

export type Topic = Resource<{
  topicName?: string
  partitions?: number
  replicas?: number
  config?: Record<string, unknown>
}>

export type User = Resource<{
  authentication?: { type: string; password?: { valueFrom: { secretKeyRef: { name: string; key: string } } } }
  authorization?: { type: string; acls: (Acl & { host?: string })[] }
}>

export interface Context {
  client: LocalClient
  log: EventLog
  now: () => number
}

export const isPaused = (object: Resource<unknown>): boolean => object.metadata.annotations?.[PAUSE] === 'true'

/** The cluster an object belongs to, as the log names it; undefined without the label. */
export function clusterOf(object: Resource<unknown>): string | undefined {
  const cluster = object.metadata.labels?.[CLUSTER_LABEL]
  return cluster && `${object.metadata.namespace}/${cluster}`
}

export const keyOf = (object: Resource<unknown>): string => `${object.metadata.namespace}/${object.metadata.name}`

export function splitKey(key: string): [namespace: string, name: string] {
  const [namespace = '', name = ''] = key.split('/')
  return [namespace, name]
}
