import { randomUUID } from 'node:crypto'

/** An open connection of a person: a tab, a device, a program. */
export interface Client {
  client: string
  transport: 'sse' | 'websocket'
  /** When it connected, RFC 3339. */
  since: string
}

/** What one replica says of one person: all clients they have there. It replaces what it said before. */
export interface Announcement {
  user_id: string
  replica: string
  clients: Client[]
}

export interface Change {
  joined: Client[]
  left: Client[]
}

/** Replicas renew what they announced this often; what is not renewed for longer is taken for gone, as with a killed replica. */
export const RENEW_MS = 25_000
export const EXPIRE_MS = 60_000
/** More clients than one replica lets a person have (see the hub) are nobody's. */
const MOST_CLIENTS = 32

interface Heard {
  clients: readonly Client[]
  /** Milliseconds since the epoch: when the replica said it. */
  at: number
}

interface Options {
  /** Tells the other replicas. */
  announce(announcement: Announcement): void
  /** The clients of a person are others than before. */
  changed(userId: string, change: Change): void
  now?: () => number
}

/**
 * Who is connected where: the connections of this replica, and what the others announced of theirs. Announcements are whole
 * lists, so that lost, repeated and late ones mend themselves.
 */
export class Presence {
  readonly replica = randomUUID()
  readonly #users = new Map<string, Map<string, Heard>>()
  readonly #announce: Options['announce']
  readonly #changed: Options['changed']
  readonly #now: () => number

  constructor({ announce, changed, now = Date.now }: Options) {
    this.#announce = announce
    this.#changed = changed
    this.#now = now
  }

  /** The clients of a person on all replicas, the longest connected first. */
  of(userId: string): Client[] {
    const heard = [...(this.#users.get(userId)?.values() ?? [])]
    return heard.flatMap(({ clients }) => clients).sort((a, b) => (a.since < b.since ? -1 : 1))
  }

  #own(userId: string): readonly Client[] {
    return this.#users.get(userId)?.get(this.replica)?.clients ?? []
  }

  join(userId: string, client: Client): void {
    this.#set(userId, this.replica, [...this.#own(userId), client], this.#now())
    this.#tell(userId)
  }

  leave(userId: string, id: string): void {
    const left = this.#own(userId).filter(({ client }) => client !== id)
    this.#set(userId, this.replica, left, this.#now())
    this.#tell(userId)
  }

  #tell(userId: string): void {
    this.#announce({ user_id: userId, replica: this.replica, clients: [...this.#own(userId)] })
  }

  /**
   * Another replica said something.
   * @param at when, in milliseconds since the epoch; what is older than what it said before, or than anybody waits, is nothing new
   */
  heard({ user_id: userId, replica, clients }: Announcement, at: number): void {
    if (replica === this.replica || at <= this.#now() - EXPIRE_MS) return
    const before = this.#users.get(userId)?.get(replica)
    if (before && before.at > at) return
    this.#set(userId, replica, clients.slice(0, MOST_CLIENTS), at)
    // Who speaks of this person for the first time may be new, and know nothing of the clients here.
    if (!before && clients.length > 0 && this.#own(userId).length > 0) this.#tell(userId)
  }

  /** Announces everybody who is here again, and forgets whom nobody did. To be called every `RENEW_MS`. */
  renew(): void {
    for (const [userId, replicas] of this.#users) {
      for (const [replica, { at }] of replicas)
        if (replica !== this.replica && at <= this.#now() - EXPIRE_MS) this.#set(userId, replica, [], at)
      if (this.#own(userId).length > 0) this.#tell(userId)
    }
  }

  #set(userId: string, replica: string, clients: readonly Client[], at: number): void {
    const replicas = this.#users.get(userId) ?? new Map<string, Heard>()
    const before = replicas.get(replica)?.clients ?? []
    if (clients.length > 0) this.#users.set(userId, replicas.set(replica, { clients, at }))
    else replicas.delete(replica)
    if (replicas.size === 0) this.#users.delete(userId)
    const change = { joined: without(clients, before), left: without(before, clients) }
    if (change.joined.length + change.left.length > 0) this.#changed(userId, change)
  }
}

const without = (clients: readonly Client[], others: readonly Client[]): Client[] =>
  clients.filter(({ client }) => !others.some(other => other.client === client))
