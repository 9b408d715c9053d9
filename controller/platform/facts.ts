/** What render needs to know of the world; read by observe, so that render stays pure. */
export interface Facts {
  kafka: {
    bootstrapServers?: string
    version?: string
    /** PEM of the cluster's CA. */
    caCert?: string
    /** Passwords by app-id, from the Secrets of the KafkaUsers. */
    passwords: Record<string, string>
  }
  /** Digest of the database's connection URI, once it is there; the value itself goes nowhere. */
  databaseDigest?: string
  /** Partitions of the topics that exist, by Kafka name. */
  livePartitions: Record<string, number>
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
}
