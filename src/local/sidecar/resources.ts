import type { KubeObject, LocalClient, ObjectMeta } from '../kube-api/api.ts'

export interface MetadataItem {
  name: string
  value?: unknown
  secretKeyRef?: { name: string; key?: string }
  envRef?: string
}

export interface ComponentResource {
  metadata: ObjectMeta
  spec: { type: string; version: string; metadata?: MetadataItem[]; ignoreErrors?: boolean; initTimeout?: string }
  auth?: { secretStore?: string }
  scopes?: string[]
}

export interface SubscriptionResource {
  apiVersion: string
  metadata: ObjectMeta
  spec: {
    pubsubname: string
    topic: string
    /** dapr.io/v1alpha1 */
    route?: string
    /** dapr.io/v2alpha1 */
    routes?: { rules?: { match?: string; path: string }[]; default?: string }
    deadLetterTopic?: string
    bulkSubscribe?: { enabled?: boolean; maxMessagesCount?: number; maxAwaitDurationMs?: number }
    metadata?: Record<string, string>
  }
  scopes?: string[]
}

export interface TargetPolicies {
  timeout?: string
  retry?: string
  circuitBreaker?: string
}

export interface ResiliencyResource {
  metadata: ObjectMeta
  spec: {
    policies?: {
      timeouts?: Record<string, string>
      retries?: Record<
        string,
        {
          policy?: string
          duration?: string
          maxInterval?: string
          maxRetries?: number
          matching?: { httpStatusCodes?: string; gRPCStatusCodes?: string }
        }
      >
      circuitBreakers?: Record<string, { maxRequests?: number; interval?: string; timeout?: string; trip?: string }>
    }
    targets?: {
      apps?: Record<string, TargetPolicies>
      components?: Record<string, { inbound?: TargetPolicies; outbound?: TargetPolicies }>
    }
  }
  scopes?: string[]
}

export interface AccessControl {
  defaultAction?: string
  trustDomain?: string
  policies?: {
    appId?: string
    namespace?: string
    trustDomain?: string
    defaultAction?: string
    operations?: { name: string; httpVerb?: string[]; action: string }[]
  }[]
}

export interface ApiRule {
  name: string
  version: string
  protocol?: string
}

export interface ConfigurationResource {
  metadata: ObjectMeta
  spec?: {
    api?: { allowed?: ApiRule[]; denied?: ApiRule[] }
    accessControl?: AccessControl
    secrets?: {
      scopes?: { storeName: string; defaultAccess?: string; allowedSecrets?: string[]; deniedSecrets?: string[] }[]
    }
    features?: { name: string; enabled: boolean }[]
    tracing?: { samplingRate?: string }
  }
}

/** The Dapr resources and Secrets of one namespace, as they are now. */
export interface DaprResources {
  readonly namespace: string
  /** Resolves when the first complete picture is there. */
  readonly ready: Promise<void>
  components(): ComponentResource[]
  subscriptions(): SubscriptionResource[]
  resiliencies(): ResiliencyResource[]
  configuration(name: string): ConfigurationResource | undefined
  /** The decoded data of a Secret. */
  secret(name: string): Record<string, string> | undefined
  secretNames(): string[]
  /** Calls `listener` after a change. Returns the function that stops it. */
  onChange(listener: () => void): () => void
  close(): void
}

interface SecretObject extends KubeObject {
  data?: Record<string, string>
  stringData?: Record<string, string>
}

function decode(secret: SecretObject): Record<string, string> {
  const data = Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])
  return { ...(Object.fromEntries(data) as Record<string, string>), ...secret.stringData }
}

class Picture implements DaprResources {
  readonly namespace: string
  readonly ready: Promise<void>
  readonly #objects = new Map<string, KubeObject>()
  readonly #listeners = new Set<() => void>()
  stop: () => void = () => {}

  constructor(namespace: string, ready: Promise<void>) {
    this.namespace = namespace
    this.ready = ready
  }

  set(object: KubeObject): void {
    this.#objects.set(`${object.kind} ${object.metadata.name}`, object)
  }

  unset(object: KubeObject): void {
    this.#objects.delete(`${object.kind} ${object.metadata.name}`)
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #all<T>(kind: string): T[] {
    return [...this.#objects.values()]
      .filter(object => object.kind === kind)
      .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name)) as unknown as T[]
  }

  components(): ComponentResource[] {
    return this.#all('Component')
  }

  subscriptions(): SubscriptionResource[] {
    return this.#all('Subscription')
  }

  resiliencies(): ResiliencyResource[] {
    return this.#all('Resiliency')
  }

  configuration(name: string): ConfigurationResource | undefined {
    return this.#objects.get(`Configuration ${name}`) as ConfigurationResource | undefined
  }

  secret(name: string): Record<string, string> | undefined {
    const secret = this.#objects.get(`Secret ${name}`) as SecretObject | undefined
    return secret && decode(secret)
  }

  secretNames(): string[] {
    return this.#all<SecretObject>('Secret').map(secret => secret.metadata.name)
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.stop()
    this.#listeners.clear()
  }
}

const KINDS = [
  { apiVersion: 'dapr.io/v1alpha1', kind: 'Component' },
  { apiVersion: 'dapr.io/v2alpha1', kind: 'Subscription' },
  { apiVersion: 'dapr.io/v1alpha1', kind: 'Resiliency' },
  { apiVersion: 'dapr.io/v1alpha1', kind: 'Configuration' },
  { apiVersion: 'v1', kind: 'Secret' },
]

/** Reads and follows the resources of a namespace in the embedded Kubernetes API (hot reload, on by default since Dapr 1.18). */
export function kubeDaprResources(client: LocalClient, namespace: string): DaprResources {
  let synced = 0
  let resolve = (): void => {}
  const ready = new Promise<void>(done => {
    resolve = done
  })
  const picture = new Picture(namespace, ready)
  const stops = KINDS.map(kind =>
    client.watch(kind, { namespace }, event => {
      if (event.type === 'SYNCED') {
        synced += 1
        if (synced === KINDS.length) resolve()
        return
      }
      if (event.type === 'DELETED') picture.unset(event.object)
      else picture.set(event.object)
      if (synced >= KINDS.length) picture.changed()
    }),
  )
  picture.stop = () => {
    for (const stop of stops) stop()
  }
  return picture
}

export interface MemoryDaprResources extends DaprResources {
  put(...objects: object[]): void
  remove(kind: string, name: string): void
}

/** Resources from plain objects, for tests. */
export function memoryDaprResources(objects: object[], namespace = 'default'): MemoryDaprResources {
  const picture = new Picture(namespace, Promise.resolve())
  const add = (list: readonly object[]): void => {
    for (const object of list) picture.set(object as KubeObject)
  }
  add(objects)
  return Object.assign(picture, {
    put(...more: object[]) {
      add(more)
      picture.changed()
    },
    remove(kind: string, name: string) {
      picture.unset({ apiVersion: '', kind, metadata: { name } })
      picture.changed()
    },
  })
}
