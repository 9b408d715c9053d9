import { explainForbidden } from './access.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Appearance, Discovery } from './discovery.ts'
import { errorFromStatus, isKubeError, KubeError, type Rule, type StatusBody } from './errors.ts'
import { readJson } from './lines.ts'
import { groupOf, type Kind, type KubeObject, type Metadata } from './objects.ts'
import { inSpan } from './tracing.ts'
import type { Request, Response, Transport } from './transport.ts'

export interface WriteOptions {
  /** Why this write happens: a code for log, Event, metric and trace. */
  reason: string
}

export interface PutOptions extends WriteOptions {
  /** Ask what would happen: defaults, validation, admission; nothing is kept. */
  dryRun?: boolean
}

export interface ApplyOptions extends WriteOptions {
  fieldManager: string
  /** Take fields over from other managers instead of a Conflict. */
  force?: boolean
  subresource?: 'status'
  /** Ask what would come of it; nothing is kept. */
  dryRun?: boolean
}

export interface DeleteOptions extends WriteOptions {
  /** Delete only this object, not another of its name. */
  uid?: string
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
}

export interface Write {
  verb: string
  kind: Kind
  namespace?: string
  name: string
  reason: string
  ok: boolean
}

/** Told before and after every write; throwing before a write stops it (the fence of a lost lease). */
export interface WriteObserver {
  before?(): void
  after?(write: Write): void
}

export interface ClientOptions {
  observer?: WriteObserver
  clock?: Clock
  /** Milliseconds until an answer must be complete; a connection that hangs would hold a worker for ever. Defaults to 60,000. */
  timeoutMs?: number
}

interface Call {
  verb: string
  kind: Kind
  namespace?: string | undefined
  name?: string | undefined
  subresource?: string | undefined
  query?: Record<string, string>
  body?: unknown
  contentType?: string
  method: Request['method']
  signal?: AbortSignal
  reason?: string
}

/**
 * A client of the Kubernetes API in plain JSON. Errors are `KubeError`s: `KindAbsent` when the server has no such kind
 * (its CRD may come later), otherwise by HTTP status; a `Forbidden` names the missing rule. One span per call.
 */
export class KubeClient {
  readonly #transport: Transport
  readonly #observer: WriteObserver
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #discovery: Discovery

  /** `discovery`: what another client of the same server has learned already. */
  constructor(
    transport: Transport,
    { observer = {}, clock = systemClock, timeoutMs = 60_000 }: ClientOptions = {},
    discovery?: Discovery,
  ) {
    this.#transport = transport
    this.#observer = observer
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#discovery =
      discovery ??
      new Discovery((path, accept) =>
        this.#inTime(signal => this.#read({ method: 'GET', path, signal, ...(accept && { accept }) }, undefined)),
      )
  }

  /** The same without its observer: for the Lease, which must be written before it is held. */
  unobserved(): KubeClient {
    return new KubeClient(this.#transport, { clock: this.#clock, timeoutMs: this.#timeoutMs }, this.#discovery)
  }

  /** The object, or `undefined` when there is none. */
  async get(kind: Kind, namespace: string | undefined, name: string): Promise<KubeObject | undefined> {
    try {
      return (await this.#call({ verb: 'get', method: 'GET', kind, namespace, name })) as KubeObject
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined
      throw error
    }
  }

  /** One page of a list, as the server sends it. */
  list(
    kind: Kind,
    namespace: string | undefined,
    query: Record<string, string>,
    signal: AbortSignal,
  ): Promise<unknown> {
    return this.#call({ verb: 'list', method: 'GET', kind, namespace, query, signal })
  }

  /** Opens a watch. The caller reads the body to its end or destroys it. */
  async watch(
    kind: Kind,
    namespace: string | undefined,
    query: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    const { path, rule } = await this.#address({ verb: 'watch', method: 'GET', kind, namespace })
    const parameters = new URLSearchParams({ watch: 'true', ...query })
    const life = new AbortController()
    const end = (): void => life.abort()
    signal.addEventListener('abort', end, { once: true })
    const close = (): void => {
      signal.removeEventListener('abort', end)
      end()
    }
    try {
      // Only the beginning of the answer is due in time: a watch has no end.
      const { body, ...answer } = await inSpan(`watch ${rule.resource}`, attributesOf(rule, undefined), () =>
        this.#inTime(
          () => this.#open({ method: 'GET', path: `${path}?${parameters}`, signal: life.signal }, rule),
          signal,
          late => late.body.destroy(),
        ),
      )
      const destroy = (error?: Error): void => {
        body.destroy(error)
        close()
      }
      return { ...answer, body: { [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](), destroy } }
    } catch (error) {
      close()
      throw error
    }
  }

  /** Server-side apply: creates the object, or sets exactly the fields given. */
  apply(object: KubeObject, { fieldManager, force, subresource, dryRun, reason }: ApplyOptions): Promise<KubeObject> {
    return this.#write({
      verb: 'apply',
      method: 'PATCH',
      ...addressOf(object),
      subresource,
      query: { fieldManager, force: String(force ?? false), ...(dryRun && { dryRun: 'All' }) },
      contentType: 'application/apply-patch+yaml',
      body: object,
      reason,
    })
  }

  /** JSON merge patch (RFC 7396). */
  mergePatch(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    patch: object,
    { fieldManager, reason }: WriteOptions & { fieldManager: string },
  ): Promise<KubeObject> {
    return this.#write({
      verb: 'patch',
      method: 'PATCH',
      kind,
      namespace,
      name,
      query: { fieldManager },
      contentType: 'application/merge-patch+json',
      body: patch,
      reason,
    })
  }

  create(object: KubeObject, { reason, dryRun }: PutOptions): Promise<KubeObject> {
    const query = dryRun ? { dryRun: 'All' } : undefined
    return this.#write({
      verb: 'create',
      method: 'POST',
      ...addressOf(object),
      body: object,
      reason,
      ...(query && { query }),
    })
  }

  /** PUT; refused with `Conflict` when the object's resourceVersion is not the newest. */
  replace(object: KubeObject, { reason, dryRun }: PutOptions): Promise<KubeObject> {
    const query = dryRun ? { dryRun: 'All' } : undefined
    return this.#write({
      verb: 'update',
      method: 'PUT',
      ...addressOf(object),
      body: object,
      reason,
      ...(query && { query }),
    })
  }

  /**
   * Deletes an object. Returns it as far as it is still there (finalizers or a grace period hold it), `undefined` when it
   * is gone, as it may have been already.
   */
  async delete(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    { reason, uid, propagationPolicy = 'Background' }: DeleteOptions,
  ): Promise<KubeObject | undefined> {
    const body = { propagationPolicy, ...(uid && { preconditions: { uid } }) }
    try {
      const answer = await this.#write({ verb: 'delete', method: 'DELETE', kind, namespace, name, body, reason })
      const { deletionTimestamp, finalizers, deletionGracePeriodSeconds }: Partial<Metadata> = answer.metadata ?? {}
      const held = finalizers?.length || deletionGracePeriodSeconds
      return answer.kind === kind.kind && deletionTimestamp && held ? answer : undefined
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error
      return undefined
    }
  }

  /** What a server in a pod answers to a GET, through the API server (sub-resource `pods/proxy`). */
  getThroughPod(namespace: string, pod: string, port: number, path: string, signal: AbortSignal): Promise<unknown> {
    const rule = { apiGroup: '', resource: 'pods/proxy', verb: 'get', namespace }
    const item = `${encodeURIComponent(pod)}:${port}`
    const request: Request = {
      method: 'GET',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${item}/proxy${path}`,
    }
    return inSpan('get pods/proxy', attributesOf(rule, undefined), () =>
      this.#inTime(timeout => this.#read({ ...request, signal: timeout }, rule), signal),
    )
  }

  /** Waits for a kind that the server does not serve: see `Discovery.appears`. */
  appears(kind: Kind, wait: Omit<Appearance, 'clock'>): Promise<void> {
    return this.#discovery.appears(kind, { ...wait, clock: this.#clock })
  }

  /** Forgets a kind, so that the next call asks discovery again (its CRD was removed or changed). */
  forget(kind: Kind): void {
    this.#discovery.forget(kind)
  }

  async #address({
    verb,
    kind,
    namespace,
    name,
    subresource,
    method,
    query,
  }: Call): Promise<{ path: string; rule: Rule }> {
    const resource = await this.#discovery.resource(kind)
    const root = groupOf(kind.apiVersion) ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`
    const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
    const item = name && method !== 'POST' ? `/${encodeURIComponent(name)}` : ''
    const below = subresource ? `/${subresource}` : ''
    const rule = {
      apiGroup: groupOf(kind.apiVersion),
      resource: resource.name + below,
      // What RBAC calls it: an apply is a patch.
      verb: verb === 'apply' ? 'patch' : verb,
      ...(scope && { namespace: namespace! }),
    }
    return {
      path: `${root}${scope}/${resource.name}${item}${below}${query ? `?${new URLSearchParams(query)}` : ''}`,
      rule,
    }
  }

  async #call(call: Call): Promise<unknown> {
    const { path, rule } = await this.#address(call)
    const { method, body, contentType, signal } = call
    const request = { method, path, ...(body !== undefined && { body }), ...(contentType && { contentType }) }
    return inSpan(`${call.verb} ${rule.resource}`, attributesOf(rule, call), () =>
      this.#inTime(timeout => this.#read({ ...request, signal: timeout }, rule), signal),
    )
  }

  async #write(call: Call & { name: string; reason: string }): Promise<KubeObject> {
    this.#observer.before?.()
    const { verb, namespace, name, reason } = call
    const { apiVersion, kind } = call.kind
    const report = (ok: boolean): void =>
      this.#observer.after?.({ verb, kind: { apiVersion, kind }, ...(namespace && { namespace }), name, reason, ok })
    try {
      const answer = (await this.#call(call)) as KubeObject
      report(true)
      return answer
    } catch (error) {
      report(false)
      throw error
    }
  }

  async #read(request: Request, rule: Rule | undefined): Promise<unknown> {
    return readJson((await this.#open(request, rule)).body)
  }

  async #open(request: Request, rule: Rule | undefined): Promise<Response> {
    const answer = await this.#transport(request)
    if (answer.status < 400) return answer
    const body = (await readJson(answer.body)) as StatusBody
    const path = request.path.split('?')[0]
    const error = errorFromStatus(
      answer.status,
      body,
      `${request.method} ${path}`,
      retryAfterSeconds(answer.headers['retry-after'], this.#clock),
    )
    throw error.code === 'Forbidden' && rule ? await explainForbidden(this.#transport, error, rule) : error
  }

  /** Gives up when the time is over or the caller's signal aborts, also on a transport that does not listen. */
  async #inTime<T>(
    work: (signal: AbortSignal) => Promise<T>,
    outer?: AbortSignal,
    tooLate: (result: T) => void = () => {},
  ): Promise<T> {
    const stop = new AbortController()
    const over = Promise.withResolvers<never>()
    const giveUp = (message: string): void => {
      over.reject(new KubeError('Unreachable', message, 'backoff'))
      stop.abort()
      working?.then(tooLate, () => {})
    }
    const onAbort = (): void => giveUp('stopped')
    if (outer?.aborted) throw new KubeError('Unreachable', 'stopped', 'backoff')
    outer?.addEventListener('abort', onAbort, { once: true })
    const cancel = this.#clock.after(this.#timeoutMs, () => giveUp(`no answer within ${this.#timeoutMs} ms`))
    const working: Promise<T> | undefined = work(stop.signal)
    try {
      return await Promise.race([working, over.promise])
    } finally {
      cancel()
      outer?.removeEventListener('abort', onAbort)
    }
  }
}

const addressOf = ({ apiVersion, kind, metadata: { namespace, name } }: KubeObject) => ({
  kind: { apiVersion, kind },
  namespace,
  name,
})

const attributesOf = ({ apiGroup, resource, verb, namespace }: Rule, call: Call | undefined) => ({
  'k8s.api.group': apiGroup,
  'k8s.api.resource': resource,
  'k8s.api.verb': verb,
  ...(namespace && { 'k8s.namespace.name': namespace }),
  ...(call?.name && { 'k8s.object.name': call.name }),
  ...(call?.reason && { 'write.reason': call.reason }),
})

/** Seconds of a Retry-After header: a number or a date (RFC 9110 §10.2.3). */
function retryAfterSeconds(header: string | string[] | undefined, clock: Clock): number | undefined {
  if (typeof header !== 'string') return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - clock.now()) / 1_000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}
