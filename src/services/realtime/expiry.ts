/** Node fires longer timers at once; such a token outlives the connection anyway, or is asked again. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Calls `act` when the time (milliseconds since the epoch) has come. Returns the function that cancels it. */
export function untilExpired(time: number, act: () => void): () => void {
  const timer = setTimeout(act, Math.min(Math.max(0, time - Date.now()), LONGEST_TIMER))
  return () => clearTimeout(timer)
}
