import { isDeepStrictEqual } from 'node:util'
import type { Cache } from '../../kube/cache.ts'
import type { Clock } from '../../kube/clock.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { effectiveSpec } from '../effective.ts'
import { KINDS, PLATFORM_LABEL, platformKey } from '../platform.ts'
import { BY_NAMESPACE, platformOf } from '../project.ts'
import type { PodInput } from '../providers/inputs.ts'
import type { AskPod } from './door.ts'
import { type Expected, expectedFlow } from './expected.ts'
import { type Flow, type FlowState, flowOf, NOTHING_SEEN, nextFlow } from './flow.ts'
import type { PodWord } from './words.ts'

export interface ProberOptions {
  cache: Cache
  ask: AskPod
  clock: Clock
  /** The operator's own version: that of platforms which name none. */
  version: string
  /** Seconds from one canary to the next. */
  canarySeconds: number
  /** What is said of a platform has turned. */
  onTurn(key: string): void
  /** A platform could not be looked at; the next round tries again. */
  onTrouble(key: string, error: unknown): void
}

/** Looks for each canary. */
const LOOKS = 2
const PATIENCE_MS = 4_000
/** Pods asked at a time, over all platforms. */
const AT_ONCE = 16

/** Nothing is known yet: an operator that has just begun must not take back what another one saw. */
const NOTHING_YET: Flow = { notLoaded: [], lost: [] }

/**
 * Asks the pods of every platform at regular times whether events reach them, and tells when the answer turns. It writes
 * nothing: the reconciler takes its word for the status.
 */
export class Prober {
  readonly #options: ProberOptions
  /** By uid: a platform that is made again begins anew. */
  readonly #known = new Map<string, { state: FlowState; flow: Flow }>()
  /** A cached platform never changes, so what it asks for does not either. */
  readonly #expected = new WeakMap<KubeObject, Expected>()
  readonly #stopped = new AbortController()
  #cancel = (): void => {}

  constructor(options: ProberOptions) {
    this.#options = options
  }

  flowOf(uid: string): Flow {
    return this.#known.get(uid)?.flow ?? NOTHING_YET
  }

  start(): void {
    const { clock, canarySeconds } = this.#options
    const everyMs = (canarySeconds * 1_000) / LOOKS
    const round = async (): Promise<void> => {
      const began = clock.monotonic()
      await this.#look()
      if (this.#stopped.signal.aborted) return
      this.#cancel = clock.after(Math.max(0, everyMs - (clock.monotonic() - began)), () => void round())
    }
    void round()
  }

  stop(): void {
    this.#stopped.abort()
    this.#cancel()
  }

  async #look(): Promise<void> {
    const { cache } = this.#options
    const platforms = cache.list(KINDS.platform).filter(({ metadata }) => !metadata.deletionTimestamp)
    const uids = new Set(platforms.map(({ metadata }) => metadata.uid))
    for (const uid of this.#known.keys()) if (!uids.has(uid)) this.#known.delete(uid)
    const limit = limited(AT_ONCE)
    const { onTrouble } = this.#options
    await Promise.all(
      platforms.map(platform =>
        this.#lookAt(platform, limit).catch(error =>
          onTrouble(platformKey(platform.metadata.namespace!, platform.metadata.name), error),
        ),
      ),
    )
  }

  async #lookAt(platform: KubeObject, limit: Limit): Promise<void> {
    const { cache, clock, canarySeconds, onTurn } = this.#options
    const expected = this.#expectedOf(platform)
    const { namespace, name, uid = '' } = platform.metadata
    const pods = cache
      .byIndex(BY_NAMESPACE, `${KINDS.pod.kind}/${namespace}`)
      .filter(({ metadata }) => metadata.labels?.[PLATFORM_LABEL] === name && !metadata.deletionTimestamp)
      .filter(pod => expected.parts.some(({ component }) => component === (pod['input'] as PodInput).component))
    const words = await Promise.all(pods.map(pod => limit(() => this.#wordOf(pod))))
    if (this.#stopped.signal.aborted) return
    const before = this.#known.get(uid)
    const state = nextFlow(before?.state ?? NOTHING_SEEN, expected, words, {
      now: clock.monotonic(),
      canaryMs: canarySeconds * 1_000,
    })
    const flow = flowOf(state)
    this.#known.set(uid, { state, flow })
    if (!isDeepStrictEqual(flow, before?.flow ?? NOTHING_YET)) onTurn(platformKey(namespace!, name))
  }

  #expectedOf(platform: KubeObject): Expected {
    const known = this.#expected.get(platform)
    if (known) return known
    const expected = expectedFlow(effectiveSpec(platformOf(platform), this.#options.version))
    this.#expected.set(platform, expected)
    return expected
  }

  async #wordOf({ metadata, ...pod }: KubeObject): Promise<PodWord> {
    const { ask, clock } = this.#options
    const { component, sidecar, address, trouble } = pod['input'] as PodInput
    const word = { pod: metadata.name, component, sidecar, ...(trouble && { trouble }) }
    if (!address) return word
    const patience = new AbortController()
    const cancel = clock.after(PATIENCE_MS, () => patience.abort(new Error('no answer in time')))
    try {
      const signal = AbortSignal.any([patience.signal, this.#stopped.signal])
      const { namespace = '', name } = metadata
      return { ...word, report: await ask({ namespace, name, ...address }, signal) }
    } catch (error) {
      return { trouble: (error as Error).message, ...word }
    } finally {
      cancel()
    }
  }
}

type Limit = <T>(work: () => Promise<T>) => Promise<T>

/** Runs at most so many at a time, in the order they came. */
function limited(most: number): Limit {
  let running = 0
  const waiting: (() => void)[] = []
  return async work => {
    if (running >= most) await new Promise<void>(resolve => waiting.push(resolve))
    running++
    try {
      return await work()
    } finally {
      running--
      waiting.shift()?.()
    }
  }
}
