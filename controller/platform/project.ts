import type { KubeObject } from '../kube/objects.ts'
import { type Drift, driftOf, ownedFields } from '../kube/ownership.ts'
import type { Scale } from './facts.ts'
import { SECRETS } from './names.ts'
import { Owned } from './owned.ts'
import { Packed } from './packed.ts'
import {
  AUTOSCALED,
  FIELD_MANAGER,
  HASH_ANNOTATION,
  KINDS,
  PLATFORM_LABEL,
  PLATFORM_NAMESPACE_LABEL,
  type Platform,
  REPLICAS_ANNOTATION,
} from './platform.ts'
import { kafkaInput, type TopicInput } from './providers/inputs.ts'
import { type Readiness, readinessOf } from './readiness.ts'

/**
 * What the cache keeps of an object: enough to decide by, a fraction of its size (20,000 children fit in the memory of a
 * small pod). What a platform says is held as text, which V8 stores in a byte a character; of what we own, see `Owned`.
 */
export interface Cached extends KubeObject {
  readiness: Readiness
  /** The fields we own; absent when we never applied the object. */
  owned?: Owned
  /** A platform's spec and status. */
  packed?: Packed<Pick<Platform, 'spec' | 'status'>>
  /** Namespaces whose Kafka and Secrets a platform reads. */
  reads?: string[]
  /** What it tells of a platform's Kafka: see `providers/inputs.ts`. */
  input?: object
  /** Of a Deployment. */
  scale?: Scale
  /** Of a Secret that some platform may read. */
  data?: Record<string, string>
}

const KEPT_LABELS = [PLATFORM_LABEL, PLATFORM_NAMESPACE_LABEL, 'strimzi.io/cluster']
/** Kinds that are looked for by namespace, whoever made them. */
const BY_NAMESPACE_KINDS: string[] = [KINDS.platform.kind, KINDS.pod.kind]
const TOPIC_KINDS: string[] = [KINDS.topic.kind, KINDS.redpandaTopic.kind]

/** What a Deployment says of its number of pods. */
export function scaleOf(replicas = 1, annotations: Record<string, string> = {}): Scale {
  const mark = annotations[REPLICAS_ANNOTATION]
  const autoscaled = mark === AUTOSCALED
  return { replicas, autoscaled, ...(mark && !autoscaled && { adopted: Number(mark) }) }
}

/** Secrets of these types are nobody's input, and large or delicate: Helm's releases and tokens of service accounts. */
const FOREIGN_SECRETS = ['helm.sh/release.v1', 'kubernetes.io/service-account-token']

export function project(object: KubeObject): Cached {
  if (object.kind === KINDS.platform.kind) return projectPlatform(object as Platform)
  const owned = ownedFields(object, FIELD_MANAGER)
  const input = inputOf(object)
  const metadata = metadataOf(object)
  if (input.data && object.metadata.ownerReferences) metadata.ownerReferences = object.metadata.ownerReferences
  const cached: Cached = {
    apiVersion: once(object.apiVersion),
    kind: once(object.kind),
    metadata,
    readiness: readinessOf(object),
  }
  if (owned) cached.owned = new Owned(owned)
  return Object.assign(cached, input)
}

/** Field by field: an object put together by spreads becomes a hash table, of four times the size. */
function metadataOf({ metadata }: KubeObject): KubeObject['metadata'] {
  const { name, namespace, uid, resourceVersion, generation, deletionTimestamp, finalizers, labels, annotations } =
    metadata
  const kept: KubeObject['metadata'] = { name }
  if (namespace) kept.namespace = once(namespace)
  if (uid) kept.uid = uid
  if (resourceVersion) kept.resourceVersion = resourceVersion
  if (generation !== undefined) kept.generation = generation
  if (deletionTimestamp) kept.deletionTimestamp = deletionTimestamp
  if (finalizers?.length) kept.finalizers = finalizers.map(once)
  const ours = labels && keptLabels(labels)
  if (ours) kept.labels = ours
  const hash = annotations?.[HASH_ANNOTATION]
  if (hash) kept.annotations = { [HASH_ANNOTATION]: hash }
  return kept
}

/** More different texts than kinds, namespaces and platforms there are; beyond it the oldest is forgotten. */
const MOST_SHARED = 5_000

/** What is the same for many is kept once: each event brings a copy of its own. */
function shared<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key)
  if (value === undefined) {
    value = make()
    known.set(key, value)
    if (known.size > MOST_SHARED) known.delete(known.keys().next().value!)
  }
  return value
}

const TEXTS = new Map<string, string>()
const LABELS = new Map<string, Record<string, string>>()

/** Each of 20,000 children names its namespace. */
const once = (text: string): string => shared(TEXTS, text, () => text)

/** The children of a platform all carry the same. */
function keptLabels(labels: Record<string, string>): Record<string, string> | undefined {
  const kept = KEPT_LABELS.filter(label => labels[label])
  if (kept.length === 0) return undefined
  const key = KEPT_LABELS.map(label => labels[label] ?? '').join('\n')
  return shared(LABELS, key, () => Object.fromEntries(kept.map(label => [label, once(labels[label]!)])))
}

/** Secrets of which nobody else knows the value. */
const MADE_ONCE = [SECRETS.daprTokens, SECRETS.devIssuer, SECRETS.auditKey]

/** What `observeFacts` reads of objects that are inputs. */
function inputOf(object: KubeObject): Partial<Cached> {
  const { kind, metadata, data, type } = object
  const input = kafkaInput(object)
  if (input) return { input }
  if (kind === KINDS.deployment.kind) return { scale: scaleOf(object['spec']?.replicas, metadata.annotations) }
  if (kind !== KINDS.secret.kind || FOREIGN_SECRETS.includes(type)) return {}
  const platform = metadata.labels?.[PLATFORM_LABEL]
  // What we rendered is compared by what we own of it; only what was made by chance has to be read back.
  const readBack = !platform || MADE_ONCE.some(nameOf => nameOf(platform) === metadata.name)
  return readBack ? { data: data ?? {} } : {}
}

function projectPlatform({ apiVersion, kind, metadata, spec, status }: Platform): Cached {
  const { managedFields: _managedFields, ...kept } = metadata
  const home = metadata.namespace
  const clusterRef = spec?.kafka?.strimzi?.clusterRef ?? spec?.kafka?.redpanda?.clusterRef
  return {
    apiVersion,
    kind,
    metadata: kept,
    readiness: { ready: true, reason: '', message: '' },
    // Half of the cache, were it not compressed: the status names every child.
    packed: new Packed(metadata.uid ?? '', { spec, ...(status && { status }) }),
    reads: [...new Set([home, clusterRef?.namespace ?? home])],
  }
}

/** The whole platform again. */
export function platformOf({ apiVersion, kind, metadata, packed }: KubeObject): Platform {
  return { apiVersion, kind, metadata, ...(packed as Packed<object>).value } as Platform
}

/** Where a child differs from what is desired; empty: nothing to write. */
export const driftOfChild = (desired: KubeObject, { owned }: Cached): Drift[] =>
  owned ? owned.drift(desired) : driftOf(desired, undefined)

/** Indexes of the cache. */
export const BY_PLATFORM = 'platform'
export const BY_NAMESPACE = 'kind and namespace'
export const BY_READER = 'namespace that a platform reads'
export const BY_TOPIC = 'cluster and Kafka’s own name'

/** Where `BY_TOPIC` finds the topics of one name: on a shared Kafka there are thousands beside a platform's own. */
export const topicKey = (
  kind: string,
  cluster: { name: string; namespace: string | undefined },
  topic: string,
): string => `${kind}/${cluster.namespace}/${cluster.name}/${topic}`

export const INDEXES = {
  [BY_PLATFORM]: ({ kind, metadata: { labels } }: KubeObject): string[] => {
    // The pods of our Jobs carry our label so that they can be watched; the Job's they are all the same.
    if (kind === KINDS.pod.kind) return []
    const name = labels?.[PLATFORM_LABEL]
    const namespace = labels?.[PLATFORM_NAMESPACE_LABEL]
    return name && namespace ? [`${namespace}/${name}`] : []
  },
  [BY_NAMESPACE]: ({ kind, metadata: { namespace } }: KubeObject): string[] =>
    BY_NAMESPACE_KINDS.includes(kind) ? [`${kind}/${namespace}`] : [],
  [BY_READER]: (object: KubeObject): string[] => (object as Cached).reads ?? [],
  [BY_TOPIC]: ({ kind, metadata: { namespace }, input }: KubeObject): string[] => {
    if (!TOPIC_KINDS.includes(kind)) return []
    const { cluster, name } = input as TopicInput
    return [topicKey(kind, { name: cluster, namespace }, name)]
  },
}
