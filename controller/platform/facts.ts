/** What one app proves itself with: name and password (SASL), or a certificate (mTLS, PEM). */
export type Credential = { username: string; password: string } | { certificate: string; key: string }

/** What exists in Kafka already, by Kafka's own name. */
export interface LiveTopic {
  partitions: number
  /** Absent where the broker's default was asked for. */
  replicas?: number
}

/** A node pool as it was accepted. */
export interface LiveNodePool {
  replicas: number
  roles: string[]
  size: string
  class?: string
}

/** One topic as a Job found it: Kafka outside the cluster has no resources that could tell. */
export interface TopicReport {
  topic: string
  ready: boolean
  reason: string
  message: string
}

export interface KafkaFacts {
  bootstrapServers?: string
  version?: string
  /** PEM of the CA that signed the brokers' certificates. */
  caCert?: string
  /** The listener in use is not encrypted. */
  plaintext?: boolean
  /** Why this Kafka cannot be used yet; absent: it can, as far as is known. */
  missing?: string
  credentials: Record<string, Credential>
  topics: Record<string, LiveTopic>
  /** By role; empty where the nodes are not ours. */
  nodePools: Record<string, LiveNodePool>
  /** `default.replication.factor` of a Kafka that we made. */
  replicationFactor?: number
  /** Something can move replicas: Cruise Control, or Redpanda itself. */
  movesReplicas: boolean
  reports: TopicReport[]
}

/** What render needs to know of the world; read by observe, so that render stays pure. */
export interface Facts {
  kafka: KafkaFacts
  /** Digest of the database's connection URI, once it is there; the value itself goes nowhere. */
  databaseDigest?: string
  /** Material that is made once and kept: what the live Secret holds, or fresh for the first time. base64 by key. */
  generated: Record<string, Record<string, string>>
}

/** Where the operator's own settings come from: flags of the controller. */
export interface OperatorSettings {
  version: string
  /** Image of the services without tag. */
  servicesImage: string
}
