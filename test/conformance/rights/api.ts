/** A kube-apiserver as its administrator: JSON over HTTPS, kinds by discovery. */
import type { Kind, KubeObject } from '../../../controller/kube/objects.ts'
import type { LocalClient } from '../../../src/local/kube-api/api.ts'
import type { OperatorClient } from '../../fault/operators.ts'
import { send, type Target } from '../kubernetes/target.ts'

interface ApiResource {
  name: string
  kind: string
  namespaced: boolean
}

/** What the server refused; `code` is the HTTP status. */
export class ApiError extends Error {
  readonly code: number

  constructor(code: number, request: string, text: string) {
    super(`${request}: ${code} ${text.slice(0, 400)}`)
    this.code = code
  }
}

export class Api implements OperatorClient, Pick<LocalClient, 'list' | 'apply' | 'delete'> {
  readonly target: Target
  readonly #resources = new Map<string, ApiResource[]>()

  constructor(target: Target) {
    this.target = target
  }

  async get(kind: Kind, namespace: string | undefined, name: string): Promise<never | undefined> {
    try {
      return (await this.request('GET', await this.path(kind, namespace, name))) as never
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined
      throw error
    }
  }

  async list(kind: Kind, namespace?: string): Promise<never[]> {
    const { items } = (await this.request('GET', await this.path(kind, namespace))) as { items: KubeObject[] }
    // Items of built-in kinds come without their type.
    return items.map(item => ({ ...kind, ...item })) as never[]
  }

  async create(object: KubeObject): Promise<never> {
    return this.request('POST', await this.path(object, object.metadata.namespace), object) as never
  }

  async replace(object: KubeObject, subresource?: 'status'): Promise<never> {
    const { namespace, name } = object.metadata
    return this.request('PUT', await this.path(object, namespace, name, subresource), object) as never
  }

  async merge(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    patch: object,
    subresource?: 'status',
  ): Promise<never> {
    const path = await this.path(kind, namespace, name, subresource)
    return this.request('PATCH', path, patch, 'application/merge-patch+json') as never
  }

  async apply(object: KubeObject): Promise<never> {
    const path = await this.path(object, object.metadata.namespace, object.metadata.name)
    return this.request(
      'PATCH',
      `${path}?fieldManager=people&force=true`,
      object,
      'application/apply-patch+yaml',
    ) as never
  }

  async delete(kind: Kind, namespace: string | undefined, name: string): Promise<void> {
    await this.request('DELETE', await this.path(kind, namespace, name))
  }

  /** @throws ApiError for anything but 2xx */
  async request(method: string, path: string, body?: unknown, type = 'application/json'): Promise<unknown> {
    const answer = await send(this.target, {
      method,
      path,
      headers: body === undefined ? {} : { 'content-type': type },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (answer.status >= 300) throw new ApiError(answer.status, `${method} ${path}`, answer.text)
    return JSON.parse(answer.text)
  }

  /** The status of a request in the name of somebody else. */
  async tryAs(user: string, method: string, path: string, body: unknown): Promise<number> {
    const headers = { 'impersonate-user': user }
    return (await send(this.target, { method, path, headers, body: JSON.stringify(body) })).status
  }

  /** True once the server serves the kind. */
  async serves({ apiVersion, kind }: Kind): Promise<boolean> {
    return (await this.#resourcesOf(apiVersion)).some(each => each.kind === kind)
  }

  async path({ apiVersion, kind }: Kind, namespace?: string, name?: string, subresource?: string): Promise<string> {
    const found = (await this.#resourcesOf(apiVersion)).find(each => each.kind === kind && !each.name.includes('/'))
    if (!found) throw new ApiError(404, apiVersion, `no kind ${kind}`)
    const scope = found.namespaced && namespace ? `/namespaces/${namespace}` : ''
    return [`${prefixOf(apiVersion)}${scope}/${found.name}`, name, subresource].filter(Boolean).join('/')
  }

  async #resourcesOf(apiVersion: string): Promise<ApiResource[]> {
    const known = this.#resources.get(apiVersion)
    if (known) return known
    const answer = (await this.request('GET', prefixOf(apiVersion)).catch(() => undefined)) as
      | { resources: ApiResource[] }
      | undefined
    if (answer) this.#resources.set(apiVersion, answer.resources)
    return answer?.resources ?? []
  }
}

const prefixOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
