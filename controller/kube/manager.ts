import { Cache, type Change, type Indexer, type Project } from './cache.ts'
import type { KubeClient } from './client.ts'
import { type Clock, systemClock } from './clock.ts'
import type { KubeError } from './errors.ts'
import { type Kind, type KubeObject, kindKey } from './objects.ts'
import { type QueueOptions, type Work, WorkQueue } from './queue.ts'
import { type Random, systemRandom } from './random.ts'
import { inSpan } from './tracing.ts'
import { listWatch } from './watch.ts'

export interface Watched extends Kind {
  namespace?: string
  labelSelector?: string
  /** The keys to reconcile when an object of this kind changes. */
  keysOf(object: KubeObject): string[]
}

export interface ManagerOptions {
  client: KubeClient
  watches: Watched[]
  reconcile: Work
  project?: Project
  indexes?: Record<string, Indexer>
  queue?: Omit<QueueOptions, 'clock' | 'random'>
  clock?: Clock
  random?: Random
  /** Ask for lists as the beginning of watches where the server can. Defaults to true. */
  streaming?: boolean
  onTrouble?(kind: string, error: KubeError): void
  onError?(key: string, error: unknown): void
}

/** One watch, whoever watches by it. */
interface Source extends Kind {
  namespace: string | undefined
  labelSelector: string | undefined
  /** Monotonic milliseconds when the server was last heard. */
  heardAt: number
  /** Its connection broke and is not back. */
  broken: boolean
}

/**
 * One cache fed by one watch for each kind, one queue fed by the cache. `start` begins to watch (a warm standby may do so
 * before it leads); `lead` begins to reconcile, `yield` stops it and waits for what is at work.
 */
export class Manager {
  readonly cache: Cache
  readonly #options: ManagerOptions
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #sources: Source[]
  readonly #keysOf = new Map<string, Watched[]>()
  readonly #synced = Promise.withResolvers<void>()
  readonly #outages = { count: 0 }
  /** Kinds whose server was away and that have not been read again. */
  readonly #lost = new Set<Source>()
  /** Until all are read again nothing is decided: half of the cache may be of a history that is no more. */
  #whole = Promise.withResolvers<void>()
  #queue: WorkQueue | undefined
  #watching: Promise<unknown> = Promise.resolve()

  constructor(options: ManagerOptions) {
    const { project, indexes } = options
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#sources = sourcesOf(options.watches, this.#clock.monotonic())
    for (const watched of options.watches) {
      const others = this.#keysOf.get(kindKey(watched))
      if (others) others.push(watched)
      else this.#keysOf.set(kindKey(watched), [watched])
    }
    this.cache = new Cache({ ...(project && { project }), ...(indexes && { indexes }) })
    this.cache.onChange((object, change) => this.#changed(object, change))
  }

  /** True once every kind was listed, or is known to be absent. */
  get synced(): boolean {
    return this.#sources.every(source => this.cache.isSynced(source, source.namespace))
  }

  /** Keys that wait to be reconciled, later, and that are at work. */
  get queue(): { depth: number; delayed: number; active: number } {
    const { depth = 0, delayed = 0, active = 0 } = this.#queue ?? {}
    return { depth, delayed, active }
  }

  /** For each watch, seconds since the server was last heard: an answer, an event or a bookmark. */
  staleness(): { kind: string; namespace?: string; seconds: number }[] {
    const now = this.#clock.monotonic()
    return this.#sources.map(({ kind, namespace, heardAt }) => ({
      kind,
      ...(namespace && { namespace }),
      seconds: (now - heardAt) / 1_000,
    }))
  }

  start(): void {
    this.#watching = Promise.all(this.#sources.map(source => this.#watch(source)))
  }

  /** Reconciles everything that is known, then whatever changes. Waits for the first lists: a half-filled cache lies. */
  async lead(): Promise<void> {
    await this.#synced.promise
    if (this.#stop.signal.aborted || this.#queue) return
    const { random = systemRandom, queue } = this.#options
    const work: Work = async key => {
      while (this.#lost.size > 0) await this.#whole.promise
      if (this.#stop.signal.aborted) return undefined
      try {
        return await inSpan('reconcile', { 'reconcile.key': key }, () => this.#options.reconcile(key))
      } catch (error) {
        this.#options.onError?.(key, error)
        throw error
      }
    }
    this.#queue = new WorkQueue(work, { ...queue, clock: this.#clock, random })
    this.#resync()
  }

  /** Something that no watch tells has changed for this key. Before this process leads, nothing is to be done. */
  enqueue(key: string): void {
    this.#queue?.add(key)
  }

  async yield(): Promise<void> {
    const queue = this.#queue
    this.#queue = undefined
    await queue?.stop()
  }

  async stop(): Promise<void> {
    const idle = this.yield()
    this.#stop.abort()
    this.#lost.clear()
    this.#whole.resolve()
    this.#synced.resolve()
    await idle
    await this.#watching
  }

  /** Everything that is known is looked at again. */
  #resync(): void {
    for (const watched of this.#options.watches) {
      for (const object of this.cache.list(watched))
        for (const key of watched.keysOf(object)) this.#queue?.add(key, 'resync')
    }
  }

  #changed(object: KubeObject, change: Change): void {
    if (!this.#queue) return
    for (const watched of this.#keysOf.get(kindKey(object)) ?? [])
      for (const key of watched.keysOf(object)) {
        if (change === 'echo') this.#queue.addEcho(key)
        else this.#queue.add(key)
      }
  }

  #lose(sources: Source[]): void {
    if (this.#lost.size === 0) this.#whole = Promise.withResolvers()
    for (const source of sources) this.#lost.add(source)
  }

  #found(source: Source): void {
    this.#lost.delete(source)
    if (this.#lost.size === 0) this.#whole.resolve()
  }

  #watch(source: Source): Promise<void> {
    const { client, onTrouble, streaming = true, random = systemRandom } = this.#options
    const { apiVersion, kind, namespace, labelSelector } = source
    const { cache } = this
    const scope = {
      kind: { apiVersion, kind },
      ...(namespace && { namespace }),
      ...(labelSelector && { labelSelector }),
    }
    let mark = cache.mark()
    return listWatch(
      client,
      { ...scope, signal: this.#stop.signal, clock: this.#clock, random, streaming, outages: this.#outages },
      {
        listing: () => {
          mark = cache.mark()
        },
        keep: cache.project,
        reachable: is => {
          if (is) this.#found(source)
          else this.#lose([source, ...this.#sources.filter(({ broken }) => broken)])
        },
        replace: (objects, resourceVersion, anew) => {
          const served = cache.isServed(scope.kind)
          cache.replace(scope.kind, objects, { namespace, mark, resourceVersion, anew })
          // What was left out for want of a kind appears with it, though no object of it has changed.
          if (cache.isServed(scope.kind) !== served) this.#resync()
          if (this.synced) this.#synced.resolve()
        },
        upsert: object => cache.upsert(object),
        remove: object => cache.remove(object),
        advanced: version => cache.advanced(scope.kind, version, namespace),
        contact: () => {
          source.heardAt = this.#clock.monotonic()
          source.broken = false
        },
        trouble: error => {
          source.broken ||= error.code === 'Unreachable'
          onTrouble?.(kind, error)
        },
      },
    )
  }
}

/** One watch for each kind and namespace; the selector stays only where every watcher has the same one. */
function sourcesOf(watches: Watched[], heardAt: number): Source[] {
  const sources = new Map<string, Source>()
  for (const { apiVersion, kind, namespace, labelSelector } of watches) {
    const key = `${kindKey({ apiVersion, kind })}/${namespace ?? ''}`
    const known = sources.get(key)
    if (!known) sources.set(key, { apiVersion, kind, namespace, labelSelector, heardAt, broken: false })
    else if (known.labelSelector !== labelSelector) known.labelSelector = undefined
  }
  return [...sources.values()]
}
