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

/** The same section, "Aggregated discovery": `/api` or `/apis` with all groups, versions and resources below it. */
interface GroupDiscoveryList {
  kind?: string
  items?: {
    metadata?: { name?: string | null }
    versions?: {
      version: string
      /** `Stale`: an aggregated API server could not be asked, and what it serves is missing or of before. */
      freshness?: string
      resources?: { resource: string; responseKind?: { kind?: string } | null; scope?: string }[]
    }[]
  }[]
}

/** A server before Kubernetes 1.30 takes no notice of the first and answers as plain JSON. */
const ALL_AT_ONCE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'

export interface Appearance {
  clock: Clock
  random: Random
  signal: AbortSignal
  onLook(): void
}

/**
 * Which resource serves a kind. The first look asks for everything the server has, so that a start costs two requests and
 * not one for each group; what is missed or forgotten later is asked of its group and version alone. However many ask at a
 * time, one request is under way.
 */
export class Discovery {
  readonly #read: (path: string, accept?: string) => Promise<unknown>
  readonly #resources = new Map<string, ApiResource>()
  readonly #asking = new Map<string, Promise<unknown>>()
  /** `/api` and `/apis`, once they were looked at. */
  readonly #looked = new Set<string>()
  readonly #rounds = new Rounds()

  constructor(read: (path: string, accept?: string) => Promise<unknown>) {
    this.#read = read
  }

  /** Rejects with `KindAbsent` when the server does not serve the kind (yet). */
  async resource(kind: Kind): Promise<ApiResource> {
    const known = this.#known(kind) ?? (await this.#learn(kind))
    if (!known) throw absent(kind)
    return known
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
    this.#resources.delete(idOf(kind))
  }

  #known(kind: Kind): ApiResource | undefined {
    return this.#resources.get(idOf(kind))
  }

  async #learn(kind: Kind): Promise<ApiResource | undefined> {
    const root = groupOf(kind.apiVersion) ? '/apis' : '/api'
    if (!this.#looked.has(root)) {
      const unsure = await this.#once(`all of ${root}`, () => this.#lookAtAll(root))
      if (unsure !== 'all' && !unsure.has(kind.apiVersion)) return this.#known(kind)
    }
    await this.#once(`${root}/${kind.apiVersion}`, () => this.#lookAt(root, kind))
    return this.#known(kind)
  }

  /** Learns what one answer tells of all groups. Returns the versions of which it does not tell everything. */
  async #lookAtAll(root: string): Promise<'all' | ReadonlySet<string>> {
    const { kind, items = [] } = (await this.#readable(root, ALL_AT_ONCE)) as GroupDiscoveryList
    this.#looked.add(root)
    if (kind !== 'APIGroupDiscoveryList') return 'all'
    const stale = new Set<string>()
    for (const { metadata, versions = [] } of items)
      for (const { version, freshness, resources = [] } of versions) {
        const apiVersion = metadata?.name ? `${metadata.name}/${version}` : version
        if (freshness === 'Stale') stale.add(apiVersion)
        for (const { resource, responseKind, scope } of resources)
          if (responseKind?.kind)
            this.#remember(apiVersion, { name: resource, kind: responseKind.kind, namespaced: scope === 'Namespaced' })
      }
    return stale
  }

  async #lookAt(root: string, kind: Kind): Promise<void> {
    try {
      const { resources = [] } = (await this.#read(`${root}/${kind.apiVersion}`)) as { resources?: ApiResource[] }
      for (const resource of resources) if (!resource.name.includes('/')) this.#remember(kind.apiVersion, resource)
    } catch (error) {
      throw isKubeError(error, 'NotFound') ? absent(kind) : error
    }
  }

  /** Whether the list of all groups has the kind's; true as well where it cannot be had, for then the group itself tells. */
  async #hasVersion({ apiVersion }: Kind): Promise<boolean> {
    if (!groupOf(apiVersion)) return true
    const { groups } = (await this.#once('/apis', () => this.#readable('/apis'))) as GroupList
    return groups?.some(({ versions }) => versions?.some(({ groupVersion }) => groupVersion === apiVersion)) ?? true
  }

  /** What a document says; nothing where it is not for us to read, or not there. */
  async #readable(path: string, accept?: string): Promise<unknown> {
    try {
      return await this.#read(path, accept)
    } catch (error) {
      if (isKubeError(error, 'Forbidden', 'NotFound')) return {}
      throw error
    }
  }

  #remember(apiVersion: string, { name, kind, namespaced }: ApiResource): void {
    this.#resources.set(idOf({ apiVersion, kind }), { name, kind, namespaced })
  }

  #once<T>(what: string, ask: () => Promise<T>): Promise<T> {
    let asking = this.#asking.get(what) as Promise<T> | undefined
    if (!asking) {
      asking = ask().finally(() => this.#asking.delete(what))
      this.#asking.set(what, asking)
    }
    return asking
  }
}

const idOf = ({ apiVersion, kind }: Kind): string => `${apiVersion}/${kind}`

const absent = (kind: Kind): KubeError =>
  new KubeError('KindAbsent', `the cluster has no ${kindKey(kind)} (${kind.apiVersion}): install its CRD`, 'backoff')
