import { backoffDelay } from './backoff.ts'
import type { KubeClient } from './client.ts'
import { type Clock, sleep } from './clock.ts'
import { isKubeError, KubeError } from './errors.ts'
import { currentVersion, listAll, type Scope } from './list.ts'
import { type KubeObject, kindKey } from './objects.ts'
import type { Random } from './random.ts'
import { compareVersions, isOlder } from './versions.ts'
import { readWatch, SILENCE, type WatchEvent } from './watch-stream.ts'

export interface WatchHandlers {
  /** Called before a list is asked for: what is written from now on may be missing in it. */
  listing?(): void
  /** What is held of an object while the rest of a list arrives: the objects of all pages at once would be many times the cache. */
  keep?(object: KubeObject): KubeObject
  /**
   * The whole truth at one moment, as `keep` left it: after the first list, and again after each relist. No version: the kind
   * is absent. `anew`: the server was away, and may have come back with another history.
   */
  replace(objects: KubeObject[], resourceVersion: string, anew: boolean): void
  /** False: the server cannot be reached, and what is held may be of a history that is no more; true: it has been read again. */
  reachable?(is: boolean): void
  upsert(object: KubeObject): void
  remove(object: KubeObject): void
  /** Every change up to this resourceVersion was delivered. */
  advanced?(resourceVersion: string): void
  /** The server was heard: it is not the watch that is stale. */
  contact?(): void
  /** Something went wrong and is being retried; for metrics and logs. */
  trouble?(error: KubeError): void
}

/** How often a server that several watches share was found to be away; each tells the others. */
export interface Outages {
  count: number
}

export interface WatchOptions extends Scope {
  signal: AbortSignal
  /** Shared by the watches of one server. */
  outages?: Outages
  clock: Clock
  random: Random
  /** Objects in one page of a list. Defaults to 500. */
  pageSize?: number
  /** Ask for the list as the beginning of the watch where the server can (Kubernetes 1.34). Defaults to true. */
  streaming?: boolean
}

/** A watch that lived this long was healthy: the next failure backs off from the start. */
const HEALTHY_MS = 30_000
/** A watch that brought something but broke soon is tried again within 1.6 s; one that brings nothing backs off to the cap. */
const PROGRESS_ATTEMPTS = 4
/** The server ends a watch after this time, jittered so that the watches of a start do not come back together for ever. */
const WATCH_SECONDS = 240
/** A little more than a watch may last: silence beyond it means that the socket is half-open. */
const IDLE_MS = 320_000
/** Once bookmarks come (each minute), their absence tells sooner. */
const BOOKMARK_IDLE_MS = 150_000
/** A server that takes no notice of sendInitialEvents never marks their end. */
const INITIAL_IDLE_MS = 10_000
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/**
 * Lists, then watches, until the signal aborts: resumes from the last resourceVersion after a cut, relists after 410
 * (HTTP or in band) and when the server's resourceVersion went back (a restored backup), waits for a kind that is absent,
 * backs off with jitter on everything else and never gives up. Rules of resumption and of streaming lists:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function listWatch(client: KubeClient, options: WatchOptions, handlers: WatchHandlers): Promise<void> {
  return new ListWatch(client, options, handlers).run()
}

class ListWatch {
  readonly #client: KubeClient
  readonly #options: WatchOptions
  readonly #handlers: WatchHandlers
  readonly #what: string
  #version: string | undefined
  #streaming: boolean
  #bookmarks = false
  /** Attempts since the last healthy watch. */
  #failures = 0
  /** The server does not serve the kind. */
  #absent = false
  /** The server answers: a stream that breaks after it breaks by itself. */
  #answered = false
  /** The server could not be reached since the last list. */
  #away = false
  readonly #outages: Outages
  /** The outages known when the server was heard last, or asked for what is to come. */
  #heardAfter = 0
  /** The connection broke since the version was known to be the server's. */
  #suspect = false

  constructor(client: KubeClient, options: WatchOptions, handlers: WatchHandlers) {
    this.#client = client
    this.#options = options
    this.#handlers = handlers
    this.#what = `watch of ${kindKey(options.kind)}`
    this.#streaming = options.streaming ?? true
    this.#outages = options.outages ?? { count: 0 }
  }

  async run(): Promise<void> {
    const { signal, clock, random } = this.#options
    while (!signal.aborted) {
      const began = clock.monotonic()
      const before = this.#version
      let asked = 0
      this.#answered = false
      try {
        await this.#once()
        if (signal.aborted) return
      } catch (error) {
        if (signal.aborted) return
        if (isKubeError(error, 'NotFound', 'KindAbsent')) {
          this.#emptied()
          continue
        }
        asked = this.#failed(error)
      }
      if (clock.monotonic() - began >= HEALTHY_MS) this.#failures = 0
      else if (this.#version !== undefined && this.#version !== before)
        this.#failures = Math.min(this.#failures, PROGRESS_ATTEMPTS)
      await sleep(clock, Math.max(asked, backoffDelay(this.#failures++, random)), signal)
    }
  }

  /** One list if need be, and one watch; before it the kind has to be there. */
  async #once(): Promise<void> {
    const { kind, signal, random, pageSize = 500 } = this.#options
    // Others found nobody there while this one waited to come back. Also where it has to list anyway: who waits for what was
    // lost has to hear that it is found.
    if (this.#outdated) this.#lost()
    if (this.#absent) {
      const onLook = (): void => {
        this.#back()
        this.#heard()
      }
      await this.#client.appears(kind, { random, signal, onLook })
      if (signal.aborted) return
      this.#absent = false
    }
    if (this.#version !== undefined && this.#suspect) {
      const current = await currentVersion(this.#client, this.#options, signal)
      this.#refuseOutdated()
      // Resuming from a version that is yet to come would be silent until the server reaches it again.
      if (isOlder(current, this.#version)) this.#version = undefined
      this.#suspect = false
    }
    if (this.#version === undefined && !this.#streaming) {
      this.#handlers.listing?.()
      const { objects, resourceVersion } = await listAll(this.#client, this.#options, pageSize, signal, object =>
        this.#keep(object),
      )
      if (signal.aborted) return
      this.#refuseOutdated()
      this.#begin(objects, resourceVersion)
    }
    await this.#watch()
  }

  get #outdated(): boolean {
    return this.#heardAfter !== this.#outages.count
  }

  /** Others found nobody there while an answer was on its way: it may be of before, and is asked for again. */
  #refuseOutdated(): void {
    if (!this.#outdated) return
    this.#lost()
    throw new KubeError('Expired', `${this.#what}: the server was away before it answered`, 'backoff')
  }

  /** What went wrong, told and judged. Returns the milliseconds the server asks us to wait. */
  #failed(error: unknown): number {
    const known = isKubeError(error)
      ? error
      : new KubeError('Unexpected', `${this.#what}: ${String(error)}`, 'backoff', {}, error)
    if (this.#version === undefined && this.#streaming && known.code === 'Invalid') this.#streaming = false
    if (known.code === 'Expired' || isTooLarge(known)) this.#version = undefined
    if (known.code === 'Unreachable' || known.code === 'Unavailable') this.#suspect = true
    if (known.code === 'Unreachable' && !this.#answered) {
      this.#outages.count++
      this.#lost()
    }
    this.#handlers.trouble?.(known)
    return typeof known.retry === 'object' ? known.retry.afterSeconds * 1_000 : 0
  }

  /** The CRD is not there (yet, or any more): nothing of its kind can exist. */
  #emptied(): void {
    this.#absent = true
    this.#client.forget(this.#options.kind)
    this.#version = undefined
    this.#handlers.listing?.()
    this.#handlers.replace([], '', this.#away)
    this.#back()
    this.#heard()
  }

  async #watch(): Promise<void> {
    const { kind, namespace, labelSelector, signal, clock, random } = this.#options
    let collecting = this.#version === undefined ? new Map<string, KubeObject>() : undefined
    if (collecting) this.#handlers.listing?.()
    const answer = await this.#client.watch(
      kind,
      namespace,
      {
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + 0.25 * random.number()))),
        ...(labelSelector && { labelSelector }),
        ...(collecting
          ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
          : { resourceVersion: this.#version! }),
      },
      signal,
    )
    this.#answered = true
    this.#handlers.contact?.()
    if (!collecting && this.#outdated) answer.body.destroy()
    if (!collecting) this.#refuseOutdated()
    const read = readWatch(answer, {
      what: this.#what,
      signal,
      clock,
      idleMs: () => (collecting ? INITIAL_IDLE_MS : this.#bookmarks ? BOOKMARK_IDLE_MS : IDLE_MS),
      onEvent: event => {
        if (!collecting) {
          this.#heard()
          return this.#deliver(event)
        }
        this.#handlers.contact?.()
        const { object } = event
        if (event.type === 'BOOKMARK' && object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true') {
          this.#refuseOutdated()
          const objects = [...collecting.values()]
          collecting = undefined
          this.#bookmarks = true
          this.#begin(objects, object.metadata.resourceVersion!)
        } else if (event.type === 'DELETED') collecting.delete(nameOf(object))
        else if (event.type !== 'BOOKMARK') {
          const kept = this.#keep(object)
          if (kept) collecting.set(nameOf(object), kept)
        }
      },
    })
    try {
      await read
    } catch (error) {
      // Nothing but silence where the end of the initial events was due: this server does not know them.
      if (collecting && isKubeError(error) && error.status.reason === SILENCE) this.#streaming = false
      throw error
    }
  }

  #heard(): void {
    this.#heardAfter = this.#outages.count
    this.#handlers.contact?.()
  }

  #begin(objects: KubeObject[], resourceVersion: string): void {
    this.#version = resourceVersion
    this.#suspect = false
    this.#heard()
    this.#handlers.replace(objects, resourceVersion, this.#away)
    this.#back()
  }

  /**
   * Nobody answers, which is how a restore of etcd begins. Its resourceVersions are given to other states, and soon reach
   * ours again: no comparison tells that the history is another one, so the kind is listed.
   * https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#restoring-an-etcd-cluster
   */
  #lost(): void {
    this.#version = undefined
    this.#heardAfter = this.#outages.count
    this.#away = true
    this.#handlers.reachable?.(false)
  }

  #back(): void {
    if (!this.#away) return
    this.#away = false
    this.#handlers.reachable?.(true)
  }

  #deliver({ type, object }: WatchEvent): void {
    const { resourceVersion } = object.metadata
    const order = compareVersions(resourceVersion, this.#version)
    // Events of one watch come in order: one from before means that the server's history is another one now.
    if (order !== undefined && order < 0)
      throw new KubeError('Expired', `${this.#what}: the server's resourceVersion went back`, 'backoff')
    if (type === 'BOOKMARK') this.#bookmarks = true
    // The same version again is the same change again.
    else if (order !== 0) this.#handle(type, object)
    this.#version = resourceVersion ?? this.#version
    if (this.#version !== undefined) this.#handlers.advanced?.(this.#version)
  }

  #keep(object: KubeObject): KubeObject | undefined {
    return this.#digest(object, () => this.#handlers.keep?.(object) ?? object)
  }

  #handle(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    this.#digest(object, () => (type === 'DELETED' ? this.#handlers.remove(object) : this.#handlers.upsert(object)))
  }

  /** One object that a handler cannot digest must not keep the others away. */
  #digest<T>(object: KubeObject, handle: () => T): T | undefined {
    try {
      return handle()
    } catch (error) {
      const { namespace = '', name } = object.metadata
      this.#handlers.trouble?.(
        new KubeError('Unexpected', `${this.#what}: ${namespace}/${name}: ${String(error)}`, 'never', {}, error),
      )
      return undefined
    }
  }
}

const nameOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** apiserver storage.NewTooLargeResourceVersionError: a 504 with this cause. */
const isTooLarge = ({ status }: KubeError): boolean =>
  status.details?.causes?.some(({ reason }) => reason === 'ResourceVersionTooLarge') ?? false
