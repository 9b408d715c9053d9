/** What is left of a delivery when every wrapper is off. */
export type Unwrapped =
  | { kind: 'cloudevent'; envelope: Record<string, unknown>; data: unknown }
  /** A payload that was no CloudEvent; `envelope` is the one Dapr put around it, absent for a raw delivery. */
  | { kind: 'payload'; payload: Record<string, unknown>; envelope?: Record<string, unknown> }
  | { kind: 'unreadable'; reason: string }

/** Dapr's type for payloads it wrapped itself: its id, source and type say nothing about the event. */
const WRAPPED = 'com.dapr.event.sent'
const DEEPEST = 6

export const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/**
 * Takes JSON texts, base64 data, Dapr's envelope and CloudEvents inside CloudEvents off a delivery, down to the event.
 * A publisher that sends a JSON text as JSON (Python's `model_dump_json`) needs this as much as a raw subscription does.
 */
export function unwrap(body: unknown): Unwrapped {
  let current = body
  let wrapper: Record<string, unknown> | undefined
  for (let depth = 0; depth < DEEPEST; depth++) {
    current = parseText(current)
    if (!isObject(current)) return { kind: 'unreadable', reason: describe(current) }
    if (!isCloudEvent(current)) return { kind: 'payload', payload: current, ...(wrapper ? { envelope: wrapper } : {}) }
    const data = parseText(dataOf(current))
    if (current['type'] !== WRAPPED && !isWrapper(data)) return { kind: 'cloudevent', envelope: current, data }
    if (current['type'] === WRAPPED) wrapper = current
    current = data
  }
  return { kind: 'unreadable', reason: `more than ${DEEPEST} envelopes inside one another` }
}

const isCloudEvent = (value: Record<string, unknown>): boolean =>
  typeof value['specversion'] === 'string' && typeof value['type'] === 'string'

const isWrapper = (value: unknown): boolean => isObject(value) && isCloudEvent(value)

function dataOf(envelope: Record<string, unknown>): unknown {
  const { data, data_base64: encoded } = envelope
  if (data === undefined && typeof encoded === 'string') return Buffer.from(encoded, 'base64').toString('utf8')
  return data
}

function parseText(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value.trim() === '' ? 'the body is empty' : 'the body is not JSON'
  return `the event is ${value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`}, not an object`
}
