import { backoffDelay } from './backoff.ts'

export type Priority = 'user' | 'resync'

export interface QueueOptions {
  workers?: number
  baseMs?: number
  capMs?: number
  now?: () => number
}

/**
 * Keys waiting to be reconciled: each once however often it is added, one worker for a key at a time, a key added while
 * it is worked on comes again, failures back off per key, users' changes overtake the resync of a start.
 */
export class WorkQueue {
  readonly #work: (key: string) => Promise<{ requeueAfterMs?: number } | undefined>
  readonly #options: Required<QueueOptions>
  readonly #ready: Record<Priority, Set<string>> = { user: new Set(), resync: new Set() }
  readonly #delayed = new Map<string, { due: number; timer: NodeJS.Timeout }>()
  readonly #active = new Map<string, { again: Priority | undefined }>()
  readonly #failures = new Map<string, number>()
  readonly #idle: (() => void)[] = []
  #stopped = false

  constructor(work: (key: string) => Promise<{ requeueAfterMs?: number } | undefined>, options: QueueOptions = {}) {
    this.#work = work
    this.#options = { workers: 2, baseMs: 100, capMs: 60_000, now: Date.now, ...options }
  }

  get depth(): number {
    return this.#ready.user.size + this.#ready.resync.size
  }

  add(key: string, priority: Priority = 'user'): void {
    if (this.#stopped) return
    const active = this.#active.get(key)
    if (active) {
      active.again = priority
      return
    }
    this.#cancelDelay(key)
    if (priority === 'user') this.#ready.resync.delete(key)
    if (!this.#ready.user.has(key)) this.#ready[priority].add(key)
    this.#pump()
  }

  /** Adds the key after a delay, or sooner if it is due sooner already. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return
    const due = this.#options.now() + delayMs
    const before = this.#delayed.get(key)
    if (before && before.due <= due) return
    this.#cancelDelay(key)
    const timer = setTimeout(() => {
      this.#delayed.delete(key)
      this.add(key)
    }, delayMs)
    this.#delayed.set(key, { due, timer })
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** Takes no more keys and resolves when those at work are done. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const key of [...this.#delayed.keys()]) this.#cancelDelay(key)
    this.#ready.user.clear()
    this.#ready.resync.clear()
    if (this.#active.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  #cancelDelay(key: string): void {
    clearTimeout(this.#delayed.get(key)?.timer)
    this.#delayed.delete(key)
  }

  #pump(): void {
    while (this.#active.size < this.#options.workers) {
      const source = this.#ready.user.size > 0 ? this.#ready.user : this.#ready.resync
      const key = source.values().next().value
      if (key === undefined) return
      source.delete(key)
      void this.#run(key)
    }
  }

  async #run(key: string): Promise<void> {
    const state = { again: undefined as Priority | undefined }
    this.#active.set(key, state)
    let after: number | undefined
    try {
      after = (await this.#work(key))?.requeueAfterMs
      this.#failures.delete(key)
    } catch {
      // The worker reports its own errors; the queue only promises that the key comes back.
      const failures = this.failures(key)
      this.#failures.set(key, failures + 1)
      after = backoffDelay(failures, this.#options)
      state.again = undefined
    }
    this.#active.delete(key)
    if (state.again) this.add(key, state.again)
    else if (after !== undefined) this.addAfter(key, after)
    if (this.#active.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.#pump()
  }
}
