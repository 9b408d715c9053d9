import type { KubernetesObject } from '@kubernetes/client-node'

export type Any = KubernetesObject & { spec?: object; status?: Record<string, unknown>; data?: Record<string, string> }

/** What a row may do; embedded server and real cluster alike. Failures of the API are thrown with the server's message. */
export interface Place {
  create(object: Any): Promise<void>
  /** A merge patch (RFC 7396). */
  merge(kind: string, name: string, patch: object): Promise<void>
  get(kind: string, name: string): Promise<Any | undefined>
  delete(kind: string, name: string): Promise<void>
}

/** What one look at an object tells, in the words of the tables below. */
export type Fact = string | readonly string[] | number | boolean | undefined

/** One rule: what is done, what is looked at, and what Strimzi 1.2.0 answered. */
export interface Row {
  name: string
  /** Strimzi's class, or the resource's field, that the rule is from. */
  rule: string
  /** Things to do, one after another; each waits until the operators have dealt with the one before. */
  steps: readonly Step[]
  look: (place: Place) => Promise<Fact>
  expect: Fact
}

export type Step =
  | { create: Any }
  | { merge: object; kind: string; name: string }
  | { delete: string; name: string }
  /** Waits until it says so; every step is followed by the wait for its generation to be observed. */
  | { until: (place: Place) => Promise<boolean> }

export const NAMESPACE = 'strimzi-conformance'
export const CLUSTER = 'conformance'
const API = 'kafka.strimzi.io/v1'

export const object = (kind: string, name: string, spec: object, metadata: object = {}): Any => ({
  apiVersion: kind === 'Secret' ? 'v1' : API,
  kind,
  metadata: { name, namespace: NAMESPACE, ...metadata },
  spec,
})
const labels = (cluster: string) => ({ labels: { 'strimzi.io/cluster': cluster } })

export const topic = (name: string, spec: object = {}, metadata: object = {}): Any =>
  object('KafkaTopic', name, spec, { ...labels(CLUSTER), ...metadata })
export const user = (name: string, spec: object = {}, metadata: object = {}): Any =>
  object('KafkaUser', name, spec, { ...labels(CLUSTER), ...metadata })
export const pool = (name: string, cluster: string, spec: object = {}): Any =>
  object(
    'KafkaNodePool',
    name,
    { replicas: 1, roles: ['controller', 'broker'], storage: { type: 'ephemeral' }, ...spec },
    labels(cluster),
  )
export const LISTENER = {
  name: 'tls',
  port: 9093,
  type: 'internal',
  tls: true,
  authentication: { type: 'scram-sha-512' },
}
export const kafka = (name: string, spec: object = {}, metadata: object = {}): Any =>
  object(
    'Kafka',
    name,
    {
      kafka: { listeners: [LISTENER], authorization: { type: 'simple' }, ...spec },
      entityOperator: { topicOperator: {}, userOperator: {} },
    },
    metadata,
  )

interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
}

const conditionsOf = (object: Any | undefined): Condition[] =>
  (object?.status?.['conditions'] as Condition[] | undefined) ?? []

/** `Ready True`, `Ready False NotSupported Decreasing partitions not supported`. */
export const conditions =
  (kind: string, name: string) =>
  async (place: Place): Promise<Fact> =>
    conditionsOf(await place.get(kind, name)).map(({ type, status, reason, message }) =>
      [type, status, reason, message].filter(Boolean).join(' '),
    )

export const statusKeys =
  (kind: string, name: string) =>
  async (place: Place): Promise<Fact> =>
    Object.keys((await place.get(kind, name))?.status ?? {}).sort()

export const statusField =
  (kind: string, name: string, field: string) =>
  async (place: Place): Promise<Fact> => {
    const value = (await place.get(kind, name))?.status?.[field]
    return typeof value === 'object' ? JSON.stringify(value) : (value as Fact)
  }

export const finalizers =
  (kind: string, name: string) =>
  async (place: Place): Promise<Fact> =>
    (await place.get(kind, name))?.metadata?.finalizers ?? []

export const exists =
  (kind: string, name: string) =>
  async (place: Place): Promise<Fact> =>
    (await place.get(kind, name)) !== undefined

export const dataKeys =
  (name: string) =>
  async (place: Place): Promise<Fact> =>
    Object.keys((await place.get('Secret', name))?.data ?? {}).sort()

/** The message with which the API server refuses it. */
export const refusal =
  (refused: Any, part: RegExp) =>
  async (place: Place): Promise<Fact> => {
    try {
      await place.create(refused)
      return 'taken'
    } catch (error) {
      return part.exec((error as Error).message)?.[0] ?? (error as Error).message
    }
  }
