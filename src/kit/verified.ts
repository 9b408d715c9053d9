export interface Verified<User> {
  get(token: string): User | undefined
  /** @param expiresAt Unix milliseconds */
  set(token: string, user: User, expiresAt: number): void
}

/** Less than an issuer's keys are kept: a key that is taken back is noticed no later than without. */
const KEEP_MS = 60_000
const MOST = 1_000

/** Tokens whose signature was right a moment ago: checking it is a tenth of what a request costs. None outlives its `exp`. */
export function rememberVerified<User>(now: () => number = Date.now): Verified<User> {
  const known = new Map<string, { user: User; until: number }>()
  return {
    get(token) {
      const entry = known.get(token)
      if (!entry || now() < entry.until) return entry?.user
      known.delete(token)
      return undefined
    },
    set(token, user, expiresAt) {
      known.delete(token)
      // The one that was verified longest ago is the first to be verified again anyway.
      if (known.size >= MOST) known.delete(known.keys().next().value!)
      known.set(token, { user, until: Math.min(expiresAt, now() + KEEP_MS) })
    },
  }
}
