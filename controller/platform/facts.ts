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
  /** Kinds (as `kindKey` writes them) that the server does not know. */
  absentKinds: readonly string[]
  /** How many pods each Deployment has and who says so, by name. */
  scales: Record<string, Scale>
  /** Autoscalers that exist, as `Kind/name`; each has the name of the Deployment it scales. */
  autoscalers: readonly string[]
  /** `host:port` of what Secrets lead to, without anything that is secret. */
  addresses: { database?: string; smtp?: string }
  /** Material that is made once and kept: what the live Secret holds, or fresh for the first time. base64 by key. */
  generated: Record<string, Record<string, string>>
}

export interface Scale {
  replicas: number
  /** An autoscaler was given the replicas. */
  autoscaled: boolean
  /** What an autoscaler left when it went. */
  adopted?: number
}

/** Where the operator's own settings come from: flags of the controller. */
export interface OperatorSettings {
  version: string
  /** Image of the services without tag. */
  servicesImage: string
  /** Namespace of Dapr's control plane. Defaults to `dapr-system`. */
  daprNamespace?: string
  /** Namespace of the operator itself. Defaults to `todo-system`. */
  operatorNamespace?: string
  /** Seconds from one canary event to the next. Defaults to 10. */
  canarySeconds?: number
  /** Where the services reach the operator; empty or absent: nowhere. */
  url?: string
}
