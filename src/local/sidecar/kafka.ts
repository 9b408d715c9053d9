/** pubsub.kafka over the embedded log: components-contrib common/component/kafka. */
import type { Clock, Connection, EventLog, Header, InitialOffset, LogCluster } from '../log/index.ts'
import type { Metadata } from './cloudevents.ts'
import type { Component, Identity } from './component.ts'
import { parseDuration } from './duration.ts'
import { KafkaConsumer, type TopicHandler } from './kafka-consumer.ts'
import { saramaPartition } from './partitioner.ts'
import { type TopicScopes, topicScopes } from './topic-scopes.ts'

export interface BulkEntry {
  entryId: string
  data: Uint8Array
  metadata: Metadata
}

export interface PubSub {
  readonly name: string
  readonly scopes: TopicScopes
  publish(topic: string, data: Uint8Array, metadata: Metadata): Promise<void>
  /** The entries that failed, and why. */
  publishBulk(topic: string, entries: readonly BulkEntry[]): Promise<{ entryId: string; error: unknown }[]>
  /** Replaces what is consumed; the handlers of removed topics finish what they have in hand. */
  consume(handlers: ReadonlyMap<string, TopicHandler>): Promise<void>
  /** Stops consuming and waits for the messages in hand. */
  stopConsuming(): Promise<void>
  close(): Promise<void>
}

const AUTH_TYPES = ['none', 'password', 'mtls', 'certificate', 'oidc', 'oidc_private_key_jwt', 'awsiam']

interface KafkaSettings {
  brokers: string
  credentials: { username: string; password: string; mechanism: string } | undefined
  group: string
  initialOffset: InitialOffset
  retry: { enabled: boolean; interval: number }
  escapeHeaders: boolean
}

/** @throws Error worded as the component words it, for what keeps daprd from starting */
export function kafkaSettings(component: Component, identity: Identity): KafkaSettings {
  const get = (name: string) => component.get(name)
  const brokers = get('brokers')
  if (!brokers) throw new Error("kafka error: missing 'brokers' attribute")
  const authType = get('authType')?.toLowerCase()
  if (!authType) throw new Error("kafka error: 'authType' attribute was missing or empty")
  if (!AUTH_TYPES.includes(authType))
    throw new Error(`kafka error: invalid value for 'authType' attribute: ${authType}`)
  const initialOffset = (get('initialOffset') || 'newest').toLowerCase()
  if (initialOffset !== 'newest' && initialOffset !== 'oldest') {
    throw new Error(`kafka error: invalid initialOffset: ${initialOffset}`)
  }
  const [username, password] = [get('saslUsername'), get('saslPassword')]
  if (authType === 'password' && !username)
    throw new Error("kafka error: missing SASL Username for authType 'password'")
  if (authType === 'password' && !password)
    throw new Error("kafka error: missing SASL Password for authType 'password'")
  // Anything but these two silently means PLAIN, also `SCRAM-SHA-512`: a common mistake worth reproducing.
  const mechanism =
    get('saslMechanism') === 'SHA-512'
      ? 'SCRAM-SHA-512'
      : get('saslMechanism') === 'SHA-256'
        ? 'SCRAM-SHA-256'
        : 'PLAIN'
  return {
    brokers,
    credentials: authType === 'password' ? { username: username!, password: password!, mechanism } : undefined,
    group: get('consumerGroup') || get('consumerID') || identity.appId,
    initialOffset,
    retry: {
      enabled: get('consumeRetryEnabled') !== 'false',
      interval: parseDuration(get('backOffDuration') ?? '') ?? 5000,
    },
    escapeHeaders: get('escapeHeaders') === 'true',
  }
}

/** Whether one of the authorities of a bundle is that of the brokers; Go compares what the PEM says, not how it is written. */
function trusts(bundle: string, authority: string): boolean {
  const bodies = (pem: string): string[] =>
    [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END/g)].map(([, body]) => body!.replaceAll(/\s/g, ''))
  const known = new Set(bodies(bundle))
  return bodies(authority).some(body => known.has(body))
}

class UnsupportedSaslMechanismException extends Error {
  override readonly name = 'UnsupportedSaslMechanismException'
}

interface Placed {
  key?: string
  partition?: number
  headers: Header[]
}

/** Key, partition and headers of a message (components-contrib common/component/kafka producer.go, partitioner.go). */
function placed(metadata: Metadata, partitions: number | undefined): Placed {
  const headers = Object.entries(metadata)
  const key = metadata['__key'] ?? metadata['partitionKey']
  const asked = metadata['partitionNumber']
  if (asked !== undefined && !/^\d+$/.test(asked))
    throw new Error(`invalid partitionNumber metadata value ${JSON.stringify(asked)}`)
  if (asked !== undefined && partitions !== undefined && Number(asked) >= partitions)
    throw new Error(`partition number ${asked} is out of range, topic has ${partitions} partitions`)
  const chosen = key !== undefined && partitions !== undefined ? saramaPartition(key, partitions) : undefined
  const partition = asked === undefined ? chosen : Number(asked)
  return { headers, ...(key !== undefined && { key }), ...(partition !== undefined && { partition }) }
}

/** Connects at once, as the component does in Init. @throws when a setting is wrong or no broker lets us in */
export function openKafka(
  component: Component,
  identity: Identity,
  eventLog: EventLog,
  clock: Clock,
  log: (level: string, message: string) => void,
): PubSub {
  const settings = kafkaSettings(component, identity)
  const prefix = component.namespaceScoped ? identity.namespace : ''
  let cluster: LogCluster | undefined
  let connection: Connection | undefined

  const connect = (): { cluster: LogCluster; connection: Connection } => {
    const found = eventLog.resolve(settings.brokers, identity.namespace)
    const { credentials } = settings
    const trusted = component.get('caCert')
    if (trusted && found.certificateAuthority && !trusts(trusted, found.certificateAuthority))
      throw new Error(
        'kafka: client has run out of available brokers to talk to: tls: failed to verify certificate: x509: certificate signed by unknown authority',
      )
    if (credentials && credentials.mechanism !== 'SCRAM-SHA-512') {
      const message = `Client SASL mechanism '${credentials.mechanism}' not enabled in the server, enabled mechanisms are [SCRAM-SHA-512]`
      throw new UnsupportedSaslMechanismException(message)
    }
    if (connection === undefined || cluster !== found) {
      connection = found.connect(credentials)
      cluster = found
    }
    return { cluster: found, connection }
  }
  connect()

  const consumer = new KafkaConsumer({ ...settings, clientId: identity.podName, clock, connect, eventLog, log })
  const publish = async (topic: string, data: Uint8Array, metadata: Metadata): Promise<void> => {
    const { cluster: to, connection: through } = connect()
    const partitions = to.describeTopic(prefix + topic)?.partitions
    await through.append({ topic: prefix + topic, value: data, ...placed(metadata, partitions) })
  }
  return {
    name: component.name,
    scopes: topicScopes(component, identity.appId),
    publish,
    async publishBulk(topic, entries) {
      const results = await Promise.allSettled(entries.map(entry => publish(topic, entry.data, entry.metadata)))
      return results.flatMap((result, at) =>
        result.status === 'rejected' ? [{ entryId: entries[at]!.entryId, error: result.reason as unknown }] : [],
      )
    },
    consume: handlers =>
      consumer.consume(new Map([...handlers].map(([topic, handler]) => [prefix + topic, { ...handler, topic }]))),
    stopConsuming: () => consumer.stop(),
    close: () => consumer.stop(),
  }
}
