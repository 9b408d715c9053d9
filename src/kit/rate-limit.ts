import type { Authenticate } from './auth.ts'
import type { RateLimit } from './config.ts'
import { Problem } from './problem.ts'

const ROUNDING = 1e-6

/** Buckets kept before those that are full again are let go. */
const MOST_BUCKETS = 10_000

/**
 * A token bucket for each key, in this process: with several replicas a person gets as much of each.
 * @param now milliseconds
 * @returns a function that takes one token and says how many seconds to wait; 0: none, go ahead
 */
export function rateLimiter({ perSecond, burst }: RateLimit, now: () => number = Date.now): (key: string) => number {
  const buckets = new Map<string, { tokens: number; at: number }>()
  const level = ({ tokens, at }: { tokens: number; at: number }, time: number): number =>
    Math.min(burst, tokens + (Math.max(0, time - at) / 1_000) * perSecond)
  return key => {
    const time = now()
    const known = buckets.get(key)
    const tokens = known ? level(known, time) : burst
    // Who waited as long as told goes on, whatever fractions add up to.
    if (tokens < 1 - ROUNDING) return (1 - tokens) / perSecond
    buckets.set(key, { tokens: tokens - 1, at: time })
    if (buckets.size > MOST_BUCKETS) {
      // A full bucket is as good as none.
      for (const [other, bucket] of buckets) if (level(bucket, time) >= burst) buckets.delete(other)
    }
    return 0
  }
}

/** Lets each person ask so often, whatever they ask. Who cannot prove who they are takes nobody's share. */
export function limited(authenticate: Authenticate, limit: RateLimit | undefined): Authenticate {
  if (!limit) return authenticate
  const take = rateLimiter(limit)
  return async request => {
    const user = await authenticate(request)
    const wait = Math.ceil(take(user.id))
    if (wait > 0) {
      const often = `${limit.burst} requests at once and ${limit.perSecond} a second`
      throw new Problem('TEP4011', `More than ${often}; go on in ${wait} s.`, [], { retry_after: wait })
    }
    return user
  }
}
