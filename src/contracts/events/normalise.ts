import { TYPE_PREFIX } from '../topology.ts'
import { dataOf } from './data.ts'
import type { TodoEvent } from './envelope.ts'
import { FieldError, type FieldOptions } from './fields.ts'
import { canonicalJson, uuidv5 } from './identifiers.ts'
import { holdsNul } from './nul.ts'
import { type EventType, isEventType, SCHEMA_BASE, schemaUri } from './schemas.ts'
import { canonicalType, recognise, type Shape } from './shapes.ts'
import { parseTime } from './times.ts'
import { isObject, unwrap } from './unwrap.ts'
import { violations } from './validate.ts'

export interface Delivery {
  topic?: string
  /** Where the broker keeps it (Dapr's headers `__partition`, `__offset`); identifies events that carry neither id nor time. */
  partition?: string
  offset?: string
  /** Stands in for a missing time: the broker's timestamp, else the time of receipt. */
  receivedAt?: Date
}

export interface NormaliseOptions extends Partial<FieldOptions> {}

export type Normalised =
  | { outcome: 'event'; type: EventType; event: TodoEvent; legacy?: Legacy }
  /** A type this version does not know: acknowledge and count. */
  | { outcome: 'unknown'; type: string }
  /** Will not become valid by being delivered again: store the reason and drop. */
  | { outcome: 'invalid'; code: InvalidCode; reason: string; field?: string; id?: string; type?: string }

export interface Legacy {
  seed: Shape['seed']
  shape: string
  /** An integer priority was read by the configured scale, which is a guess. */
  ambiguousPriority?: true
}

/** TEP4101 not readable, TEP4102 no type, TEP4103 envelope attribute, TEP4104 data. */
export type InvalidCode = 'TEP4101' | 'TEP4102' | 'TEP4103' | 'TEP4104'

const DAPR_ATTRIBUTES = ['pubsubname', 'topic', 'traceid', 'expiration', 'data_base64']

/**
 * Turns any delivery (canonical, or as any of the seeds published it, wrapped by Dapr or raw) into a canonical event.
 * The same event gives the same id however it was wrapped. Never throws.
 */
export function normalise(body: unknown, delivery: Delivery = {}, options: NormaliseOptions = {}): Normalised {
  const result = attempt(body, delivery, options)
  // No database stores a NUL in text; such an event would fail, and be delivered, without end.
  if (result.outcome !== 'event' || !holdsNul(result.event)) return result
  return { outcome: 'invalid', code: 'TEP4104', reason: 'contains a NUL character', field: 'data', type: result.type }
}

function attempt(body: unknown, delivery: Delivery, options: NormaliseOptions): Normalised {
  const fieldOptions: FieldOptions = {
    tenant: options.tenant ?? 'default',
    priorityScale: options.priorityScale ?? 'seeds',
  }
  try {
    const unwrapped = unwrap(body)
    if (unwrapped.kind === 'unreadable') return { outcome: 'invalid', code: 'TEP4101', reason: unwrapped.reason }
    if (unwrapped.kind === 'cloudevent')
      return fromCloudEvent(unwrapped.envelope, unwrapped.data, delivery, fieldOptions)
    // Dapr names the topic it took the event from; a route says less, since one serves several topics of the seeds.
    const named = unwrapped.envelope?.['topic']
    const shape = recognise(unwrapped.payload, typeof named === 'string' ? named : delivery.topic)
    if (!shape) {
      const reason = 'the payload has no event_type and is no shape this platform knows; publish a CloudEvent'
      return { outcome: 'invalid', code: 'TEP4102', reason, field: 'type' }
    }
    return fromShape(shape, unwrapped.envelope, delivery, fieldOptions)
  } catch (error) {
    if (error instanceof FieldError)
      return { outcome: 'invalid', code: 'TEP4104', reason: error.message, field: `data.${error.field}` }
    return { outcome: 'invalid', code: 'TEP4101', reason: error instanceof Error ? error.message : String(error) }
  }
}

function fromCloudEvent(
  envelope: Record<string, unknown>,
  data: unknown,
  delivery: Delivery,
  options: FieldOptions,
): Normalised {
  const name = String(envelope['type'])
  const type = canonicalType(name)
  if (!isEventType(type)) return { outcome: 'unknown', type: name.slice(0, 200) }
  const { id, source } = envelope
  const attribute = (field: string, reason: string): Normalised => ({
    outcome: 'invalid',
    code: 'TEP4103',
    reason,
    field,
    type,
  })
  if (typeof id !== 'string' || id === '' || id.length > 128)
    return attribute('id', 'must be text of 1 to 128 characters')
  if (typeof source !== 'string' || source === '') return attribute('source', 'must be a URI reference')
  const time = envelope['time'] === undefined ? receivedAt(delivery) : parseTime(envelope['time'])?.at
  if (!time) return attribute('time', 'must be RFC 3339, e.g. 2026-01-05T09:00:00Z')
  if (!isObject(data)) return { ...invalidData('', 'must be an object', type), id } as Normalised
  const ours = typeof envelope['dataschema'] === 'string' && envelope['dataschema'].startsWith(SCHEMA_BASE)
  const mapped = ours ? { data, legacy: false } : dataOf(type, data, options)
  const [violation] = violations(type, mapped.data, 'consume')
  if (violation) return { ...invalidData(violation.field, violation.message, type), id } as Normalised
  const userId = String(mapped.data['user_id'])
  const attributes = Object.fromEntries(Object.entries(envelope).filter(([key]) => !DAPR_ATTRIBUTES.includes(key)))
  const event = {
    ...attributes,
    specversion: '1.0',
    type: `${TYPE_PREFIX}${type}`,
    time,
    datacontenttype: 'application/json',
    partitionkey: typeof envelope['partitionkey'] === 'string' ? envelope['partitionkey'] : userId,
    data: mapped.data,
  } as unknown as TodoEvent
  const legacy: Legacy = { seed: '002', shape: type.split('.')[0]!, ...ambiguity(data) }
  return { outcome: 'event', type, event, ...(mapped.legacy ? { legacy } : {}) }
}

function fromShape(
  shape: Shape,
  wrapper: Record<string, unknown> | undefined,
  delivery: Delivery,
  options: FieldOptions,
): Normalised {
  const type = canonicalType(shape.type)
  if (!isEventType(type)) return { outcome: 'unknown', type: shape.type.slice(0, 200) }
  const stated = shape.time === undefined ? undefined : parseTime(shape.time)?.at
  if (shape.time !== undefined && !stated) {
    return {
      outcome: 'invalid',
      code: 'TEP4103',
      reason: 'is no time',
      field: 'timestamp',
      type,
      ...(shape.id ? { id: shape.id } : {}),
    }
  }
  // One seed's own test command names no user; such an event belongs to nobody, but it is not refused.
  const { data } = dataOf(type, { user_id: 'unknown', ...shape.fields }, options)
  const id = shape.id ?? eventId(type, stated, data, wrapper, delivery)
  const [violation] = violations(type, data, 'consume')
  if (violation) return { ...invalidData(violation.field, violation.message, type), id } as Normalised
  const userId = String(data['user_id'])
  const event = {
    specversion: '1.0',
    id,
    source: `/tasks/${shape.source ?? `seed-${shape.seed}`}`,
    type: `${TYPE_PREFIX}${type}`,
    subject: `task/${data['task_id']}`,
    time: stated ?? parseTime(wrapper?.['time'])?.at ?? receivedAt(delivery),
    datacontenttype: 'application/json',
    dataschema: schemaUri(type),
    partitionkey: userId,
    correlationid: shape.correlationId ?? id,
    ...(typeof wrapper?.['traceparent'] === 'string' ? { traceparent: wrapper['traceparent'] } : {}),
    data,
  } as unknown as TodoEvent
  return { outcome: 'event', type, event, legacy: { seed: shape.seed, shape: shape.shape, ...ambiguity(shape.fields) } }
}

/**
 * An id for events without one. With a time, the content says which event it is; without, two equal events are two
 * events, so their place in the log tells them apart (a raw subscription invents a new CloudEvents id per delivery).
 */
function eventId(
  type: EventType,
  time: string | undefined,
  data: unknown,
  wrapper: Record<string, unknown> | undefined,
  delivery: Delivery,
): string {
  if (time) return uuidv5(`event:${type}:${time}:${canonicalJson(data)}`)
  const { topic, partition, offset } = delivery
  if (partition !== undefined && offset !== undefined) return uuidv5(`position:${topic ?? ''}/${partition}/${offset}`)
  if (typeof wrapper?.['id'] === 'string') return uuidv5(`wrapper:${wrapper['id']}`)
  return uuidv5(`event:${type}::${canonicalJson(data)}`)
}

const receivedAt = ({ receivedAt: at }: Delivery): string => (at ?? new Date()).toISOString()

const invalidData = (field: string, message: string, type: string) => ({
  outcome: 'invalid' as const,
  code: 'TEP4104' as const,
  reason: message,
  field: field ? `data.${field}` : 'data',
  type,
})

function ambiguity(fields: unknown): { ambiguousPriority?: true } {
  const priority = isObject(fields) ? fields['priority'] : undefined
  return typeof priority === 'number' && priority !== 0 ? { ambiguousPriority: true } : {}
}
