/** The only door to time: a test or a simulator steps it instead of waiting. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970; may jump. For what is written down. */
  now(): number
  /** Milliseconds since some fixed moment; never goes back. For what is measured. */
  monotonic(): number
  /** Calls back once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Resolves once everything else that is due in this process had its turn: long work would keep probes and watches waiting. */
  turn(): Promise<void>
}

/** `setTimeout` fires at once for longer delays than this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
  turn: () => new Promise(resolve => setImmediate(resolve)),
}

/** Resolves after `ms`, or at once when the signal aborts. */
export const sleep = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal?.addEventListener('abort', done, { once: true })
  })
