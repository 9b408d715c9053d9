import { backoffDelay } from './backoff.ts'
import { type Clock, systemClock } from './clock.ts'
import { Heap } from './heap.ts'
import { type Random, systemRandom } from './random.ts'

/** `user`: somebody changed something. `resync`: the start-up list, which may wait. */
export type Priority = 'user' | 'resync'

export interface WorkResult {
  /** Come back after this many milliseconds though nothing changes. */
  requeueAfterMs?: number
}

export type Work = (key: string) => Promise<WorkResult | undefined>

/** Told what happens to keys; for metrics. Milliseconds. */
export interface QueueObserver {
  /** A key that was neither waiting nor due to come again was added. */
  added?(): void
  /** A key is worked on after waiting so long. */
  taken?(waitedMs: number): void
  done?(tookMs: number): void
  /** A failure will be tried again. */
  retried?(): void
}

export interface QueueOptions {
  /** Keys worked on at once. Defaults to 2. */
  workers?: number
  /** First delay after a failure, in milliseconds. Defaults to 100. */
  baseMs?: number
  /** Longest delay after failures, in milliseconds. Defaults to 60,000. */
  capMs?: number
  clock?: Clock
  random?: Random
  observer?: QueueObserver
}

interface Delay {
  key: string
  due: number
  priority: Priority
}

/** How many users' keys may overtake one of the resync: it waits, but it never starves. */
const OVERTAKING = 8

/**
 * Keys waiting to be reconciled: each once however often it is added, one worker for a key at a time, a key added while
 * it is worked on comes again, failures back off per key, users' changes overtake the resync of a start. Delays share one
 * timer; an overtaken delay stays in the heap until its time and is then ignored.
 */
export class WorkQueue {
  readonly #work: Work
  readonly #options: Required<QueueOptions>
  /** Keys that could be worked on, with the time since when. */
  readonly #ready: Record<Priority, Map<string, number>> = { user: new Map(), resync: new Map() }
  readonly #delayed = new Map<string, Delay>()
  readonly #heap = new Heap<Delay>((a, b) => a.due < b.due)
  readonly #active = new Map<string, { again: Priority | undefined; echo: boolean }>()
  readonly #failures = new Map<string, number>()
  readonly #idle: (() => void)[] = []
  #overtaken = 0
  #timer: { due: number; cancel(): void } | undefined
  #stopped = false

  constructor(work: Work, options: QueueOptions = {}) {
    this.#work = work
    const defaults = { workers: 2, baseMs: 100, capMs: 60_000, clock: systemClock, random: systemRandom, observer: {} }
    this.#options = { ...defaults, ...options }
  }

  /** Keys that could be worked on now. */
  get depth(): number {
    return this.#ready.user.size + this.#ready.resync.size
  }

  /** Keys that wait for a time. */
  get delayed(): number {
    return this.#delayed.size
  }

  /** Keys at work. */
  get active(): number {
    return this.#active.size
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  add(key: string, priority: Priority = 'user'): void {
    if (this.#stopped) return
    const { clock, observer } = this.#options
    const active = this.#active.get(key)
    if (active) {
      if (!active.again) observer.added?.()
      active.again = active.again === 'user' ? 'user' : priority
      return
    }
    this.#delayed.delete(key)
    const { user, resync } = this.#ready
    const since = user.get(key) ?? resync.get(key)
    if (since === undefined) observer.added?.()
    if (priority === 'user') resync.delete(key)
    if (!user.has(key)) this.#ready[priority].set(key, since ?? clock.monotonic())
    this.#pump()
  }

  /**
   * What the key's own work wrote: comes again after a success, for the next step may be possible now. After a failure the
   * backoff stands, or writing about the failure would undo it.
   */
  addEcho(key: string): void {
    const active = this.#active.get(key)
    if (active) active.echo = true
    else this.add(key)
  }

  /** Adds the key after a delay, or sooner if it is due sooner already. */
  addAfter(key: string, delayMs: number, priority: Priority = 'user'): void {
    if (this.#stopped || this.#ready.user.has(key) || this.#ready.resync.has(key)) return
    const due = this.#options.clock.monotonic() + delayMs
    const before = this.#delayed.get(key)
    if (before && before.due <= due) return
    const delay = { key, due, priority }
    this.#delayed.set(key, delay)
    this.#heap.push(delay)
    if (this.#heap.size > 2 * this.#delayed.size + 1_000) this.#sweep()
    this.#schedule()
  }

  /** Takes no more keys and resolves when those at work are done. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#delayed.clear()
    this.#heap.clear()
    this.#ready.user.clear()
    this.#ready.resync.clear()
    if (this.#active.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  /** Overtaken delays of a key that changes often would pile up until their time. */
  #sweep(): void {
    this.#heap.clear()
    for (const delay of this.#delayed.values()) this.#heap.push(delay)
  }

  #schedule(): void {
    const next = this.#heap.peek()
    if (!next || (this.#timer && this.#timer.due <= next.due)) return
    this.#timer?.cancel()
    const { clock } = this.#options
    const cancel = clock.after(Math.max(0, next.due - clock.monotonic()), () => this.#onTimer())
    this.#timer = { due: next.due, cancel }
  }

  #onTimer(): void {
    this.#timer = undefined
    const now = this.#options.clock.monotonic()
    for (let next = this.#heap.peek(); next && next.due <= now; next = this.#heap.peek()) {
      this.#heap.pop()
      if (this.#delayed.get(next.key) !== next) continue
      this.#delayed.delete(next.key)
      this.add(next.key, next.priority)
    }
    this.#schedule()
  }

  #pump(): void {
    const { user, resync } = this.#ready
    while (!this.#stopped && this.#active.size < this.#options.workers) {
      const priority = user.size === 0 || (resync.size > 0 && this.#overtaken >= OVERTAKING) ? 'resync' : 'user'
      const next = this.#ready[priority].entries().next().value
      if (next === undefined) return
      const [key, since] = next
      this.#overtaken = priority === 'user' && resync.size > 0 ? this.#overtaken + 1 : 0
      this.#ready[priority].delete(key)
      this.#options.observer.taken?.(this.#options.clock.monotonic() - since)
      void this.#run(key, priority)
    }
  }

  async #run(key: string, priority: Priority): Promise<void> {
    const { clock, random, observer } = this.#options
    const began = clock.monotonic()
    const state = { again: undefined as Priority | undefined, echo: false }
    this.#active.set(key, state)
    let after: number | undefined
    let afterPriority: Priority = 'user'
    try {
      after = (await this.#work(key))?.requeueAfterMs
      this.#failures.delete(key)
      if (state.echo) state.again ??= priority
    } catch {
      // The worker reports its own errors; the queue only promises that the key comes back.
      const failures = this.failures(key)
      this.#failures.set(key, failures + 1)
      after = backoffDelay(failures, random, this.#options)
      afterPriority = priority
      observer.retried?.()
    }
    observer.done?.(clock.monotonic() - began)
    this.#active.delete(key)
    if (state.again) this.add(key, state.again)
    else if (after !== undefined) this.addAfter(key, after, afterPriority)
    if (this.#active.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
    // Keys that need no request follow each other without a pause: 1,000 of them kept a probe waiting for seconds.
    await clock.turn()
    this.#pump()
  }
}
