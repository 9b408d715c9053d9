/** How Dapr makes, completes and expires CloudEvents: components-contrib pubsub/envelope.go, dapr runtime/pubsub/cloudevents.go. */
import { randomUUID } from 'node:crypto'
import { parseGoDuration } from './duration.ts'
import { isRecord, parsePrecisely } from './json.ts'

export type CloudEvent = Record<string, unknown>
export type Metadata = Record<string, string>

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json'
const DEFAULT_TYPE = 'com.dapr.event.sent'
const DEFAULT_SOURCE = 'Dapr'

const isContentType = (actual: string, wanted: string): boolean => actual.toLowerCase().split(';')[0]!.trim() === wanted

export const isCloudEvent = (contentType: string): boolean => isContentType(contentType, CLOUD_EVENT_TYPE)
export const isJson = (contentType: string): boolean => isContentType(contentType, 'application/json')
export const isText = (contentType: string): boolean => contentType.toLowerCase().trim().startsWith('text/')
export const isBinary = (contentType: string): boolean => isContentType(contentType, 'application/octet-stream')

export interface PublishContext {
  appId: string
  pubsub: string
  topic: string
  contentType: string
  traceparent: string
  tracestate: string
  now: number
}

/** Metadata names are matched without regard to case, as mapstructure does. */
function override(metadata: Metadata, name: string): string | undefined {
  const wanted = `cloudevent.${name}`
  return Object.entries(metadata).find(([key]) => key.toLowerCase() === wanted)?.[1]
}

/** RFC 3339 in whole seconds, as Go's time.RFC3339 prints UTC. */
const rfc3339 = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')

function wrap(data: Buffer, context: PublishContext, metadata: Metadata): CloudEvent {
  const contentType = context.contentType || 'text/plain'
  const traceparent = override(metadata, 'traceparent') ?? override(metadata, 'traceid') ?? context.traceparent
  const event: CloudEvent = {
    id: override(metadata, 'id') || randomUUID(),
    specversion: '1.0',
    datacontenttype: contentType,
    source: override(metadata, 'source') || context.appId || DEFAULT_SOURCE,
    type: override(metadata, 'type') || DEFAULT_TYPE,
    topic: context.topic,
    pubsubname: context.pubsub,
    traceid: traceparent,
    traceparent,
    tracestate: override(metadata, 'tracestate') ?? context.tracestate,
    time: rfc3339(context.now),
  }
  const subject = override(metadata, 'subject')
  if (subject) event['subject'] = subject
  if (isBinary(contentType)) {
    event['data_base64'] = data.toString('base64')
    return event
  }
  event['data'] = data.toString()
  if (isJson(contentType)) {
    try {
      event['data'] = parsePrecisely(data.toString())
    } catch {
      // NewCloudEventsEnvelope keeps what claims to be JSON and is not as a string.
    }
  }
  return event
}

/** Completes an event the publisher made: id, type, source and data stay; where it travels is added. */
function adopt(data: Buffer, context: PublishContext): CloudEvent {
  const event = parsePrecisely(data.toString())
  if (!isRecord(event)) throw new Error('a CloudEvent in structured mode is a JSON object')
  event['time'] ??= rfc3339(context.now)
  if (!('traceid' in event)) {
    event['traceid'] = context.traceparent
    event['traceparent'] = context.traceparent
  }
  if (!('tracestate' in event)) event['tracestate'] = context.tracestate
  event['topic'] = context.topic
  event['pubsubname'] = context.pubsub
  event['source'] ??= DEFAULT_SOURCE
  event['type'] ??= DEFAULT_TYPE
  event['specversion'] ??= '1.0'
  return event
}

/** Milliseconds of `ttl` or `ttlInSeconds` (a Go duration, or seconds); undefined when absent or not positive (metadata.TryGetTTL). */
function ttlOf(metadata: Metadata): number | undefined {
  const entries = Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value] as const)
  const value = entries.find(([key]) => key === 'ttl')?.[1] ?? entries.find(([key]) => key === 'ttlinseconds')?.[1]
  if (!value) return undefined
  const duration = parseGoDuration(value)
  if (duration !== undefined && !/^\d+$/.test(value)) return Math.max(0, duration)
  return /^\d+$/.test(value) && Number(value) > 0 ? Number(value) * 1000 : undefined
}

/** The envelope that goes to the broker, for a publish without `rawPayload`. @throws when a CloudEvent is not a JSON object */
export function envelope(data: Buffer, context: PublishContext, metadata: Metadata): CloudEvent {
  const event = isCloudEvent(context.contentType) ? adopt(data, context) : wrap(data, context, metadata)
  const ttl = ttlOf(metadata)
  if (ttl !== undefined) event['expiration'] = rfc3339(context.now + ttl)
  return event
}

/** What a subscriber with `rawPayload` gets. The id is random at every delivery: nobody can deduplicate by it. */
export const fromRawPayload = (data: Uint8Array, topic: string, pubsub: string): CloudEvent => ({
  id: randomUUID(),
  specversion: '1.0',
  datacontenttype: 'application/octet-stream',
  source: DEFAULT_SOURCE,
  type: DEFAULT_TYPE,
  topic,
  pubsubname: pubsub,
  data_base64: Buffer.from(data).toString('base64'),
})

export function hasExpired(event: CloudEvent, now: number): boolean {
  const expiration = event['expiration']
  if (typeof expiration !== 'string' || expiration === '') return false
  const time = Date.parse(expiration)
  return !Number.isNaN(time) && time < now
}

/** @throws Error when the value is not a boolean as Go's strconv.ParseBool reads it */
export function isRawPayload(metadata: Metadata | undefined): boolean {
  const value = metadata?.['rawPayload']
  if (value === undefined || value === '') return false
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false
  throw new Error(`rawPayload value must be a valid boolean: actual is '${value}'`)
}
