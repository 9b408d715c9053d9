import type { WantedTopic } from '../../contracts/topics-job.ts'

/** How to reach a Kafka, from the environment that the operator rendered. */
export interface Connection {
  brokers: string[]
  tls?: { ca?: string; certificate?: string; key?: string }
  sasl?: { mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'PLAIN'; username: string; password: string }
}

export interface FoundTopic {
  partitions: number
  replicas: number
}

/** The few calls of Kafka's admin API that topics need. Rejections carry Kafka's own error code as `code` where it has one. */
export interface TopicAdmin {
  /** Those of the names that exist, as far as the user may see them. */
  describe(names: string[]): Promise<Map<string, FoundTopic>>
  create(topic: WantedTopic): Promise<void>
  /** To that many partitions in all. */
  grow(name: string, partitions: number): Promise<void>
  /** The options' values in force. */
  configOf(name: string, options: string[]): Promise<Record<string, string | null>>
  /** Sets these options and leaves all others. */
  configure(name: string, config: Record<string, string>): Promise<void>
  close(): Promise<void>
}
