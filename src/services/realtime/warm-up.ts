import { setTimeout as sleep } from 'node:timers/promises'

const POLL = 250
/** From the sidecar's readiness to the first record a consumer group of Kafka is sure to see: joining takes a rebalance. */
export const SETTLE = 5_000

/**
 * Resolves when this process is sure to be given every event from now on: its consumer group starts at the newest record,
 * so what is published before it has joined never comes. Resolves to false when aborted.
 */
export async function warmUp(daprUrl: string, settle: number, signal: AbortSignal): Promise<boolean> {
  try {
    for (;;) {
      const ready = await fetch(`${daprUrl}/v1.0/healthz`, { signal }).then(
        answer => answer.ok,
        () => false,
      )
      if (ready) break
      await sleep(POLL, undefined, { signal })
    }
    await sleep(settle, undefined, { signal })
    return true
  } catch {
    // Only an abort gets here: the service is stopping.
    return false
  }
}
