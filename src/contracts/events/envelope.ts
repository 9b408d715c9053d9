import type { EventData } from '../generated/events.ts'
import { TYPE_PREFIX } from '../topology.ts'
import { uuidv7 } from './identifiers.ts'
import { type EventType, schemaUri } from './schemas.ts'
import { violations } from './validate.ts'

/** CloudEvents 1.0 in structured JSON, with the extensions of the platform. */
export type TodoEvent<T extends EventType = EventType> = { [K in T]: Envelope<K> }[T]

export interface Envelope<T extends EventType> {
  specversion: '1.0'
  /** UUIDv7 for events of this platform; consumers accept any text of 1–128 characters. */
  id: string
  source: string
  type: `com.taskmanager.${T}`
  /** The aggregate: `task/<uuid>`. */
  subject?: string
  /** RFC 3339, UTC. */
  time: string
  datacontenttype: 'application/json'
  dataschema?: string
  /** The user; orders the events of one user. */
  partitionkey: string
  /** Version of the aggregate, padded to 20 digits so that it compares as text (CloudEvents sequence extension). */
  sequence?: string
  correlationid?: string
  causationid?: string
  traceparent?: string
  tracestate?: string
  authtype?: string
  authid?: string
  recordedtime?: string
  expirytime?: string
  dataclassification?: string
  /** How often this event was replayed from a dead-letter topic. */
  replaycount?: number
  data: EventData[T]
}

/** CloudEvents intermediaries must forward events up to this size; larger ones may be lost on the way. */
export const MAX_EVENT_BYTES = 64 * 1024

export interface NewEvent<T extends EventType> {
  type: T
  /** App-id of the publisher; becomes `source`. */
  appId: string
  subject?: string | undefined
  data: EventData[T]
  /** The event or request that led to this one: hands on correlation, causation and trace. */
  cause?: Cause | undefined
  time?: Date
}

export interface Cause {
  id?: string
  correlationid?: string
  traceparent?: string
}

/** Thrown when this platform would publish an event that breaks its own contract: a defect, never a user's mistake. */
export class EventContractError extends Error {
  readonly code = 'TEP4110'
  /** The one breach a user can cause: an event larger than {@link MAX_EVENT_BYTES}. */
  readonly tooLarge: boolean
  constructor(message: string, tooLarge = false) {
    super(message)
    this.tooLarge = tooLarge
  }
}

/**
 * Builds a canonical event. The data is checked strictly: unknown fields are refused.
 * @throws EventContractError naming the first offending field, or the size
 */
export function createEvent<T extends EventType>({
  type,
  appId,
  subject,
  data,
  cause,
  time,
}: NewEvent<T>): Envelope<T> {
  const [violation] = violations(type, data, 'publish')
  if (violation) throw new EventContractError(`TEP4110: ${type}: data.${violation.field} ${violation.message}`)
  const id = uuidv7()
  const { user_id, version } = data as { user_id: string; version?: number }
  const event: Envelope<T> = {
    specversion: '1.0',
    id,
    source: `/tasks/${appId}`,
    type: `${TYPE_PREFIX}${type}` as Envelope<T>['type'],
    ...(subject ? { subject } : {}),
    time: (time ?? new Date()).toISOString(),
    datacontenttype: 'application/json',
    dataschema: schemaUri(type),
    partitionkey: user_id,
    ...(version === undefined ? {} : { sequence: String(version).padStart(20, '0') }),
    correlationid: cause?.correlationid ?? cause?.id ?? id,
    ...(cause?.id ? { causationid: cause.id } : {}),
    ...(cause?.traceparent ? { traceparent: cause.traceparent } : {}),
    authtype: 'app_user',
    authid: user_id,
    data,
  }
  const bytes = Buffer.byteLength(JSON.stringify(event))
  if (bytes > MAX_EVENT_BYTES)
    throw new EventContractError(`TEP4110: ${type}: ${bytes} bytes, at most ${MAX_EVENT_BYTES}`, true)
  return event as TodoEvent<T>
}

/** The type without its prefix: `task.created`. */
export const shortType = (event: TodoEvent): EventType => event.type.slice(TYPE_PREFIX.length) as EventType

/** Narrows an event by its short type. */
export const isOfType = <T extends EventType>(
  event: TodoEvent,
  ...types: readonly T[]
): event is Extract<TodoEvent, { type: `com.taskmanager.${T}` }> =>
  (types as readonly string[]).includes(shortType(event))
