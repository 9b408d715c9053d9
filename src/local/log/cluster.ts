import type { Acl, Operation, ResourceType } from './acl.ts'
import type { Clock } from './clock.ts'
import { LogError, unknownPartition, unknownTopic } from './errors.ts'
import { Group, type GroupMember, type InitialOffset, type JoinOptions } from './group.ts'
import { partitionOfKey } from './murmur2.ts'
import { type Authorization, type Credentials, Principals } from './principals.ts'
import type { TopicPartition } from './range.ts'
import type { Header, LogRecord, LogStore, PartitionState, StoredTopic } from './store.ts'
import { checkTopicName, DEFAULT_RETENTION_MS, topicConfig } from './topic-config.ts'

export type { Credentials } from './principals.ts'

export interface ClusterOptions extends Authorization {
  brokers?: number
  /** `scram-sha-512`: every connection presents a principal's name and password; `optional`: it may come without. */
  authentication?: 'none' | 'optional' | 'scram-sha-512'
  /** Broker options that matter here: `num.partitions`, `default.replication.factor`, `log.retention.ms`, `message.max.bytes`. */
  config?: Record<string, unknown>
  /** PEM of who signed the brokers' certificates; absent: there is no TLS. */
  certificateAuthority?: string
}

export interface TopicSpec {
  name: string
  partitions?: number
  replicas?: number
  config?: Record<string, unknown>
}

export interface TopicDescription {
  name: string
  topicId: string
  partitions: number
  replicas: number
  config: Readonly<Record<string, string>>
}

export interface RecordInput {
  topic: string
  key?: string | Uint8Array | null
  value: string | Uint8Array
  headers?: readonly Header[]
  /** Chosen partition; absent: by the key's hash, or round robin without a key. */
  partition?: number
}

export interface Lag {
  topic: string
  partition: number
  /** The next offset the group reads; undefined: it never committed here. */
  committed: number | undefined
  end: number
  lag: number
}

/** An authenticated client. Every call is authorised anew, so a changed ACL takes effect at once. */
export interface Connection {
  append(record: RecordInput): Promise<{ partition: number; offset: number }>
  join(group: string, options: Omit<JoinOptions, 'authorizeRead'>): Promise<GroupMember>
}

const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588
const READ_BATCH = 100

const bytes = (value: string | Uint8Array): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value)

/** One Kafka cluster of the embedded place, named `<namespace>/<name>` after its Kafka resource. */
export class LogCluster {
  readonly name: string
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #groups = new Map<string, Group>()
  readonly #principals = new Principals()
  readonly #waiting = new Map<string, Set<() => void>>()
  readonly #listeners = new Set<() => void>()
  readonly #nextPartition = new Map<string, number>()
  #options: ClusterOptions | undefined

  constructor(name: string, store: LogStore, clock: Clock) {
    this.name = name
    this.#store = store
    this.#clock = clock
  }

  get running(): boolean {
    return this.#options !== undefined
  }

  get certificateAuthority(): string | undefined {
    return this.#options?.certificateAuthority
  }

  /** Starts the cluster, or changes the options of a running one. Topics and offsets of an earlier run are there again. */
  start(options: ClusterOptions = {}): void {
    this.#options = options
    this.#changed()
  }

  /** Ends every connection; data stays. */
  async stop(): Promise<void> {
    if (!this.running) return
    this.#options = undefined
    const reason = new LogError('BrokerNotAvailableException', `Kafka cluster ${this.name} is not running`)
    const groups = [...this.#groups.values()]
    this.#groups.clear()
    await Promise.all(groups.map(group => group.disband(reason)))
    this.#changed()
  }

  /** Stops the cluster and forgets its topics, as when its volumes are deleted. */
  async destroy(): Promise<void> {
    await this.stop()
    for (const topic of this.#topics()) this.#store.deleteTopic(topic)
    this.#principals.clear()
  }

  /** Calls `listener` after any change of topics, principals or state. Returns the function that stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #topics(): StoredTopic[] {
    return [...this.#store.topics.values()].filter(topic => topic.cluster === this.name)
  }

  #topic(name: string): StoredTopic {
    const topic = this.#store.topic(this.name, name)
    if (topic === undefined) throw unknownTopic(name)
    return topic
  }

  #broker(): ClusterOptions {
    if (this.#options === undefined) {
      throw new LogError('BrokerNotAvailableException', `Kafka cluster ${this.name} is not running`)
    }
    return this.#options
  }

  // --- administration -----------------------------------------------------------------------------------------------

  #checkReplicas(replicas: number): void {
    const brokers = this.#broker().brokers ?? 1
    if (replicas <= brokers) return
    const message =
      `Unable to replicate the partition ${replicas} time(s): The target replication factor of ${replicas} cannot be ` +
      `reached because only ${brokers} broker(s) are registered or some brokers have all their log directories cordoned.`
    throw new LogError('InvalidReplicationFactorException', message)
  }

  /** @throws LogError `InvalidTopicException`, `TopicExistsException`, `InvalidConfigurationException`, `InvalidReplicationFactorException` */
  createTopic(spec: TopicSpec): TopicDescription {
    const defaults = this.#broker().config ?? {}
    checkTopicName(spec.name)
    if (this.#store.topic(this.name, spec.name)) {
      throw new LogError('TopicExistsException', `Topic '${spec.name}' already exists.`)
    }
    const replicas = spec.replicas ?? Number(defaults['default.replication.factor'] ?? 1)
    this.#checkReplicas(replicas)
    const config = topicConfig(spec.config ?? {})
    const partitions = spec.partitions ?? Number(defaults['num.partitions'] ?? 1)
    this.#store.createTopic(this.name, spec.name, partitions, replicas, config)
    this.#partitionsChanged(spec.name)
    return this.describeTopic(spec.name)!
  }

  /**
   * Sets the whole configuration (what is left out goes back to the broker's default) and may add partitions.
   *
   * @throws LogError `UnknownTopicOrPartitionException`, `InvalidPartitionsException` (fewer), `InvalidConfigurationException`
   */
  alterTopic(name: string, change: { partitions?: number; config?: Record<string, unknown> }): TopicDescription {
    const topic = this.#topic(name)
    const before = topic.partitions.length
    const partitions = change.partitions ?? before
    if (partitions < before) {
      const message = `The topic ${name} currently has ${before} partition(s); ${partitions} would not be an increase.`
      throw new LogError('InvalidPartitionsException', message)
    }
    this.#store.alterTopic(topic, partitions, change.config ? topicConfig(change.config) : topic.config)
    if (partitions > before) this.#partitionsChanged(name)
    return this.describeTopic(name)!
  }

  deleteTopic(name: string): void {
    this.#store.deleteTopic(this.#topic(name))
    this.#partitionsChanged(name)
  }

  #partitionsChanged(topic: string): void {
    for (const group of this.#groups.values()) if (group.subscribes(topic)) void group.rebalance()
    this.#changed()
  }

  describeTopic(name: string): TopicDescription | undefined {
    const topic = this.#store.topic(this.name, name)
    if (topic === undefined) return undefined
    const { topicId, replicas, config, partitions } = topic
    return { name, topicId, replicas, config, partitions: partitions.length }
  }

  listTopics(): TopicDescription[] {
    return this.#topics()
      .map(topic => this.describeTopic(topic.name)!)
      .sort((a, b) => a.name.localeCompare(b.name))
  }

  /** `password: undefined` is a principal that cannot authenticate with one (TLS users). */
  setPrincipal(name: string, principal: { password?: string | undefined; acls: readonly Acl[] }): void {
    this.#principals.set(name, principal)
    this.#changed()
  }

  removePrincipal(name: string): void {
    if (this.#principals.remove(name)) this.#changed()
  }

  // --- clients ------------------------------------------------------------------------------------------------------

  /**
   * @throws LogError `BrokerNotAvailableException`, or `SaslAuthenticationException` when the name or password is wrong
   *   or missing on a cluster that asks for one
   */
  connect(credentials?: Credentials): Connection {
    const options = this.#broker()
    const asked =
      options.authentication === 'scram-sha-512' || (options.authentication === 'optional' && credentials !== undefined)
    const name = asked ? this.#principals.authenticate(credentials) : 'ANONYMOUS'
    const check = (operation: Operation, type: ResourceType, resource: string): void =>
      this.#principals.check(this.#broker(), name, operation, type, resource)
    return {
      append: async record => {
        check('Write', 'topic', record.topic)
        return this.#append(record)
      },
      join: async (groupName, join) => {
        for (const topic of join.topics) {
          check('Describe', 'topic', topic)
          this.#topic(topic)
        }
        check('Read', 'group', groupName)
        for (const topic of join.topics) check('Read', 'topic', topic)
        const authorizeRead = (topic: string): void => {
          check('Read', 'group', groupName)
          check('Read', 'topic', topic)
        }
        return this.#group(groupName).join({ ...join, authorizeRead })
      },
    }
  }

  async #append(record: RecordInput): Promise<{ partition: number; offset: number }> {
    const topic = this.#topic(record.topic)
    const key = record.key === undefined || record.key === null ? null : bytes(record.key)
    const value = bytes(record.value)
    const limit = Number(
      topic.config['max.message.bytes'] ?? this.#broker().config?.['message.max.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES,
    )
    if (value.length > limit) {
      const message = `The message is ${value.length} bytes, larger than max.message.bytes (${limit}) of topic ${topic.name}.`
      throw new LogError('RecordTooLargeException', message)
    }
    const partition = record.partition ?? this.#partitionFor(topic, key)
    if (topic.partitions[partition] === undefined) throw unknownPartition(topic.name, partition)
    const timestamp = this.#clock.now()
    const offset = await this.#store.append({ topic, partition, timestamp, key, value, headers: record.headers ?? [] })
    return { partition, offset }
  }

  #partitionFor(topic: StoredTopic, key: Uint8Array | null): number {
    if (key !== null) return partitionOfKey(key, topic.partitions.length)
    const next = this.#nextPartition.get(topic.name) ?? 0
    this.#nextPartition.set(topic.name, next + 1)
    return next % topic.partitions.length
  }

  #group(name: string): Group {
    const known = this.#groups.get(name)
    if (known) return known
    const group = new Group(name, {
      clock: this.#clock,
      partitionsOf: topic => this.#store.topic(this.name, topic)?.partitions.length ?? 0,
      startOf: (groupName, at, initialOffset) => this.#startOf(groupName, at, initialOffset),
      read: (at, from) => this.read(at.topic, at.partition, from, READ_BATCH),
      commit: (groupName, { topic, partition }, offset) =>
        this.#store.commit({ cluster: this.name, group: groupName, topic: this.#topic(topic), partition, offset }),
      grown: (at, signal) => this.#grown(at, signal),
    })
    this.#groups.set(name, group)
    return group
  }

  /** A committed offset that retention has passed is out of range, and the initial offset decides again (auto.offset.reset). */
  #startOf(group: string, { topic, partition }: TopicPartition, initialOffset: InitialOffset): number {
    const stored = this.#topic(topic)
    const { begin, end } = stored.partitions[partition]!
    const committed = this.#store.committed(this.name, group, stored, partition)
    if (committed !== undefined && committed >= begin && committed <= end) return committed
    return initialOffset === 'oldest' ? begin : end
  }

  #grown({ topic, partition }: TopicPartition, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const key = `${topic} ${partition}`
      const waiters = this.#waiting.get(key) ?? new Set()
      this.#waiting.set(key, waiters)
      const wake = (): void => {
        waiters.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      waiters.add(wake)
      signal.addEventListener('abort', wake, { once: true })
      if (signal.aborted) wake()
    })
  }

  /** Called by the log after a commit. */
  wake(topic: string, partition: number): void {
    for (const waiter of [...(this.#waiting.get(`${topic} ${partition}`) ?? [])]) waiter()
  }

  // --- browsing -----------------------------------------------------------------------------------------------------

  /** Begin and end offset of each partition. @throws LogError `UnknownTopicOrPartitionException` */
  watermarks(topic: string): readonly Readonly<PartitionState>[] {
    return this.#topic(topic).partitions.map(state => ({ ...state }))
  }

  /** Records from `from` on, at most `limit`; from an offset that retention has passed: from the oldest. */
  read(topic: string, partition: number, from: number, limit: number): LogRecord[] {
    const stored = this.#topic(topic)
    if (stored.partitions[partition] === undefined) throw unknownPartition(topic, partition)
    return this.#store.read(stored, partition, from, limit)
  }

  /** Groups with members or committed offsets. */
  groups(): string[] {
    const committed = this.#store.groupsOf(this.name).map(row => row.group)
    const active = [...this.#groups.values()].filter(group => group.members.length > 0).map(group => group.name)
    return [...new Set([...committed, ...active])].sort()
  }

  /** Members of a group and what each owns. */
  members(group: string): { memberId: string; assignment: readonly TopicPartition[] }[] {
    return (this.#groups.get(group)?.members ?? []).map(member => ({
      memberId: member.memberId,
      assignment: member.assignment(),
    }))
  }

  /** Per partition of every topic the group reads or has read. A partition without a commit lags by all it holds. */
  lag(group: string): Lag[] {
    const committed = this.#store.groupsOf(this.name).filter(row => row.group === group)
    return this.#topics()
      .filter(topic => this.#groups.get(group)?.subscribes(topic.name) || committed.some(row => row.topic === topic.id))
      .flatMap(topic =>
        topic.partitions.map(({ begin, end }, partition) => {
          const offset = committed.find(row => row.topic === topic.id && row.partition === partition)?.offset
          return { topic: topic.name, partition, committed: offset, end, lag: end - Math.max(offset ?? begin, begin) }
        }),
      )
  }

  /** Whether a principal may do it, for diagnosis; true on a cluster without authorization. */
  may(name: string, operation: Operation, type: ResourceType, resource: string): boolean {
    return this.#principals.may(this.#options ?? {}, name, operation, type, resource)
  }

  /** Drops what `retention.ms` has passed. Topics that only compact keep everything. */
  sweep(): void {
    const fallback = this.#options?.config?.['log.retention.ms'] ?? DEFAULT_RETENTION_MS
    for (const topic of this.#topics()) {
      if (topic.config['cleanup.policy'] === 'compact') continue
      const retention = Number(topic.config['retention.ms'] ?? fallback)
      if (retention < 0) continue
      const cutoff = this.#clock.now() - retention
      for (let partition = 0; partition < topic.partitions.length; partition += 1) {
        this.#store.trim(topic, partition, cutoff)
      }
    }
  }
}
