import { Cache, type Project } from './cache.ts'
import type { KubeClient } from './client.ts'
import { type Clock, systemClock } from './clock.ts'
import type { KubeError } from './errors.ts'
import { type Kind, type KubeObject, kindKey } from './objects.ts'
import { type QueueOptions, type Work, WorkQueue } from './queue.ts'
import { type Random, systemRandom } from './random.ts'
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
  queue?: Omit<QueueOptions, 'clock' | 'random'>
  clock?: Clock
  random?: Random
  onTrouble?(kind: string, error: KubeError): void
  onError?(key: string, error: unknown): void
}

/**
 * One cache fed by one watch for each kind, one queue fed by the cache. `start` begins to watch (a warm standby may do so
 * before it leads); `lead` begins to reconcile, `yield` stops it and waits for what is at work.
 */
export class Manager {
  readonly cache: Cache
  readonly #options: ManagerOptions
  readonly #stop = new AbortController()
  #queue: WorkQueue | undefined
  #watching: Promise<unknown> = Promise.resolve()
  readonly #synced = Promise.withResolvers<void>()

  constructor(options: ManagerOptions) {
    this.#options = options
    this.cache = new Cache(options.project)
    this.cache.onChange(object => {
      for (const watched of options.watches) {
        if (kindKey(watched) === kindKey(object)) for (const key of watched.keysOf(object)) this.#queue?.add(key)
      }
    })
  }

  /** True once every kind was listed, or is known to be absent. */
  get synced(): boolean {
    return this.#options.watches.every(watched => this.cache.isSynced(watched, watched.namespace))
  }

  start(): void {
    const { client, watches, onTrouble, clock = systemClock, random = systemRandom } = this.#options
    this.#watching = Promise.all(
      watches.map(({ apiVersion, kind, namespace, labelSelector }) =>
        listWatch(
          client,
          {
            kind: { apiVersion, kind },
            signal: this.#stop.signal,
            clock,
            random,
            ...(namespace && { namespace }),
            ...(labelSelector && { labelSelector }),
          },
          {
            replace: objects => {
              this.cache.replace({ apiVersion, kind }, objects, namespace)
              if (this.synced) this.#synced.resolve()
            },
            upsert: object => this.cache.upsert(object),
            remove: object => this.cache.remove(object),
            trouble: error => onTrouble?.(kind, error),
          },
        ),
      ),
    )
  }

  /** Reconciles everything that is known, then whatever changes. Waits for the first lists: a half-filled cache lies. */
  async lead(): Promise<void> {
    await this.#synced.promise
    if (this.#stop.signal.aborted) return
    const { clock = systemClock, random = systemRandom, queue } = this.#options
    this.#queue = new WorkQueue(
      async key => {
        try {
          return await this.#options.reconcile(key)
        } catch (error) {
          this.#options.onError?.(key, error)
          throw error
        }
      },
      { ...queue, clock, random },
    )
    for (const watched of this.#options.watches) {
      for (const object of this.cache.list(watched))
        for (const key of watched.keysOf(object)) this.#queue.add(key, 'resync')
    }
  }

  async yield(): Promise<void> {
    const queue = this.#queue
    this.#queue = undefined
    await queue?.stop()
  }

  async stop(): Promise<void> {
    const idle = this.yield()
    this.#stop.abort()
    this.#synced.resolve()
    await idle
    await this.#watching
  }
}
