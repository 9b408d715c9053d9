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
  /** Material that is made once and kept: what the live Secret holds, or fresh for the first time. base64 by key. */
  generated: Record<string, Record<string, string>>
}

/** Where the operator's own settings come from: flags of the controller. */
export interface OperatorSettings {
  version: string
  /** Image of the services without tag. */
  servicesImage: string
}
