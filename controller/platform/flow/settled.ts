/** A yes or no that counts once it has lasted; `undefined` before the first time. */
export interface Settled {
  value: boolean | undefined
  /** What it looks like now. */
  seen: boolean | undefined
  /** Since when it has looked like that, in monotonic milliseconds. */
  since: number
}

const UNSETTLED: Settled = { value: undefined, seen: undefined, since: 0 }

/**
 * One more look. A change counts when it has been seen for `settleMs` without a break, so two turns are never closer than
 * that; the very first yes counts at once, for nothing was said before that it could contradict. Pure.
 * @param seen `undefined`: nothing could be seen, so nothing is concluded
 */
export function settle(
  { value, ...before }: Settled = UNSETTLED,
  seen: boolean | undefined,
  now: number,
  settleMs: number,
): Settled {
  const since = seen === before.seen ? before.since : now
  const lasted = now - since >= settleMs
  const turns = seen !== undefined && seen !== value && (lasted || (seen && value === undefined))
  return { value: turns ? seen : value, seen, since }
}
