/** The in-process client: the interface of `api.ts` over `handle`, so that it sees what every client sees. */
import type { ApplyOptions, Kind, KubeObject, LocalClient, WatchEvent } from './api.ts'
import { clone } from './json.ts'
import type { Registry, ResourceType } from './kinds/registry.ts'
import type { KubeRequest } from './request.ts'
import type { KubeResponse, WatchFrame } from './response.ts'
import { noSuchPath, type Status, StatusError } from './status.ts'

type Handle = (request: KubeRequest) => Promise<KubeResponse>

/** A client named `userAgent`: its unmanaged writes are owned by that name in `managedFields`. */
export class InProcessClient implements LocalClient {
  readonly #handle: Handle
  readonly #registry: Registry
  readonly #userAgent: string

  constructor(handle: Handle, registry: Registry, userAgent: string) {
    this.#handle = handle
    this.#registry = registry
    this.#userAgent = userAgent
  }

  async get<T extends KubeObject>(kind: Kind, namespace: string | undefined, name: string): Promise<T | undefined> {
    try {
      return await this.#send<T>('GET', this.#path(kind, namespace, name))
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return undefined
      throw error
    }
  }

  async list<T extends KubeObject>(
    kind: Kind,
    namespace?: string,
    options: { labelSelector?: string; fieldSelector?: string } = {},
  ): Promise<T[]> {
    const { items } = await this.#send<{ items: T[] }>('GET', this.#path(kind, namespace) + query({ ...options }))
    // Items of built-in kinds do not say what they are.
    return items.map(item => (item.kind ? item : { ...item, apiVersion: kind.apiVersion, kind: kind.kind }))
  }

  create<T extends KubeObject>(object: T): Promise<T> {
    return this.#send<T>('POST', this.#path(object, object.metadata.namespace), object)
  }

  async replace<T extends KubeObject>(object: T, subresource?: 'status'): Promise<T> {
    const { namespace, name, resourceVersion } = object.metadata
    const path = this.#path(object, namespace, name, subresource)
    if (resourceVersion) return this.#send<T>('PUT', path, object)
    // Custom resources refuse a PUT without a version: an unconditional one is a PUT over whatever there is.
    const current = await this.#send<T>('GET', path)
    return this.#send<T>('PUT', path, {
      ...object,
      metadata: { ...object.metadata, resourceVersion: current.metadata.resourceVersion },
    })
  }

  merge<T extends KubeObject>(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    patch: object,
    subresource?: 'status',
  ): Promise<T> {
    return this.#send<T>('PATCH', this.#path(kind, namespace, name, subresource), patch, 'application/merge-patch+json')
  }

  apply<T extends KubeObject>(object: T, options: ApplyOptions): Promise<T> {
    const { namespace, name } = object.metadata
    const parameters = query({ fieldManager: options.fieldManager, force: options.force ? 'true' : undefined })
    return this.#send<T>(
      'PATCH',
      this.#path(object, namespace, name, options.subresource) + parameters,
      object,
      'application/apply-patch+yaml',
    )
  }

  async delete(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    options: {
      propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
      preconditions?: { uid?: string }
      gracePeriodSeconds?: number
    } = {},
  ): Promise<void> {
    // The node room deletes a pod that is already terminating once its processes have ended: that is kubelet's
    // confirmation, which over HTTP says gracePeriodSeconds=0.
    const confirms =
      kind.kind === 'Pod' &&
      options.gracePeriodSeconds === undefined &&
      (await this.get(kind, namespace, name))?.metadata.deletionTimestamp !== undefined
    await this.#send('DELETE', this.#path(kind, namespace, name), {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...options,
      ...(confirms ? { gracePeriodSeconds: 0 } : {}),
    })
  }

  /**
   * A kind that is not served yet is waited for, and one whose CRD is deleted and made again is watched again:
   * a local operator may start before its CRDs are there.
   */
  watch<T extends KubeObject>(
    kind: Kind,
    options: { namespace?: string; labelSelector?: string },
    onEvent: (event: WatchEvent<T>) => void,
  ): () => void {
    let stopped = false
    let stopCurrent: (() => void) | undefined
    const open = async () => {
      const type = this.#registry.byKind(kind.apiVersion, kind.kind)
      if (!type || stopped) return
      const parameters = query({
        watch: 'true',
        labelSelector: options.labelSelector,
        sendInitialEvents: 'true',
        resourceVersionMatch: 'NotOlderThan',
        allowWatchBookmarks: 'true',
      })
      const response = await this.#call('GET', this.#path(kind, options.namespace) + parameters)
      if (stopped || response.kind !== 'watch') return
      let ended = false
      stopCurrent = response.start({
        push: frame => {
          const event = stopped ? undefined : (eventOf(frame) as WatchEvent<T> | undefined)
          if (event) onEvent(event)
        },
        end: () => {
          ended = true
          stopCurrent = undefined
        },
      })
      if (ended) stopCurrent = undefined
      if (stopped) stopCurrent?.()
    }
    const reopen = () => {
      if (!stopCurrent && !stopped) void open()
    }
    const unsubscribe = this.#registry.onChange(reopen)
    void open()
    return () => {
      stopped = true
      unsubscribe()
      stopCurrent?.()
    }
  }

  #path(kind: Kind, namespace?: string, name?: string, subresource?: string): string {
    const type: ResourceType | undefined = this.#registry.byKind(kind.apiVersion, kind.kind)
    if (!type)
      throw new StatusError(
        404,
        'NotFound',
        `no matches for kind ${JSON.stringify(kind.kind)} in version ${JSON.stringify(kind.apiVersion)}`,
        {
          kind: kind.kind,
        },
      )
    const parts = [type.group ? `/apis/${type.apiVersion}` : `/api/${type.version}`]
    if (type.namespaced && namespace !== undefined) parts.push('namespaces', encodeURIComponent(namespace))
    parts.push(type.plural)
    if (name !== undefined) parts.push(encodeURIComponent(name))
    if (subresource) parts.push(subresource)
    return parts.join('/')
  }

  async #send<T>(method: string, url: string, body?: unknown, contentType = 'application/json'): Promise<T> {
    const response = await this.#call(method, url, body, contentType)
    if (response.kind !== 'object') throw new Error(`${method} ${url} answered with a stream`)
    return (response.json === undefined ? clone(response.body) : response.body) as T
  }

  async #call(method: string, url: string, body?: unknown, contentType = 'application/json'): Promise<KubeResponse> {
    const headers = { 'user-agent': this.#userAgent, ...(body === undefined ? {} : { 'content-type': contentType }) }
    const response = await this.#handle({ method, url, headers, ...(body === undefined ? {} : { body }) })
    // Not every refusal is a Status: client-go too makes one of the text "404 page not found".
    if (response.status === 404 && response.kind === 'text') throw noSuchPath()
    if (response.status >= 400 && response.kind === 'object') {
      const status = response.body as Status
      throw new StatusError(response.status, status.reason ?? '', status.message ?? '', status.details)
    }
    return response
  }
}

function query(parameters: Record<string, string | undefined>): string {
  const set = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  )
  return set.length === 0 ? '' : `?${new URLSearchParams(set).toString()}`
}

function eventOf(frame: WatchFrame): WatchEvent | undefined {
  if (frame.type === 'ADDED' || frame.type === 'MODIFIED' || frame.type === 'DELETED')
    return { type: frame.type, object: clone(frame.object) as KubeObject }
  const annotations = (frame.object as KubeObject).metadata?.annotations
  return frame.type === 'BOOKMARK' && annotations?.['k8s.io/initial-events-end'] === 'true'
    ? { type: 'SYNCED' }
    : undefined
}
