import type { Clock } from './clock.ts'
import { isKubeError, KubeError } from './errors.ts'
import { groupOf, type Kind, kindKey } from './objects.ts'
import type { Random } from './random.ts'
import { Rounds } from './rounds.ts'

export interface ApiResource {
  /** Plural, as in paths and roles. */
  name: string
  kind: string
  namespaced: boolean
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#discovery-api: `/apis` without aggregation. */
interface GroupList {
  groups?: { versions?: { groupVersion?: string }[] }[]
}

export interface Appearance {
  clock: Clock
  random: Random
  signal: AbortSignal
  onLook(): void
}

/** Which resource serves a kind, asked once per group and version, however many ask at a time. */
export class Discovery {
  readonly #read: (path: string) => Promise<unknown>
  readonly #resources = new Map<string, ApiResource>()
  readonly #asking = new Map<string, Promise<unknown>>()

  readonly #rounds = new Rounds()

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

  /**
   * Waits for a kind that the server does not serve: resolves when it does, or when the signal aborts. All who wait look at
   * the same moments, so that what no absent kind's group serves costs one request in all. `onLook` is told of each look in vain. Rejects with what
   * else a look failed with.
   */
  async appears(kind: Kind, { clock, random, signal, onLook }: Appearance): Promise<void> {
    for (;;) {
      await this.#rounds.next(clock, random, signal)
      if (signal.aborted) return
      try {
        if (await this.#hasVersion(kind)) return void (await this.resource(kind))
      } catch (error) {
        if (!isKubeError(error, 'KindAbsent')) throw error
      }
      onLook()
    }
  }

  forget(kind: Kind): void {
    this.#resources.delete(`${kind.apiVersion}/${kind.kind}`)
  }

  /** Whether the list of all groups has the kind's; true as well where it cannot be had, for then the group itself tells. */
  async #hasVersion({ apiVersion }: Kind): Promise<boolean> {
    if (!groupOf(apiVersion)) return true
    try {
      const { groups } = (await this.#ask('/apis')) as GroupList
      return groups?.some(({ versions }) => versions?.some(({ groupVersion }) => groupVersion === apiVersion)) ?? true
    } catch (error) {
      if (isKubeError(error, 'Forbidden', 'NotFound')) return true
      throw error
    }
  }

  async #resourcesOf(kind: Kind): Promise<ApiResource[]> {
    const path = groupOf(kind.apiVersion) ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`
    try {
      return ((await this.#ask(path)) as { resources?: ApiResource[] }).resources ?? []
    } catch (error) {
      throw isKubeError(error, 'NotFound') ? absent(kind) : error
    }
  }

  #ask(path: string): Promise<unknown> {
    let asking = this.#asking.get(path)
    if (!asking) {
      asking = this.#read(path).finally(() => this.#asking.delete(path))
      this.#asking.set(path, asking)
    }
    return asking
  }
}

const absent = (kind: Kind): KubeError =>
  new KubeError('KindAbsent', `the cluster has no ${kindKey(kind)} (${kind.apiVersion}): install its CRD`, 'backoff')
