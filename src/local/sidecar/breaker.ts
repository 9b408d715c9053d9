import { parse } from '@marcbachmann/cel-js'
import type { Clock } from '../log/index.ts'

export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError'
}

export interface BreakerSettings {
  /** Requests let through while half-open. */
  maxRequests: number
  /** Milliseconds after which a closed breaker forgets its counts; 0: never. */
  interval: number
  /** Milliseconds an open breaker stays open. */
  timeout: number
  /** CEL over `requests`, `totalSuccesses`, `totalFailures`, `consecutiveSuccesses`, `consecutiveFailures`. */
  trip: string | undefined
}

interface Counts {
  requests: number
  totalSuccesses: number
  totalFailures: number
  consecutiveSuccesses: number
  consecutiveFailures: number
}

const zero = (): Counts => ({
  requests: 0,
  totalSuccesses: 0,
  totalFailures: 0,
  consecutiveSuccesses: 0,
  consecutiveFailures: 0,
})

/** A trip expression that cannot be evaluated never trips (dapr pkg/resiliency/breaker). */
function tripWhen(expression: string | undefined): (counts: Counts) => boolean {
  if (expression === undefined) return counts => counts.consecutiveFailures > 5
  const evaluate = parse(expression)
  return counts => {
    try {
      return evaluate(Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, BigInt(n)]))) === true
    } catch {
      return false
    }
  }
}

/** The circuit breaker behind Dapr's (sony/gobreaker): closed, open for `timeout`, then half-open for `maxRequests` trials. */
export class CircuitBreaker {
  readonly #settings: BreakerSettings
  readonly #clock: Clock
  readonly #trips: (counts: Counts) => boolean
  #state: 'closed' | 'open' | 'half-open' = 'closed'
  #counts = zero()
  #expiry: number
  /** Results of an earlier state must not count in this one. */
  #generation = 0

  constructor(settings: BreakerSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#trips = tripWhen(settings.trip)
    this.#expiry = settings.interval > 0 ? clock.now() + settings.interval : Number.POSITIVE_INFINITY
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#refresh()
    if (this.#state === 'open') throw new BreakerOpenError('circuit breaker is open')
    if (this.#state === 'half-open' && this.#counts.requests >= this.#settings.maxRequests) {
      throw new BreakerOpenError('too many requests')
    }
    const generation = this.#generation
    this.#counts.requests += 1
    try {
      const result = await work()
      if (generation === this.#generation) this.#succeeded()
      return result
    } catch (error) {
      if (generation === this.#generation) this.#failed()
      throw error
    }
  }

  #refresh(): void {
    if (this.#clock.now() < this.#expiry) return
    if (this.#state === 'open') this.#become('half-open', Number.POSITIVE_INFINITY)
    else if (this.#state === 'closed') this.#become('closed', this.#clock.now() + this.#settings.interval)
  }

  #become(state: 'closed' | 'open' | 'half-open', expiry: number): void {
    this.#state = state
    this.#expiry = expiry
    this.#counts = zero()
    this.#generation += 1
  }

  #succeeded(): void {
    this.#counts.totalSuccesses += 1
    this.#counts.consecutiveSuccesses += 1
    this.#counts.consecutiveFailures = 0
    if (this.#state === 'half-open' && this.#counts.consecutiveSuccesses >= this.#settings.maxRequests) {
      const { interval } = this.#settings
      this.#become('closed', interval > 0 ? this.#clock.now() + interval : Number.POSITIVE_INFINITY)
    }
  }

  #failed(): void {
    this.#counts.totalFailures += 1
    this.#counts.consecutiveFailures += 1
    this.#counts.consecutiveSuccesses = 0
    if (this.#state === 'half-open' || this.#trips(this.#counts)) {
      this.#become('open', this.#clock.now() + this.#settings.timeout)
    }
  }
}
