/** A yes or no that counts once it has lasted; `undefined` before the first time. */
export interface Settled {
  value: boolean | undefined
  /** What it looks like now. */
  seen: boolean | undefined
  /** Since when it has looked like that, in monotonic milliseconds. */
  since: number
}

/** Longer than one event, one rebalance or one restart; two turns are never closer than this. */
export const SETTLE_MS = 20_000

const UNSETTLED: Settled = { value: undefined, seen: undefined, since: 0 }

/**
 * One more look. A change counts when it has been seen for {@link SETTLE_MS} without a break; the very first yes counts at
 * once, for nothing was said before that it could contradict. Pure.
 * @param seen `undefined`: nothing could be seen, so nothing is concluded
 */
export function settle({ value, ...before }: Settled = UNSETTLED, seen: boolean | undefined, now: number): Settled {
  const since = seen === before.seen ? before.since : now
  const lasted = now - since >= SETTLE_MS
  const turns = seen !== undefined && seen !== value && (lasted || (seen && value === undefined))
  return { value: turns ? seen : value, seen, since }
}
