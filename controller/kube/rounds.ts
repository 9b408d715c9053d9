import { backoffDelay } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

/** Between two rounds: from one second up to ten, however many wait and however long. */
const PAUSE = { baseMs: 1_000, capMs: 10_000 }

/**
 * Moments for which many wait together. A cluster lacks a dozen of the kinds a controller would watch; each looking for its
 * own by itself would ask the API server more, for nothing, than all watches of what is there.
 */
export class Rounds {
  readonly #waiting = new Set<() => void>()
  #cancel = (): void => {}
  #rounds = 0

  /** Resolves at the next round, or when the signal aborts. */
  next(clock: Clock, random: Random, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      if (signal.aborted) return resolve()
      const leave = (): void => {
        this.#waiting.delete(go)
        if (this.#waiting.size === 0) this.#cancel()
        resolve()
      }
      const go = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      if (this.#waiting.size === 0)
        this.#cancel = clock.after(backoffDelay(this.#rounds++, random, PAUSE), () => this.#begin())
      this.#waiting.add(go)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  #begin(): void {
    const all = [...this.#waiting]
    this.#waiting.clear()
    for (const go of all) go()
  }
}
