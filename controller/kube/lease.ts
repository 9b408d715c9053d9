import type { KubeClient } from './client.ts'
import { type Clock, sleep, systemClock } from './clock.ts'
import { isKubeError, KubeError } from './errors.ts'
import type { KubeObject } from './objects.ts'
import { type Random, systemRandom } from './random.ts'

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }

export interface LeaseOptions {
  namespace: string
  name: string
  /** Who we are, unique for each process. Defaults to the host's name and something random. */
  identity?: string
  /** How long a rival waits since it last saw the record change. Defaults to 15. */
  durationSeconds?: number
  /** After this long without a renewal the lease is given up, so that writes under way land before a rival's. Defaults to 10. */
  deadlineSeconds?: number
  /** Between renewals. Defaults to 5. */
  renewSeconds?: number
  /** Between tries of a standby, and of a holder whose renewal failed. Defaults to 0.8: a released lease is taken within a second. */
  retrySeconds?: number
  clock?: Clock
  random?: Random
  onAcquired(): void
  /** The lease is lost: stop at once; writes are refused from now on. */
  onLost(): void
  /** A try failed and will be repeated. */
  onTrouble?(error: KubeError): void
}

/** Lease times have six digits of a second; fewer answer 400 (V1MicroTime). */
export const microTime = (milliseconds: number): string => new Date(milliseconds).toISOString().replace('Z', '000Z')

interface Moment {
  wall: number
  monotonic: number
}

/**
 * Leader election by a Lease, as client-go's leaderelection does it: a rival waits a whole duration *by its own clock*
 * since it last saw the record change, so clocks need not agree. `fence` throws once the lease may be somebody else's.
 */
export class LeaderLease {
  readonly identity: string
  readonly #client: KubeClient
  readonly #options: Required<Omit<LeaseOptions, 'identity'>>
  #renewed: Moment = { wall: 0, monotonic: 0 }
  #state: 'standby' | 'leading' | 'ended' = 'standby'
  #observed = { record: '', at: 0 }
  #cancelDeadline = (): void => {}

  constructor(client: KubeClient, options: LeaseOptions) {
    this.#client = client
    this.#options = {
      durationSeconds: 15,
      deadlineSeconds: 10,
      renewSeconds: 5,
      retrySeconds: 0.8,
      clock: systemClock,
      random: systemRandom,
      onTrouble: () => {},
      ...options,
    }
    this.identity =
      options.identity ?? `${process.env['HOSTNAME'] ?? 'controller'}_${this.#options.random.bytes(8).toString('hex')}`
  }

  /**
   * Asks both clocks: the monotonic one stands still while a machine is suspended, the wall clock may be set back. The one
   * that says more time has passed is believed.
   */
  get held(): boolean {
    const { clock, deadlineSeconds } = this.#options
    const passed = Math.max(clock.now() - this.#renewed.wall, clock.monotonic() - this.#renewed.monotonic)
    return this.#state === 'leading' && passed < deadlineSeconds * 1_000
  }

  /** Throws `NotLeader` unless the lease is surely ours. Called before each write. */
  fence = (): void => {
    if (!this.held)
      throw new KubeError('NotLeader', `the lease ${this.#options.name} is not held by this process`, 'backoff')
  }

  /**
   * Competes for the lease until the signal aborts, then gives it back so that a standby takes over at once. Resolves, too,
   * after the lease was lost; a process that lost it starts anew rather than go on with what it believed.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, renewSeconds, retrySeconds, deadlineSeconds } = this.#options
    while (!signal.aborted && !this.#over) {
      // A try that hangs must not be the last one before the deadline, nor keep a standby waiting.
      const patience = new AbortController()
      const won = await Promise.race([
        this.#try(signal),
        sleep(clock, deadlineSeconds * 500, patience.signal).then(() => false),
      ])
      patience.abort()
      const seconds = won ? renewSeconds : retrySeconds
      if (!this.#over) await sleep(clock, seconds * 1_000 * (0.8 + 0.4 * random.number()), signal)
    }
    this.#cancelDeadline()
    if (this.held) await this.#release().catch((error: unknown) => this.#trouble(error))
    this.#state = 'ended'
  }

  get #over(): boolean {
    return this.#state === 'ended'
  }

  async #try(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options
    const started = { wall: clock.now(), monotonic: clock.monotonic() }
    try {
      if (!(await this.#acquireOrRenew(started))) return false
    } catch (error) {
      this.#trouble(error)
      return false
    }
    this.#won(started, signal)
    return true
  }

  #won(started: Moment, signal: AbortSignal): void {
    // An answer that comes too late proves nothing: the time counts from when it was asked for.
    if (this.#state === 'ended' || started.monotonic < this.#renewed.monotonic) return
    this.#renewed = started
    const { clock, deadlineSeconds } = this.#options
    this.#cancelDeadline()
    const left = deadlineSeconds * 1_000 - (clock.monotonic() - started.monotonic)
    this.#cancelDeadline = clock.after(Math.max(0, left), () => this.#lose())
    if (this.#state === 'standby' && !signal.aborted && left > 0) {
      this.#state = 'leading'
      this.#options.onAcquired()
    }
  }

  #lose(): void {
    if (this.#state !== 'leading') return
    this.#state = 'ended'
    this.#cancelDeadline()
    this.#options.onLost()
  }

  #trouble(error: unknown): void {
    // Losing a race for the record is no trouble.
    if (isKubeError(error, 'Conflict', 'AlreadyExists')) return
    this.#options.onTrouble(
      isKubeError(error) ? error : new KubeError('Unexpected', `lease: ${String(error)}`, 'backoff', {}, error),
    )
  }

  async #acquireOrRenew({ wall, monotonic }: Moment): Promise<boolean> {
    const { namespace, name, durationSeconds } = this.#options
    const lease = await this.#client.get(LEASE, namespace, name)
    const fresh = {
      holderIdentity: this.identity,
      leaseDurationSeconds: durationSeconds,
      acquireTime: microTime(wall),
      renewTime: microTime(wall),
    }
    if (!lease) {
      const spec = { ...fresh, leaseTransitions: 0 }
      await this.#client.create({ ...LEASE, metadata: { namespace, name }, spec }, { reason: 'LeaseAcquired' })
      return true
    }
    const current = lease['spec'] ?? {}
    const record = JSON.stringify(current)
    // Seen when the answer is here: tries that hung answer together, and the oldest had not seen it when it was begun.
    if (record !== this.#observed.record) this.#observed = { record, at: this.#options.clock.monotonic() }
    if (current.holderIdentity === this.identity) {
      const { acquireTime, leaseTransitions } = current
      await this.#put(lease, { ...fresh, acquireTime, leaseTransitions }, 'LeaseRenewed')
      return true
    }
    if (this.#state === 'leading') {
      this.#lose()
      return false
    }
    const waited = monotonic - this.#observed.at
    if (current.holderIdentity && waited < (current.leaseDurationSeconds ?? durationSeconds) * 1_000) return false
    await this.#put(lease, { ...fresh, leaseTransitions: (current.leaseTransitions ?? 0) + 1 }, 'LeaseAcquired')
    return true
  }

  async #release(): Promise<void> {
    const lease = await this.#client.get(LEASE, this.#options.namespace, this.#options.name)
    if (lease?.['spec']?.holderIdentity !== this.identity) return
    await this.#put(lease, { ...lease['spec'], holderIdentity: '', leaseDurationSeconds: 1 }, 'LeaseReleased')
  }

  #put(lease: KubeObject, spec: object, reason: string): Promise<KubeObject> {
    return this.#client.replace({ ...lease, spec }, { reason })
  }
}
