import { randomUUID } from 'node:crypto'
import { type Clock, pause } from './clock.ts'
import { LogError } from './errors.ts'
import { assignRange, type TopicPartition } from './range.ts'
import type { LogRecord } from './store.ts'

/** What a group needs of the cluster it lives in. */
export interface GroupHost {
  clock: Clock
  partitionsOf(topic: string): number
  /** Where a claim starts: the committed offset, or by `initialOffset`. */
  startOf(group: string, at: TopicPartition, initialOffset: InitialOffset): number
  read(at: TopicPartition, from: number): LogRecord[]
  commit(group: string, at: TopicPartition, offset: number): Promise<void>
  /** Resolves when the partition has grown, or the signal aborts. */
  grown(at: TopicPartition, signal: AbortSignal): Promise<void>
}

export type InitialOffset = 'oldest' | 'newest'

/** One partition, for as long as this member owns it. */
export interface Claim extends TopicPartition {
  readonly generation: number
  /** Aborts when the partition is being taken away: finish the record in hand, commit, and return. */
  readonly signal: AbortSignal
  /** Records from the start position on, in offset order, for ever; ends when the claim is taken away. */
  records(): AsyncGenerator<LogRecord, void, void>
  /**
   * Commits the next offset to read.
   *
   * @throws LogError `IllegalGenerationException` when the group has moved on: another member owns the partition
   */
  commit(nextOffset: number): Promise<void>
}

export interface JoinOptions {
  topics: readonly string[]
  initialOffset: InitialOffset
  clientId?: string
  /** Runs one claim until its signal aborts. Throwing ends the membership; see `GroupMember.closed`. */
  onClaim: (claim: Claim) => Promise<void>
  /** Checked before each read, so that a withdrawn ACL ends the consumption. */
  authorizeRead?: (topic: string) => void
}

export interface GroupMember {
  readonly memberId: string
  assignment(): readonly TopicPartition[]
  /** Gives the partitions back; resolves when every claim has returned. */
  leave(): Promise<void>
  /** Resolves when the membership is over: undefined after `leave`, else the reason. */
  readonly closed: Promise<unknown>
}

/** How long a member may hold up a rebalance before the group goes on without it (rebalance.timeout.ms of sarama). */
const REBALANCE_TIMEOUT = 60_000

class Member implements GroupMember {
  readonly memberId: string
  readonly options: JoinOptions
  readonly closed: Promise<unknown>
  close!: (reason: unknown) => void
  partitions: readonly TopicPartition[] = []
  session = new AbortController()
  running: Promise<unknown> = Promise.resolve()
  readonly #group: Group

  constructor(group: Group, options: JoinOptions) {
    this.#group = group
    this.options = options
    this.memberId = `${options.clientId ?? 'consumer'}-${randomUUID()}`
    this.closed = new Promise(resolve => {
      this.close = resolve
    })
  }

  assignment(): readonly TopicPartition[] {
    return this.partitions
  }

  async leave(): Promise<void> {
    await this.#group.remove(this, undefined)
  }
}

/** A consumer group: who owns which partition, and in which generation. */
export class Group {
  readonly name: string
  generation = 0
  readonly #host: GroupHost
  readonly #members = new Map<string, Member>()
  #turn: Promise<void> = Promise.resolve()
  #scheduled = false

  constructor(name: string, host: GroupHost) {
    this.name = name
    this.#host = host
  }

  get members(): readonly Member[] {
    return [...this.#members.values()]
  }

  subscribes(topic: string): boolean {
    return this.members.some(member => member.options.topics.includes(topic))
  }

  async join(options: JoinOptions): Promise<GroupMember> {
    const member = new Member(this, options)
    this.#members.set(member.memberId, member)
    await this.rebalance()
    return member
  }

  async remove(member: Member, reason: unknown): Promise<void> {
    if (!this.#members.delete(member.memberId)) return
    member.session.abort()
    await member.running
    member.partitions = []
    member.close(reason)
    if (this.#members.size > 0) await this.rebalance()
  }

  /** Ends every membership with the reason: the cluster stopped, or was deleted. */
  async disband(reason: unknown): Promise<void> {
    const members = this.members
    this.#members.clear()
    for (const member of members) member.session.abort()
    await Promise.all(members.map(member => member.running))
    for (const member of members) {
      member.partitions = []
      member.close(reason)
    }
  }

  /** Revokes, assigns anew and starts the next generation. Requests that arrive meanwhile share the next turn. */
  rebalance(): Promise<void> {
    if (this.#scheduled) return this.#turn
    this.#scheduled = true
    this.#turn = this.#turn.then(() => this.#rebalanceNow())
    return this.#turn
  }

  async #rebalanceNow(): Promise<void> {
    const old = this.members
    for (const member of old) member.session.abort()
    const patience = new AbortController()
    await Promise.race([
      Promise.all(old.map(member => member.running)),
      pause(this.#host.clock, REBALANCE_TIMEOUT, patience.signal),
    ])
    patience.abort()
    // From here on newcomers wait for the next turn; those who came while claims were ending take part in this one.
    this.#scheduled = false
    this.generation += 1
    const members = this.members
    const assignment = assignRange(
      members.map(member => ({ memberId: member.memberId, topics: member.options.topics })),
      topic => this.#host.partitionsOf(topic),
    )
    for (const member of members) this.#start(member, assignment.get(member.memberId) ?? [])
  }

  #start(member: Member, partitions: readonly TopicPartition[]): void {
    member.partitions = partitions
    member.session = new AbortController()
    const claims = partitions.map(at => member.options.onClaim(this.#claim(member, at)))
    member.running = Promise.allSettled(claims)
    for (const claim of claims) {
      claim.catch(error => {
        void this.remove(member, error)
      })
    }
  }

  #claim(member: Member, at: TopicPartition): Claim {
    const generation = this.generation
    const { signal } = member.session
    const host = this.#host
    const group = this
    const { initialOffset, authorizeRead } = member.options
    const start = host.startOf(group.name, at, initialOffset)
    return {
      ...at,
      generation,
      signal,
      async *records() {
        let position = start
        while (!signal.aborted) {
          authorizeRead?.(at.topic)
          const batch = host.read(at, position)
          if (batch.length === 0) await host.grown(at, signal)
          for (const record of batch) {
            if (signal.aborted) return
            position = record.offset + 1
            yield record
          }
        }
      },
      commit(nextOffset) {
        if (group.generation !== generation) {
          const message = `Generation ${generation} of group ${group.name} is over: it is at ${group.generation}`
          return Promise.reject(new LogError('IllegalGenerationException', message))
        }
        return host.commit(group.name, at, nextOffset)
      },
    }
  }
}
