import { type Clock, sleep } from '../kube/clock.ts'

const PAUSE_MS = 1_000

/**
 * Looks until there is nothing left to wait for, or the time is over.
 * @param look what is still missing, as a sentence, or `undefined`
 * @returns what was still missing at the last look, or `undefined`
 */
export async function waitFor(
  clock: Clock,
  seconds: number,
  look: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const end = clock.monotonic() + seconds * 1_000
  for (;;) {
    const missing = await look()
    if (missing === undefined || clock.monotonic() >= end) return missing
    await sleep(clock, PAUSE_MS)
  }
}
