import type { Random } from './random.ts'

export interface BackoffOptions {
  /** Milliseconds of the first delay. */
  baseMs?: number
  capMs?: number
}

/** Capped exponential delay with jitter on its upper half, so that many clients do not come back at once. Milliseconds. */
export function backoffDelay(
  attempt: number,
  random: Random,
  { baseMs = 100, capMs = 30_000 }: BackoffOptions = {},
): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30))
  return ceiling / 2 + (ceiling / 2) * random.number()
}
