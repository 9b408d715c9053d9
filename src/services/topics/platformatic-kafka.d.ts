/** The part of @platformatic/kafka that is used, for as long as the package is not among the dependencies. */
declare module '@platformatic/kafka' {
  interface AdminOptions {
    clientId: string
    bootstrapBrokers: string[]
    connectTimeout?: number
    timeout?: number
    retries?: number
    tls?: { ca?: string; cert?: string; key?: string }
    tlsServerName?: string | boolean
    sasl?: { mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'PLAIN'; username: string; password: string }
  }
  export class Admin {
    constructor(options: AdminOptions)
    listTopics(): Promise<string[]>
    metadata(options: { topics?: string[]; forceUpdate?: boolean }): Promise<{
      topics: Map<string, { partitionsCount: number; partitions: { replicas: number[] }[] }>
    }>
    createTopics(options: {
      topics: { topic: string; partitions?: number; replicas?: number }[]
      configs?: { name: string; value: string }[]
    }): Promise<unknown>
    createPartitions(options: { topics: { name: string; count: number; assignments?: null }[] }): Promise<void>
    describeConfigs(options: {
      resources: { resourceType: 2; resourceName: string; configurationKeys?: string[] }[]
    }): Promise<{ configs: { name: string; value?: string | null }[] }[]>
    incrementalAlterConfigs(options: {
      resources: {
        resourceType: 2
        resourceName: string
        configs: { name: string; configOperation: 0; value: string }[]
      }[]
    }): Promise<void>
    close(): Promise<void>
  }
}
