import { randomBytes } from 'node:crypto'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { LogError } from './errors.ts'

export type Header = readonly [name: string, value: string]

export interface LogRecord {
  topic: string
  partition: number
  offset: number
  /** Milliseconds since the epoch at which the log took it. */
  timestamp: number
  key: Uint8Array | null
  value: Uint8Array
  headers: readonly Header[]
}

export interface PartitionState {
  /** The oldest offset still readable. */
  begin: number
  /** The offset the next record gets. */
  end: number
}

export interface StoredTopic {
  readonly id: number
  readonly cluster: string
  readonly name: string
  /** Kafka's topic id: 16 bytes, base64url. */
  readonly topicId: string
  replicas: number
  config: Record<string, string>
  readonly partitions: PartitionState[]
}

interface Append {
  kind: 'append'
  topic: StoredTopic
  partition: number
  timestamp: number
  key: Uint8Array | null
  value: Uint8Array
  headers: readonly Header[]
  resolve: (offset: number) => void
  reject: (error: unknown) => void
}

interface Commit {
  kind: 'commit'
  cluster: string
  group: string
  topic: StoredTopic
  partition: number
  offset: number
  resolve: () => void
  reject: (error: unknown) => void
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS topics (
  id INTEGER PRIMARY KEY, cluster TEXT NOT NULL, name TEXT NOT NULL, topic_id TEXT NOT NULL, replicas INTEGER NOT NULL,
  config TEXT NOT NULL, UNIQUE (cluster, name)) STRICT;
CREATE TABLE IF NOT EXISTS partitions (
  topic INTEGER NOT NULL REFERENCES topics (id) ON DELETE CASCADE, partition INTEGER NOT NULL,
  begin_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
  topic INTEGER NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, timestamp INTEGER NOT NULL,
  key BLOB, value BLOB NOT NULL, headers TEXT NOT NULL, PRIMARY KEY (topic, partition, offset)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS committed (
  cluster TEXT NOT NULL, grp TEXT NOT NULL, topic INTEGER NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
  PRIMARY KEY (cluster, grp, topic, partition)) STRICT, WITHOUT ROWID;
`

interface TopicRow {
  id: number
  cluster: string
  name: string
  topic_id: string
  replicas: number
  config: string
}

/**
 * The file under the log: one SQLite database. Appends and offset commits that arrive in one turn of the event loop share
 * a transaction, and their promises settle only after it committed. A killed process loses nothing acknowledged (WAL,
 * written before COMMIT returns); only a power cut may take the last transactions, as with a Kafka broker, which does not
 * fsync either.
 */
export class LogStore {
  readonly topics = new Map<string, StoredTopic>()
  /** Called after a transaction that appended to this partition has committed. */
  onAppended: (topic: StoredTopic, partition: number) => void = () => {}
  readonly #db: DatabaseSync
  readonly #statements: Record<'append' | 'end' | 'commit' | 'committed' | 'read', StatementSync>
  #queue: (Append | Commit)[] = []
  #closed = false

  constructor(file: string) {
    this.#db = new DatabaseSync(file)
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON')
    this.#db.exec(SCHEMA)
    this.#statements = {
      append: this.#db.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)'),
      end: this.#db.prepare('UPDATE partitions SET end_offset = ? WHERE topic = ? AND partition = ?'),
      commit: this.#db.prepare('INSERT OR REPLACE INTO committed VALUES (?, ?, ?, ?, ?)'),
      committed: this.#db.prepare(
        'SELECT offset FROM committed WHERE cluster = ? AND grp = ? AND topic = ? AND partition = ?',
      ),
      read: this.#db.prepare(
        'SELECT offset, timestamp, key, value, headers FROM records WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?',
      ),
    }
    for (const row of this.#db.prepare('SELECT * FROM topics').all() as unknown as TopicRow[]) this.#load(row)
  }

  #load(row: TopicRow): StoredTopic {
    const partitions = this.#db
      .prepare('SELECT begin_offset AS begin, end_offset AS "end" FROM partitions WHERE topic = ? ORDER BY partition')
      .all(row.id) as unknown as PartitionState[]
    const topic: StoredTopic = {
      id: row.id,
      cluster: row.cluster,
      name: row.name,
      topicId: row.topic_id,
      replicas: row.replicas,
      config: JSON.parse(row.config) as Record<string, string>,
      partitions: partitions.map(({ begin, end }) => ({ begin, end })),
    }
    this.topics.set(`${row.cluster} ${row.name}`, topic)
    return topic
  }

  topic(cluster: string, name: string): StoredTopic | undefined {
    return this.topics.get(`${cluster} ${name}`)
  }

  createTopic(cluster: string, name: string, partitions: number, replicas: number, config: Record<string, string>) {
    return this.#transaction(() => {
      const topicId = randomBytes(16).toString('base64url')
      const { lastInsertRowid } = this.#db
        .prepare('INSERT INTO topics (cluster, name, topic_id, replicas, config) VALUES (?, ?, ?, ?, ?)')
        .run(cluster, name, topicId, replicas, JSON.stringify(config))
      const id = Number(lastInsertRowid)
      this.#addPartitions(id, 0, partitions)
      return this.#load({ id, cluster, name, topic_id: topicId, replicas, config: JSON.stringify(config) })
    })
  }

  alterTopic(topic: StoredTopic, partitions: number, config: Record<string, string>): void {
    const before = topic.partitions.length
    this.#transaction(() => {
      this.#addPartitions(topic.id, before, partitions)
      this.#db.prepare('UPDATE topics SET config = ? WHERE id = ?').run(JSON.stringify(config), topic.id)
    })
    for (let at = before; at < partitions; at += 1) topic.partitions.push({ begin: 0, end: 0 })
    topic.config = config
  }

  #addPartitions(topic: number, from: number, to: number): void {
    const insert = this.#db.prepare('INSERT INTO partitions VALUES (?, ?, 0, 0)')
    for (let partition = from; partition < to; partition += 1) insert.run(topic, partition)
  }

  deleteTopic(topic: StoredTopic): void {
    this.#transaction(() => {
      for (const sql of ['records WHERE topic', 'committed WHERE topic', 'topics WHERE id']) {
        this.#db.prepare(`DELETE FROM ${sql} = ?`).run(topic.id)
      }
    })
    this.topics.delete(`${topic.cluster} ${topic.name}`)
  }

  append(entry: Omit<Append, 'kind' | 'resolve' | 'reject'>): Promise<number> {
    return new Promise((resolve, reject) => this.#enqueue({ ...entry, kind: 'append', resolve, reject }))
  }

  commit(entry: Omit<Commit, 'kind' | 'resolve' | 'reject'>): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ ...entry, kind: 'commit', resolve, reject }))
  }

  #enqueue(write: Append | Commit): void {
    if (this.#closed) write.reject(new LogError('KafkaStorageException', 'The log is closed'))
    else if (this.#queue.push(write) === 1) setImmediate(() => this.flush())
  }

  /** Writes what is queued in one transaction and settles the promises. Does nothing when the queue is empty. */
  flush(): void {
    const writes = this.#queue
    if (writes.length === 0) return
    this.#queue = []
    const settled: (() => void)[] = []
    const grown = new Map<PartitionState, { topic: StoredTopic; partition: number; end: number }>()
    try {
      this.#transaction(() => {
        for (const write of writes) {
          if (!this.topics.has(`${write.topic.cluster} ${write.topic.name}`)) {
            const gone = new LogError('UnknownTopicOrPartitionException', `Topic ${write.topic.name} was deleted`)
            settled.push(() => write.reject(gone))
          } else if (write.kind === 'commit') {
            const { cluster, group, topic, partition, offset } = write
            this.#statements.commit.run(cluster, group, topic.id, partition, offset)
            settled.push(() => write.resolve())
          } else {
            const { topic, partition } = write
            const state = topic.partitions[partition]!
            const offset = grown.get(state)?.end ?? state.end
            const headers = JSON.stringify(write.headers)
            this.#statements.append.run(topic.id, partition, offset, write.timestamp, write.key, write.value, headers)
            grown.set(state, { topic, partition, end: offset + 1 })
            settled.push(() => write.resolve(offset))
          }
        }
        for (const { topic, partition, end } of grown.values()) this.#statements.end.run(end, topic.id, partition)
      })
    } catch (cause) {
      const error = new LogError('KafkaStorageException', `The log could not be written: ${(cause as Error).message}`)
      for (const write of writes) write.reject(error)
      return
    }
    for (const [state, { end }] of grown) state.end = end
    for (const settle of settled) settle()
    for (const { topic, partition } of grown.values()) this.onAppended(topic, partition)
  }

  read(topic: StoredTopic, partition: number, from: number, limit: number): LogRecord[] {
    const rows = this.#statements.read.all(topic.id, partition, from, limit) as unknown as (LogRecord & {
      headers: unknown
    })[]
    return rows.map(row => ({
      topic: topic.name,
      partition,
      offset: row.offset,
      timestamp: row.timestamp,
      key: row.key,
      value: row.value,
      headers: JSON.parse(row.headers as unknown as string) as Header[],
    }))
  }

  /** The committed offset (the next one to read), or undefined when the group never committed here. */
  committed(cluster: string, group: string, topic: StoredTopic, partition: number): number | undefined {
    const row = this.#statements.committed.get(cluster, group, topic.id, partition) as { offset: number } | undefined
    return row?.offset
  }

  groupsOf(cluster: string): { group: string; topic: number; partition: number; offset: number }[] {
    return this.#db
      .prepare('SELECT grp AS "group", topic, partition, offset FROM committed WHERE cluster = ?')
      .all(cluster) as unknown as { group: string; topic: number; partition: number; offset: number }[]
  }

  /** Drops the records of a partition older than `cutoff` (milliseconds since the epoch), oldest first, up to the first younger one. */
  trim(topic: StoredTopic, partition: number, cutoff: number): void {
    const state = topic.partitions[partition]!
    const youngest = this.#db
      .prepare('SELECT min(offset) AS first FROM records WHERE topic = ? AND partition = ? AND timestamp >= ?')
      .get(topic.id, partition, cutoff) as { first: number | null }
    const begin = youngest.first ?? state.end
    if (begin <= state.begin) return
    this.#transaction(() => {
      this.#db
        .prepare('DELETE FROM records WHERE topic = ? AND partition = ? AND offset < ?')
        .run(topic.id, partition, begin)
      this.#db
        .prepare('UPDATE partitions SET begin_offset = ? WHERE topic = ? AND partition = ?')
        .run(begin, topic.id, partition)
    })
    state.begin = begin
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    if (this.#closed) return
    this.flush()
    this.#closed = true
    this.#db.close()
  }
}
