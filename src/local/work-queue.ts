/** Runs work by key: one at a time per key, again when asked meanwhile, and again with growing pauses after a failure. */
export interface WorkQueue {
  add(key: string): void
  stop(): Promise<void>
}

const FIRST_PAUSE = 50
const LONGEST_PAUSE = 10_000

export function workQueue(
  work: (key: string) => Promise<void>,
  onError: (key: string, error: unknown) => void,
): WorkQueue {
  const dirty = new Set<string>()
  const running = new Map<string, Promise<void>>()
  const pauses = new Map<string, number>()
  const timers = new Map<string, NodeJS.Timeout>()
  let stopped = false

  const run = async (key: string): Promise<void> => {
    while (dirty.delete(key) && !stopped) {
      // A turn later: the changes of one burst are then one run.
      await new Promise(resolve => setImmediate(resolve))
      dirty.delete(key)
      try {
        await work(key)
        pauses.delete(key)
      } catch (error) {
        if (stopped) return
        const pause = pauses.get(key) ?? FIRST_PAUSE
        pauses.set(key, Math.min(pause * 2, LONGEST_PAUSE))
        // A conflict only means that somebody wrote in between: not worth a report.
        if ((error as { code?: unknown }).code !== 409) onError(key, error)
        timers.set(
          key,
          setTimeout(() => add(key), pause),
        )
      }
    }
  }
  const add = (key: string): void => {
    if (stopped) return
    clearTimeout(timers.get(key))
    dirty.add(key)
    if (!running.has(key))
      running.set(
        key,
        run(key).finally(() => running.delete(key)),
      )
  }
  return {
    add,
    async stop() {
      stopped = true
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all(running.values())
    },
  }
}
