import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from './log.ts'

export interface Repeated {
  /** Runs the work soon instead of at its time. */
  wake(): void
  /** Waits for a run under way. */
  stop(): Promise<void>
}

/** Runs `work` now and then every `everyMs` after its end; a failure is logged and the next run is on time. */
export function repeat(everyMs: number, log: Logger, work: () => Promise<void>): Repeated {
  const stopping = new AbortController()
  let pausing = new AbortController()
  let woken = false
  const running = (async () => {
    while (!stopping.signal.aborted) {
      woken = false
      await work().catch(error =>
        log.warn({ err: (error as Error).message }, 'periodic work failed; it is tried again'),
      )
      if (woken) continue
      pausing = new AbortController()
      const signal = AbortSignal.any([pausing.signal, stopping.signal])
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {})
    }
  })()
  return {
    wake: () => {
      woken = true
      pausing.abort()
    },
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
