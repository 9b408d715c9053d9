import { errorFromStatus, isKubeError, KubeError, type StatusBody } from './errors.ts'
import { readJson } from './lines.ts'
import { groupOf, type Kind, type KubeObject, kindKey } from './objects.ts'
import type { Request, Response, Transport } from './transport.ts'

interface ApiResource {
  name: string
  kind: string
  namespaced: boolean
}

export interface WriteOptions {
  /** Why this write happens: a code for log, event, metric and trace. */
  reason: string
}

export interface ApplyOptions extends WriteOptions {
  fieldManager: string
  /** Take fields over from other managers instead of a Conflict. */
  force?: boolean
  subresource?: 'status'
}

export interface DeleteOptions extends WriteOptions {
  uid?: string
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
}

/** Told before and after every write; throwing before a write stops it (the fence of a lost lease). */
export interface WriteObserver {
  before?(): void
  after?(write: { verb: string; kind: Kind; namespace?: string; name: string; reason: string; ok: boolean }): void
}

/**
 * A client of the Kubernetes API in plain JSON. Errors are `KubeError`s: `KindAbsent` when the server has no such kind
 * (its CRD may come later), otherwise by HTTP status.
 */
export class KubeClient {
  readonly #transport: Transport
  readonly #observer: WriteObserver
  readonly #resources = new Map<string, ApiResource>()

  constructor(transport: Transport, observer: WriteObserver = {}) {
    this.#transport = transport
    this.#observer = observer
  }

  async get(kind: Kind, namespace: string | undefined, name: string): Promise<KubeObject | undefined> {
    const path = await this.path(kind, namespace, name)
    try {
      return (await this.#json({ method: 'GET', path })) as KubeObject
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined
      throw error
    }
  }

  async apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { namespace, name } = object.metadata
    const path = await this.path(object, namespace, name, options.subresource)
    const query = new URLSearchParams({ fieldManager: options.fieldManager, force: String(options.force ?? false) })
    return (await this.#write('apply', object, namespace, name, options, {
      method: 'PATCH',
      path: `${path}?${query}`,
      contentType: 'application/apply-patch+yaml',
      body: object,
    })) as KubeObject
  }

  async mergePatch(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    patch: object,
    options: WriteOptions & { fieldManager: string },
  ): Promise<KubeObject> {
    const path = await this.path(kind, namespace, name)
    return (await this.#write('patch', kind, namespace, name, options, {
      method: 'PATCH',
      path: `${path}?${new URLSearchParams({ fieldManager: options.fieldManager })}`,
      contentType: 'application/merge-patch+json',
      body: patch,
    })) as KubeObject
  }

  async create(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const { namespace, name } = object.metadata
    const path = await this.path(object, namespace)
    return (await this.#write('create', object, namespace, name, options, {
      method: 'POST',
      path,
      body: object,
    })) as KubeObject
  }

  async replace(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const { namespace, name } = object.metadata
    const path = await this.path(object, namespace, name)
    return (await this.#write('update', object, namespace, name, options, {
      method: 'PUT',
      path,
      body: object,
    })) as KubeObject
  }

  /** Deleting what is gone already is no error. */
  async delete(kind: Kind, namespace: string | undefined, name: string, options: DeleteOptions): Promise<void> {
    const path = await this.path(kind, namespace, name)
    const body = {
      propagationPolicy: options.propagationPolicy ?? 'Background',
      ...(options.uid && { preconditions: { uid: options.uid } }),
    }
    try {
      await this.#write('delete', kind, namespace, name, options, { method: 'DELETE', path, body })
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error
    }
  }

  /** One page of a list, or a watch: the raw answer. The caller reads the body to its end or destroys it. */
  async open(request: Request): Promise<Response> {
    const answer = await this.#transport(request)
    if (answer.status < 400) return answer
    const retryAfter = Number(answer.headers['retry-after'])
    const body = (await readJson(answer.body)) as StatusBody
    throw errorFromStatus(
      answer.status,
      body,
      `${request.method} ${request.path}`,
      Number.isFinite(retryAfter) ? retryAfter : undefined,
    )
  }

  async path(kind: Kind, namespace?: string, name?: string, subresource?: string): Promise<string> {
    const resource = await this.#resource(kind)
    const root = groupOf(kind.apiVersion) ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`
    const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
    return `${root}${scope}/${resource.name}${name ? `/${encodeURIComponent(name)}` : ''}${subresource ? `/${subresource}` : ''}`
  }

  /** Forgets a kind, so that the next call asks discovery again (its CRD was removed or changed). */
  forget(kind: Kind): void {
    this.#resources.delete(`${kind.apiVersion}/${kind.kind}`)
  }

  async #resource(kind: Kind): Promise<ApiResource> {
    const key = `${kind.apiVersion}/${kind.kind}`
    const known = this.#resources.get(key)
    if (known) return known
    const path = groupOf(kind.apiVersion) ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`
    const absent = (): KubeError =>
      new KubeError(
        'KindAbsent',
        `the cluster has no ${kindKey(kind)} (${kind.apiVersion}): install its CRD`,
        'backoff',
      )
    let found: ApiResource[]
    try {
      found = ((await this.#json({ method: 'GET', path })) as { resources?: ApiResource[] }).resources ?? []
    } catch (error) {
      throw isKubeError(error, 'NotFound') ? absent() : error
    }
    for (const resource of found) {
      if (!resource.name.includes('/')) this.#resources.set(`${kind.apiVersion}/${resource.kind}`, resource)
    }
    const resource = this.#resources.get(key)
    if (!resource) throw absent()
    return resource
  }

  async #json(request: Request): Promise<unknown> {
    return readJson((await this.open(request)).body)
  }

  async #write(
    verb: string,
    { apiVersion, kind }: Kind,
    namespace: string | undefined,
    name: string,
    { reason }: WriteOptions,
    request: Request,
  ): Promise<unknown> {
    this.#observer.before?.()
    const report = (ok: boolean): void =>
      this.#observer.after?.({ verb, kind: { apiVersion, kind }, ...(namespace && { namespace }), name, reason, ok })
    try {
      const answer = await this.#json(request)
      report(true)
      return answer
    } catch (error) {
      report(false)
      throw error
    }
  }
}
