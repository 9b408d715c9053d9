/**
 * The in-process face of the embedded Kubernetes API: what the other parts of the embedded place program against.
 * Every call goes through the same `handle(request)` as HTTP, so a local operator sees exactly what kubectl sees.
 */
import type { Kind, OwnerReference } from '../../../controller/kube/objects.ts'

export type { Kind, OwnerReference }

export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  [field: string]: unknown
}

/** Any Kubernetes object as plain JSON; `Spec` and `Status` narrow it where a caller knows them. */
export interface KubeObject<Spec = unknown, Status = unknown> {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  spec?: Spec
  status?: Status
  [field: string]: unknown
}

/** `SYNCED` is sent once, after the initial objects of a watch. */
export type WatchEvent<T extends KubeObject = KubeObject> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'SYNCED' }

export interface ApplyOptions {
  fieldManager: string
  force?: boolean
  subresource?: 'status'
}

/** Errors are `StatusError`s carrying the API's Status object (`code` 404, 409, 422…); only `get` maps 404 to undefined. */
export interface LocalClient {
  get<T extends KubeObject>(kind: Kind, namespace: string | undefined, name: string): Promise<T | undefined>
  list<T extends KubeObject>(
    kind: Kind,
    namespace?: string,
    options?: { labelSelector?: string; fieldSelector?: string },
  ): Promise<T[]>
  create<T extends KubeObject>(object: T): Promise<T>
  /** PUT; optimistic when `metadata.resourceVersion` is set. */
  replace<T extends KubeObject>(object: T, subresource?: 'status'): Promise<T>
  /** JSON merge patch. */
  merge<T extends KubeObject>(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    patch: object,
    subresource?: 'status',
  ): Promise<T>
  /** Server-side apply. */
  apply<T extends KubeObject>(object: T, options: ApplyOptions): Promise<T>
  delete(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    options?: {
      propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
      preconditions?: { uid?: string }
      gracePeriodSeconds?: number
    },
  ): Promise<void>
  /** Initial objects as ADDED, then SYNCED, then changes in order. Returns the function that stops it. */
  watch<T extends KubeObject>(
    kind: Kind,
    options: { namespace?: string; labelSelector?: string },
    onEvent: (event: WatchEvent<T>) => void,
  ): () => void
}
