import type { Connection, TopicAdmin } from './admin.ts'

/** Kafka's codes of a resource type and of an operation (KIP-339). */
const TOPIC = 2
const SET = 0

const TIMEOUT_MS = 10_000

/** The one place that knows which Kafka client there is. Loaded on demand: no other process of the image needs it. */
export async function connectAdmin({ brokers, tls, sasl }: Connection): Promise<TopicAdmin> {
  const { Admin } = await import('@platformatic/kafka')
  const admin = new Admin({
    clientId: 'todo-topics',
    bootstrapBrokers: brokers,
    connectTimeout: TIMEOUT_MS,
    timeout: TIMEOUT_MS,
    // A topic that was just made has no leader for a moment.
    retries: 4,
    retryDelay: 500,
    ...(tls && {
      tls: {
        ...(tls.ca && { ca: tls.ca }),
        ...(tls.certificate && { cert: tls.certificate }),
        ...(tls.key && { key: tls.key }),
      },
      // A certificate is for a name: without SNI a proxy in front of many clusters could not choose.
      tlsServerName: true,
    }),
    ...(sasl && { sasl }),
  })
  const asked = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw kafkaError(error)
    })
  return {
    async describe(names) {
      const known = new Set(await asked(admin.listTopics()))
      const topics = names.filter(name => known.has(name))
      if (topics.length === 0) return new Map()
      const metadata = await asked(admin.metadata({ topics, forceUpdate: true }))
      return new Map(
        [...metadata.topics].map(([name, { partitionsCount, partitions }]) => [
          name,
          { partitions: partitionsCount, replicas: partitions[0]?.replicas.length ?? 0 },
        ]),
      )
    },
    async create({ name, partitions, replicas = -1, config }) {
      const configs = Object.entries(config).map(([option, value]) => ({ name: option, value }))
      await asked(admin.createTopics({ topics: [name], partitions, replicas, configs }))
    },
    async grow(name, count) {
      await asked(admin.createPartitions({ topics: [{ name, count, assignments: null }] }))
    },
    async configOf(name, options) {
      const resources = [{ resourceType: TOPIC, resourceName: name, configurationKeys: options }] as const
      const [described] = await asked(admin.describeConfigs({ resources: [...resources] }))
      return Object.fromEntries((described?.configs ?? []).map(({ name: option, value }) => [option, value ?? null]))
    },
    async configure(name, config) {
      const configs = Object.entries(config).map(([option, value]) => ({
        name: option,
        configOperation: SET,
        value,
      })) as { name: string; configOperation: typeof SET; value: string }[]
      await asked(admin.incrementalAlterConfigs({ resources: [{ resourceType: TOPIC, resourceName: name, configs }] }))
    },
    close: () => admin.close(),
  }
}

interface ClientError {
  message?: string
  /** Kafka's name of the error, such as `TOPIC_AUTHORIZATION_FAILED`. */
  apiId?: string
  serverErrorMessage?: string
  errors?: ClientError[]
  cause?: ClientError
}

/** What Kafka itself said, out of the envelopes the client puts around it. */
function kafkaError(error: unknown): Error & { code?: string } {
  const said = innermost(error as ClientError)
  const message = said.serverErrorMessage ?? said.message ?? String(error)
  return Object.assign(new Error(message), said.apiId && { code: said.apiId })
}

function innermost(error: ClientError): ClientError {
  const below = error.apiId ? undefined : (error.errors?.[0] ?? error.cause)
  return below ? innermost(below) : error
}
