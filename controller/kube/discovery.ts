import { isKubeError, KubeError } from './errors.ts'
import { groupOf, type Kind, kindKey } from './objects.ts'

export interface ApiResource {
  /** Plural, as in paths and roles. */
  name: string
  kind: string
  namespaced: boolean
}

/** Which resource serves a kind, asked once per group and version, however many ask at a time. */
export class Discovery {
  readonly #read: (path: string) => Promise<unknown>
  readonly #resources = new Map<string, ApiResource>()
  readonly #asking = new Map<string, Promise<ApiResource[]>>()

  constructor(read: (path: string) => Promise<unknown>) {
    this.#read = read
  }

  /** Rejects with `KindAbsent` when the server does not serve the kind (yet). */
  async resource(kind: Kind): Promise<ApiResource> {
    const key = `${kind.apiVersion}/${kind.kind}`
    const known = this.#resources.get(key)
    if (known) return known
    for (const resource of await this.#resourcesOf(kind)) {
      if (!resource.name.includes('/')) this.#resources.set(`${kind.apiVersion}/${resource.kind}`, resource)
    }
    const resource = this.#resources.get(key)
    if (!resource) throw absent(kind)
    return resource
  }

  forget(kind: Kind): void {
    this.#resources.delete(`${kind.apiVersion}/${kind.kind}`)
  }

  async #resourcesOf(kind: Kind): Promise<ApiResource[]> {
    const path = groupOf(kind.apiVersion) ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`
    let asking = this.#asking.get(path)
    if (!asking) {
      asking = this.#read(path)
        .then(list => (list as { resources?: ApiResource[] }).resources ?? [])
        .finally(() => this.#asking.delete(path))
      this.#asking.set(path, asking)
    }
    try {
      return await asking
    } catch (error) {
      throw isKubeError(error, 'NotFound') ? absent(kind) : error
    }
  }
}

const absent = (kind: Kind): KubeError =>
  new KubeError('KindAbsent', `the cluster has no ${kindKey(kind)} (${kind.apiVersion}): install its CRD`, 'backoff')
