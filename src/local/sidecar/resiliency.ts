import { type Clock, pause } from '../log/index.ts'
import { BreakerOpenError, CircuitBreaker } from './breaker.ts'
import { isScopedTo } from './component.ts'
import { parseDuration } from './duration.ts'
import { DaprError } from './errors.ts'
import type { ResiliencyResource, TargetPolicies } from './resources.ts'

export type ComponentKind = 'Pubsub' | 'Statestore' | 'Secretstore' | 'Binding'
export type Direction = 'Inbound' | 'Outbound'

export interface RetryPolicy {
  policy: 'constant' | 'exponential'
  /** Milliseconds between attempts (constant), or the first wait (exponential). */
  duration: number
  maxInterval: number
  /** Attempts after the first; -1: for ever. */
  maxRetries: number
  /** Which HTTP statuses are tried again; undefined: all. */
  httpStatusCodes: readonly (readonly [from: number, to: number])[] | undefined
}

export interface Policy {
  timeout?: number
  retry?: RetryPolicy
  breaker?: CircuitBreaker
}

/** A failure that carries the HTTP status a retry's `matching` looks at (dapr pkg/resiliency CodeError). */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The owner of the work is going away: neither a success nor a failure of the work. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError'
}

export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** An exponential retry gives up after a quarter of an hour, whatever its count (backoff.DefaultMaxElapsedTime). */
const MAX_ELAPSED = 15 * 60_000

const ranges = (codes: string | undefined): RetryPolicy['httpStatusCodes'] =>
  codes
    ?.split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(part => {
      const [from, to] = part.split('-').map(Number)
      return [from!, to ?? from!] as const
    })

type Sources = NonNullable<ResiliencyResource['spec']['policies']>

function retryPolicy(source: NonNullable<Sources['retries']>[string]): RetryPolicy {
  const policy = source.policy === 'exponential' ? 'exponential' : 'constant'
  return {
    policy,
    duration: policy === 'exponential' ? 500 : (parseDuration(source.duration ?? '') ?? 5000),
    maxInterval: parseDuration(source.maxInterval ?? '') ?? 60_000,
    maxRetries: source.maxRetries ?? -1,
    httpStatusCodes: ranges(source.matching?.httpStatusCodes),
  }
}

/** Names of default policies, most specific first (dapr pkg/resiliency expandPolicyTemplate). */
const componentDefaults = (kind: string, direction: string, what: string): string[] =>
  [`${kind}Component${direction}`, `Component${direction}`, 'Component', ''].map(
    prefix => `Default${prefix}${what}Policy`,
  )

/** The resiliency policies that apply to one app, with the circuit breakers they share. */
export class Resiliency {
  readonly #clock: Clock
  readonly #timeouts: Record<string, string> = {}
  readonly #retries: Record<string, RetryPolicy> = {}
  readonly #breakerSpecs: NonNullable<Sources['circuitBreakers']> = {}
  readonly #apps: Record<string, TargetPolicies> = {}
  readonly #components: Record<string, { inbound?: TargetPolicies; outbound?: TargetPolicies }> = {}
  readonly #breakers = new Map<string, CircuitBreaker>()
  readonly names: string[]

  constructor(resources: readonly ResiliencyResource[], appId: string, clock: Clock) {
    this.#clock = clock
    const mine = resources.filter(resource => isScopedTo(resource.scopes, appId))
    this.names = mine.map(resource => resource.metadata.name)
    for (const { spec } of mine) {
      Object.assign(this.#timeouts, spec.policies?.timeouts)
      for (const [name, source] of Object.entries(spec.policies?.retries ?? {}))
        this.#retries[name] = retryPolicy(source)
      Object.assign(this.#breakerSpecs, spec.policies?.circuitBreakers)
      Object.assign(this.#apps, spec.targets?.apps)
      Object.assign(this.#components, spec.targets?.components)
    }
  }

  component(name: string, kind: ComponentKind, direction: Direction): Policy {
    const target = this.#components[name]?.[direction === 'Inbound' ? 'inbound' : 'outbound']
    const names = target ?? this.#defaults(what => componentDefaults(kind, direction, what))
    return this.#policy(names, `component ${name} ${direction}`)
  }

  /** One breaker per app and method, as Dapr's. */
  app(appId: string, method: string): Policy {
    const names =
      this.#apps[appId] ?? this.#defaults(what => ['App', ''].map(prefix => `Default${prefix}${what}Policy`))
    return this.#policy(names, `app ${appId} ${method}`)
  }

  #defaults(candidates: (what: string) => string[]): TargetPolicies {
    const pick = (what: string, known: object) => candidates(what).find(name => name in known)
    const timeout = pick('Timeout', this.#timeouts)
    const retry = pick('Retry', this.#retries)
    const circuitBreaker = pick('CircuitBreaker', this.#breakerSpecs)
    return { ...(timeout && { timeout }), ...(retry && { retry }), ...(circuitBreaker && { circuitBreaker }) }
  }

  #policy(names: TargetPolicies, key: string): Policy {
    // A timeout may be given in place, without a name.
    const timeout = names.timeout && parseDuration(this.#timeouts[names.timeout] ?? names.timeout)
    const retry = names.retry ? this.#retries[names.retry] : undefined
    const breaker = names.circuitBreaker ? this.#breaker(names.circuitBreaker, key) : undefined
    return { ...(timeout && { timeout }), ...(retry && { retry }), ...(breaker && { breaker }) }
  }

  #breaker(name: string, key: string): CircuitBreaker | undefined {
    const spec = this.#breakerSpecs[name]
    if (spec === undefined) return undefined
    const known = this.#breakers.get(key)
    if (known) return known
    const breaker = new CircuitBreaker(
      {
        maxRequests: spec.maxRequests || 1,
        interval: parseDuration(spec.interval ?? '') ?? 0,
        timeout: parseDuration(spec.timeout ?? '') || 60_000,
        trip: spec.trip,
      },
      this.#clock,
    )
    this.#breakers.set(key, breaker)
    return breaker
  }
}

async function withTimeout<T>(
  milliseconds: number,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const attempt = new AbortController()
  const abort = (): void => attempt.abort()
  signal.addEventListener('abort', abort, { once: true })
  let cancel = (): void => {}
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(milliseconds, () => {
      attempt.abort()
      reject(new TimeoutError('context deadline exceeded'))
    })
  })
  try {
    return await Promise.race([work(attempt.signal), late])
  } finally {
    cancel()
    signal.removeEventListener('abort', abort)
  }
}

function shouldRetry(error: unknown, { httpStatusCodes }: RetryPolicy): boolean {
  if (error instanceof BreakerOpenError || error instanceof AbortedError || error instanceof DaprError) return false
  if (!(error instanceof StatusError) || httpStatusCodes === undefined) return true
  return httpStatusCodes.some(([from, to]) => error.status >= from && error.status <= to)
}

function waitBefore(retry: number, policy: RetryPolicy): number {
  if (policy.policy === 'constant') return policy.duration
  const base = Math.min(policy.duration * 1.5 ** (retry - 1), policy.maxInterval)
  return base * (0.5 + Math.random())
}

/**
 * Runs `work` under a policy: each attempt has the timeout, the breaker counts attempts, the retry surrounds both
 * (dapr pkg/resiliency/policy.go). Aborting `signal` ends the waiting between attempts with an `AbortedError`; an attempt
 * under way is left to finish.
 */
export async function runWith<T>(
  policy: Policy,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timeout, retry, breaker } = policy
  const never = new AbortController().signal
  const once = timeout ? () => withTimeout(timeout, clock, never, work) : () => work(never)
  const attempt = breaker ? () => breaker.run(once) : once
  if (retry === undefined) return attempt()
  const started = clock.now()
  for (let count = 1; ; count += 1) {
    try {
      return await attempt()
    } catch (error) {
      const exhausted = retry.maxRetries >= 0 && count > retry.maxRetries
      const expired = retry.policy === 'exponential' && clock.now() - started > MAX_ELAPSED
      if (exhausted || expired || !shouldRetry(error, retry)) throw error
      await pause(clock, waitBefore(count, retry), signal)
      if (signal.aborted) throw new AbortedError('the work was given up while waiting for the next attempt')
    }
  }
}
