/** Time as the embedded parts see it, so that a test (or the fault simulator) can own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `task` once after `milliseconds`; the returned function cancels it. */
  after(milliseconds: number, task: () => void): () => void
}

/** Node clamps longer timers to one millisecond, which would turn a yearly job into a busy loop. */
const LONGEST_TIMER = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, task) {
    let timer: NodeJS.Timeout
    const deadline = Date.now() + milliseconds
    const arm = (): void => {
      const remaining = Math.max(0, deadline - Date.now())
      timer = remaining > LONGEST_TIMER ? setTimeout(arm, LONGEST_TIMER) : setTimeout(task, remaining)
      timer.unref()
    }
    arm()
    return () => clearTimeout(timer)
  },
}

/** Resolves after `milliseconds`, or at once when `signal` aborts. Never rejects. */
export function pause(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(milliseconds, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}
