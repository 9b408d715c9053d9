/** The embedded event log: Kafka clusters in one SQLite file, with the semantics Kafka's clients see. */
import { type Clock, systemClock } from './clock.ts'
import { LogCluster } from './cluster.ts'
import { LogError } from './errors.ts'
import { LogStore } from './store.ts'

export type { Acl, Operation } from './acl.ts'
export { type Clock, pause, systemClock } from './clock.ts'
export type {
  ClusterOptions,
  Connection,
  Credentials,
  Lag,
  LogCluster,
  RecordInput,
  TopicDescription,
  TopicSpec,
} from './cluster.ts'
export { LogError, type LogErrorName } from './errors.ts'
export type { Claim, GroupMember, InitialOffset } from './group.ts'
export { murmur2, partitionOfKey } from './murmur2.ts'
export type { TopicPartition } from './range.ts'
export type { Header, LogRecord, PartitionState } from './store.ts'

export interface LogOptions {
  /** Path of the database file, or `:memory:`. */
  file: string
  clock?: Clock
}

export interface EventLog {
  /** The cluster of this name (`<namespace>/<name>` of its Kafka resource), created on first use, stopped until started. */
  cluster(name: string): LogCluster
  clusters(): LogCluster[]
  /**
   * The running cluster behind a bootstrap list such as `todo-kafka-bootstrap.todo.svc:9093`; a name without namespace
   * means `namespace`.
   *
   * @throws LogError `BrokerNotAvailableException` when no address leads to a running cluster
   */
  resolve(bootstrapServers: string, namespace?: string): LogCluster
  /** Calls `listener` after any change of a cluster's topics, principals or state. Returns the function that stops it. */
  onChange(listener: () => void): () => void
  /** Drops records past their retention now; also runs every five minutes. */
  sweep(): void
  close(): Promise<void>
}

/** Kafka's log.retention.check.interval.ms. */
const RETENTION_CHECK_INTERVAL = 5 * 60_000

/** `<cluster>-kafka-bootstrap[.<namespace>[.svc[.cluster.local]]][:port]`, Strimzi's name of the bootstrap service. */
const BOOTSTRAP =
  /^([a-z0-9.-]+?)-kafka-(?:bootstrap|brokers)(?:\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?)?)?(?::\d+)?$/

export function openLog({ file, clock = systemClock }: LogOptions): EventLog {
  const store = new LogStore(file)
  const clusters = new Map<string, LogCluster>()
  const listeners = new Set<() => void>()
  store.onAppended = (topic, partition) => clusters.get(topic.cluster)?.wake(topic.name, partition)

  const sweep = (): void => {
    for (const cluster of clusters.values()) cluster.sweep()
  }
  let cancelSweep = (): void => {}
  const scheduleSweep = (): void => {
    cancelSweep = clock.after(RETENTION_CHECK_INTERVAL, () => {
      sweep()
      scheduleSweep()
    })
  }
  scheduleSweep()

  const cluster = (name: string): LogCluster => {
    const known = clusters.get(name)
    if (known) return known
    const created = new LogCluster(name, store, clock)
    clusters.set(name, created)
    created.onChange(() => {
      for (const listener of [...listeners]) listener()
    })
    return created
  }
  for (const topic of store.topics.values()) cluster(topic.cluster)

  return {
    cluster,
    clusters: () => [...clusters.values()],
    resolve(bootstrapServers, namespace = 'default') {
      for (const address of bootstrapServers.split(',').map(one => one.trim())) {
        const match = BOOTSTRAP.exec(address)
        const found = match ? clusters.get(`${match[2] ?? namespace}/${match[1]}`) : undefined
        if (found?.running) return found
      }
      throw new LogError('BrokerNotAvailableException', `No Kafka cluster is running at ${bootstrapServers}`)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    sweep,
    async close() {
      cancelSweep()
      await Promise.all([...clusters.values()].map(one => one.stop()))
      store.close()
    },
  }
}
