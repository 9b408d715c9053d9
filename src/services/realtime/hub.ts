import { randomUUID } from 'node:crypto'
import { Problem } from '../../kit/problem.ts'
import { Outlet, type Transport } from './outlet.ts'
import type { Change } from './presence.ts'
import { LIMITS, type Position, type StreamLimits, UserStream } from './stream.ts'

/** Connections one user may hold open: tabs and devices, not a flood. */
const MAX_CONNECTIONS = 32
/** Streams without connections kept for those who come back; the longest unused go first. */
const MAX_IDLE_STREAMS = 10_000

interface Entry {
  stream: UserStream
  outlets: Set<Outlet>
}

export interface Subscription {
  /** The connection, as presence names it. */
  client: string
  /** The transport has room again. */
  drained(): void
  end(): void
}

/** All users' streams and who follows them. */
export class Hub {
  readonly #entries = new Map<string, Entry>()
  readonly #limits: StreamLimits
  readonly #now: () => number
  #warm = false

  constructor(now: () => number = Date.now, limits: StreamLimits = LIMITS) {
    this.#now = now
    this.#limits = limits
  }

  get connections(): number {
    return [...this.#entries.values()].reduce((sum, { outlets }) => sum + outlets.size, 0)
  }

  #entry(userId: string): Entry {
    const known = this.#entries.get(userId)
    if (known) return known
    const created = { stream: new UserStream(this.#limits, this.#now()), outlets: new Set<Outlet>() }
    this.#entries.set(userId, created)
    this.#evict()
    return created
  }

  #evict(): void {
    if (this.#entries.size <= MAX_IDLE_STREAMS) return
    const idle = [...this.#entries].filter(([, { outlets }]) => outlets.size === 0)
    const oldest = idle.sort(([, a], [, b]) => a.stream.touched - b.stream.touched).slice(0, MAX_IDLE_STREAMS / 10)
    for (const [userId] of oldest) this.#entries.delete(userId)
  }

  /** Records an event for its user and sends it to whoever follows. False when it was here before. */
  publish(userId: string, id: string, event: string): boolean {
    const { stream, outlets } = this.#entry(userId)
    const frame = stream.append(id, event, this.#now())
    if (frame) for (const outlet of outlets) outlet.send(frame)
    return frame !== undefined
  }

  /**
   * Begins to follow: the hello, what was missed, and from then on everything.
   *
   * @throws Problem TEP4011 when the user holds too many connections
   */
  follow(userId: string, since: Position | undefined, transport: Transport): Subscription {
    const { stream, outlets } = this.#entry(userId)
    if (outlets.size >= MAX_CONNECTIONS) {
      throw new Problem('TEP4011', `Close other connections first: ${MAX_CONNECTIONS} are open.`)
    }
    const missed = stream.since(since, this.#now())
    const client = randomUUID()
    const hello = { ...stream.position, recovered: missed !== undefined, client }
    const outlet = new Outlet(transport, hello, missed ?? [], !this.#warm)
    outlets.add(outlet)
    return {
      client,
      drained: () => outlet.drained(stream.position),
      end: () => {
        outlets.delete(outlet)
        stream.touched = this.#now()
      },
    }
  }

  /** Tells a person's clients which of them came and went. */
  tell(userId: string, change: Change): void {
    for (const outlet of this.#entries.get(userId)?.outlets ?? []) {
      // A client knows of itself.
      const joined = change.joined.filter(({ client }) => client !== outlet.client)
      if (joined.length + change.left.length > 0) outlet.tell({ type: 'presence', joined, left: change.left })
    }
  }

  /** Pings everybody; cuts off who has not read since the last time. */
  beat(): void {
    for (const { stream, outlets } of this.#entries.values()) {
      for (const outlet of outlets) outlet.beat(stream.position)
    }
  }

  /**
   * From now on every event is sure to come by. Whoever connected earlier may have fetched its state before an event that
   * never reached this process, so it is told to fetch once more.
   */
  warm(): void {
    this.#warm = true
    for (const { stream, outlets } of this.#entries.values()) {
      for (const outlet of outlets) if (outlet.cold) outlet.restart(stream.position)
    }
  }

  close(): void {
    for (const { outlets } of this.#entries.values()) for (const outlet of outlets) outlet.close('draining')
  }
}
