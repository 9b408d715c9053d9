/** Kubernetes objects as plain JSON. Nothing here is a class: a serializer that drops unknown fields deletes them under apply. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ManagedFieldsEntry {
  manager?: string
  operation?: 'Apply' | 'Update'
  subresource?: string
  fieldsV1?: Record<string, unknown>
}

export interface Metadata {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: ManagedFieldsEntry[]
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Metadata
  // biome-ignore lint/suspicious/noExplicitAny: the shape belongs to the kind; readers narrow what they use
  [field: string]: any
}

export interface Kind {
  apiVersion: string
  kind: string
}

export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason?: string
  message?: string
  lastTransitionTime?: string
  observedGeneration?: number
}

/** `kind.group/namespace/name`: stable, readable, and unique in a cluster. */
export const keyOf = (object: KubeObject): string => refKey(object, object.metadata.namespace, object.metadata.name)

export const refKey = (kind: Kind, namespace: string | undefined, name: string): string =>
  `${kindKey(kind)}/${namespace ?? ''}/${name}`

export const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '')

/** A kind without its version: two versions of a kind are one kind. Asked for each object there is: the few answers are kept. */
export function kindKey({ apiVersion, kind }: Kind): string {
  let ofVersion = KIND_KEYS.get(apiVersion)
  if (!ofVersion) {
    ofVersion = new Map()
    KIND_KEYS.set(apiVersion, ofVersion)
  }
  let key = ofVersion.get(kind)
  if (key === undefined) {
    const group = groupOf(apiVersion)
    key = group ? `${kind}.${group}` : kind
    ofVersion.set(kind, key)
  }
  return key
}

const KIND_KEYS = new Map<string, Map<string, string>>()

export const conditionOf = (object: KubeObject | undefined, type: string): Condition | undefined =>
  (object?.status?.conditions as Condition[] | undefined)?.find(condition => condition.type === type)
