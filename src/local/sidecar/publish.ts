/** `/v1.0/publish` and `/v1.0/publish/bulk`: dapr pkg/api/http onPublish and onBulkPublish, runtime/pubsub/publisher. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../log/index.ts'
import { envelope, isBinary, isCloudEvent, isJson, isRawPayload, isText, type Metadata } from './cloudevents.ts'
import type { Components } from './components.ts'
import { DaprError, describe, pubsub as errors } from './errors.ts'
import { type ApiRequest, json, noContent, type Reply, readBody } from './http.ts'
import { isRecord, parsePrecisely } from './json.ts'
import type { BulkEntry, PubSub } from './kafka.ts'
import { type Resiliency, runWith } from './resiliency.ts'

export interface PublishContext {
  appId: string
  clock: Clock
  components: Components
  resiliency: () => Resiliency
  /** Whether the Configuration has it on (pkg/api/http/server.go useTracing). */
  tracing: () => boolean
}

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/

/** A child of the caller's span, or a new unsampled trace (W3C trace context); where tracing is off, what the caller sent. */
function traceOf(context: PublishContext, request: ApiRequest): { traceparent: string; tracestate: string } {
  const incoming = TRACEPARENT.exec(String(request.headers['traceparent'] ?? ''))
  if (!context.tracing())
    return incoming
      ? { traceparent: incoming[0], tracestate: String(request.headers['tracestate'] ?? '') }
      : { traceparent: '', tracestate: '' }
  const traceId = incoming?.[1] ?? randomBytes(16).toString('hex')
  const span = randomBytes(8).toString('hex')
  return {
    traceparent: `00-${traceId}-${span}-${incoming?.[2] ?? '00'}`,
    tracestate: String(request.headers['tracestate'] ?? ''),
  }
}

function target(context: PublishContext, pubsubName: string): PubSub {
  const pubsub = context.components.pubsub(pubsubName)
  if (pubsub === undefined) throw errors.notFound(pubsubName)
  return pubsub
}

function rawPayload(pubsub: PubSub, metadata: Metadata): boolean {
  try {
    return isRawPayload(metadata)
  } catch (error) {
    throw errors.badMetadata(pubsub.name, metadata, error)
  }
}

function wrap(
  context: PublishContext,
  request: ApiRequest,
  at: { pubsub: string; topic: string; contentType: string },
  data: Buffer,
  metadata: Metadata,
): Buffer {
  try {
    const event = envelope(
      data,
      { ...at, ...traceOf(context, request), appId: context.appId, now: context.clock.now() },
      metadata,
    )
    return Buffer.from(JSON.stringify(event))
  } catch (error) {
    throw errors.cloudEventCreation(at.pubsub, context.appId, error)
  }
}

/** Publishes under the outbound policy of the component. @throws DaprError 403 or 500 */
export async function publishTo(
  context: PublishContext,
  pubsub: PubSub,
  topic: string,
  data: Uint8Array,
  metadata: Metadata,
): Promise<void> {
  if (!pubsub.scopes.mayPublish(topic)) throw errors.forbidden(pubsub.name, topic, context.appId)
  const policy = context.resiliency().component(pubsub.name, 'Pubsub', 'Outbound')
  try {
    const never = new AbortController().signal
    await runWith(policy, context.clock, never, () => pubsub.publish(topic, data, metadata))
  } catch (error) {
    throw errors.publishFailed(pubsub.name, topic, error)
  }
}

async function bodyOf(request: ApiRequest, pubsub: PubSub, topic: string): Promise<Buffer> {
  try {
    return await readBody(request)
  } catch (error) {
    throw errors.publishFailed(pubsub.name, topic, (error as Error).message)
  }
}

export async function publish(
  context: PublishContext,
  request: ApiRequest,
  pubsubName: string,
  topic: string,
): Promise<Reply> {
  const pubsub = target(context, pubsubName)
  const { metadata } = request
  const raw = rawPayload(pubsub, metadata)
  const body = await bodyOf(request, pubsub, topic)
  const contentType = String(request.headers['content-type'] ?? '')
  const data = raw ? body : wrap(context, request, { pubsub: pubsubName, topic, contentType }, body, metadata)
  await publishTo(context, pubsub, topic, data, metadata)
  return noContent
}

/** The bytes of a bulk entry's event (dapr pkg/api/http ConvertEventToBytes). */
function eventBytes(event: unknown, contentType: string): Buffer {
  if (isJson(contentType) || isCloudEvent(contentType)) return Buffer.from(JSON.stringify(event))
  if (typeof event === 'string' && isBinary(contentType)) return Buffer.from(event, 'base64')
  if (typeof event === 'string' && isText(contentType)) return Buffer.from(event)
  throw new Error('error: mismatch between contentType and event')
}

interface Incoming {
  entryId: string
  contentType: string
  data: Buffer
  /** Undefined: the entry brought none, and only the broker sees the query's. */
  metadata: Metadata | undefined
}

function readEntries(body: Buffer, pubsubName: string, topic: string, appId: string): Incoming[] {
  let list: unknown
  try {
    list = parsePrecisely(body.toString())
    if (!Array.isArray(list)) throw new Error('the body is not a JSON array')
  } catch (error) {
    throw errors.unmarshalEvents(pubsubName, topic, appId, error)
  }
  const seen = new Set<string>()
  return list.filter(isRecord).map(one => {
    const contentType = String(one['contentType'] ?? '')
    let data: Buffer
    try {
      data = eventBytes(one['event'], contentType)
    } catch (error) {
      throw errors.envelope(pubsubName, topic, appId, error)
    }
    const entryId = String(one['entryId'] ?? '')
    if (entryId === '' || seen.has(entryId)) throw errors.marshalEvents(pubsubName, topic, appId)
    seen.add(entryId)
    const own = isRecord(one['metadata']) ? one['metadata'] : undefined
    const metadata = own && Object.fromEntries(Object.entries(own).map(([key, value]) => [key, String(value)]))
    return { entryId, contentType, data, metadata }
  })
}

export async function publishBulk(
  context: PublishContext,
  request: ApiRequest,
  pubsubName: string,
  topic: string,
): Promise<Reply> {
  const pubsub = target(context, pubsubName)
  const raw = rawPayload(pubsub, request.metadata)
  const incoming = readEntries(
    await readBody(request).catch(error => {
      throw errors.unmarshalEvents(pubsubName, topic, context.appId, error)
    }),
    pubsubName,
    topic,
    context.appId,
  )
  let left: BulkEntry[] = incoming.map(({ entryId, contentType, data, metadata = {} }) => ({
    entryId,
    data: raw ? data : wrap(context, request, { pubsub: pubsubName, topic, contentType }, data, metadata),
    // The query's metadata overrides that of every entry, a partition key included (kafka/producer.go maps.Copy).
    metadata: { ...metadata, ...request.metadata },
  }))
  if (!pubsub.scopes.mayPublish(topic)) throw errors.forbidden(pubsub.name, topic, context.appId)
  const policy = context.resiliency().component(pubsub.name, 'Pubsub', 'Outbound')
  let failed: { entryId: string; error: unknown }[] = []
  try {
    await runWith(policy, context.clock, new AbortController().signal, async () => {
      failed = await pubsub.publishBulk(topic, left)
      left = left.filter(entry => failed.some(one => one.entryId === entry.entryId))
      if (failed.length > 0) throw failed[0]!.error
    })
    return noContent
  } catch (error) {
    if (error instanceof DaprError) throw error
    const failedEntries = left.map(({ entryId }) => ({
      entryId,
      error: describe(failed.find(one => one.entryId === entryId)?.error ?? error),
    }))
    return json({ failedEntries, errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE' }, 500)
  }
}
