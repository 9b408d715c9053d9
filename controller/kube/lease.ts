import { randomUUID } from 'node:crypto'
import { sleep } from './backoff.ts'
import type { KubeClient } from './client.ts'
import { isKubeError, KubeError } from './errors.ts'
import type { KubeObject } from './objects.ts'

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }

export interface LeaseOptions {
  namespace: string
  name: string
  identity?: string
  durationSeconds?: number
  renewSeconds?: number
  retrySeconds?: number
  now?: () => number
  onAcquired(): void
  /** The lease is lost: stop at once; writes are refused from now on. */
  onLost(): void
}

/** Lease times have six digits of a second; fewer answer 400 (V1MicroTime). */
export const microTime = (milliseconds: number): string => new Date(milliseconds).toISOString().replace('Z', '000Z')

/**
 * Leader election by a Lease, as client-go's leaderelection does it: a rival waits a whole duration *by its own clock*
 * since it last saw the record change, so clocks need not agree. `fence` throws once the lease may be somebody else's.
 */
export class LeaderLease {
  readonly identity: string
  readonly #client: KubeClient
  readonly #options: Required<Omit<LeaseOptions, 'identity'>>
  #renewedAt = 0
  #held = false
  #observed = { record: '', at: 0 }

  constructor(client: KubeClient, options: LeaseOptions) {
    this.#client = client
    this.identity = options.identity ?? `${process.env['HOSTNAME'] ?? 'controller'}_${randomUUID()}`
    this.#options = { durationSeconds: 15, renewSeconds: 5, retrySeconds: 2, now: Date.now, ...options }
  }

  get held(): boolean {
    return this.#held && this.#options.now() - this.#renewedAt < this.#options.durationSeconds * 1_000
  }

  /** Throws `NotLeader` unless the lease is surely ours. Called before each write. */
  fence = (): void => {
    if (!this.held)
      throw new KubeError('NotLeader', `the lease ${this.#options.name} is not held by this process`, 'backoff')
  }

  /** Competes for the lease until the signal aborts, then gives it back so that a standby takes over at once. */
  async run(signal: AbortSignal): Promise<void> {
    const { renewSeconds, retrySeconds, onAcquired, onLost } = this.#options
    while (!signal.aborted) {
      const won = await this.#tryAcquire().catch((error: unknown) => {
        if (!isKubeError(error)) throw error
        return false
      })
      if (won && !this.#held) {
        this.#held = true
        onAcquired()
      }
      if (this.#held && !this.held) {
        this.#held = false
        onLost()
      }
      const seconds = this.#held ? renewSeconds : retrySeconds
      await sleep(seconds * 1_000 * (0.8 + 0.4 * Math.random()), signal)
    }
    if (this.held) await this.#release()
    this.#held = false
  }

  async #tryAcquire(): Promise<boolean> {
    const { namespace, name, durationSeconds, now } = this.#options
    const startedAt = now()
    const lease = await this.#client.get(LEASE, namespace, name)
    const spec = {
      holderIdentity: this.identity,
      leaseDurationSeconds: durationSeconds,
      acquireTime: microTime(startedAt),
      renewTime: microTime(startedAt),
      leaseTransitions: 0,
    }
    if (!lease) {
      await this.#client.create({ ...LEASE, metadata: { namespace, name }, spec }, { reason: 'LeaseAcquired' })
      this.#renewedAt = startedAt
      return true
    }
    const held = lease['spec'] ?? {}
    const record = JSON.stringify(held)
    if (record !== this.#observed.record) this.#observed = { record, at: startedAt }
    const ours = held.holderIdentity === this.identity
    const free =
      !held.holderIdentity || startedAt - this.#observed.at >= (held.leaseDurationSeconds ?? durationSeconds) * 1_000
    if (!ours && !free) return false
    const transitions = ours ? held.leaseTransitions : (held.leaseTransitions ?? 0) + 1
    await this.#put(
      lease,
      { ...spec, leaseTransitions: transitions, ...(ours && { acquireTime: held.acquireTime }) },
      ours ? 'LeaseRenewed' : 'LeaseAcquired',
    )
    this.#renewedAt = startedAt
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
