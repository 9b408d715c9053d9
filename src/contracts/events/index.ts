export type { Change, EventData, Recurrence, Task } from '../generated/events.ts'
export {
  type Cause,
  createEvent,
  type Envelope,
  EventContractError,
  isOfType,
  MAX_EVENT_BYTES,
  shortType,
  type TodoEvent,
} from './envelope.ts'
export { priorityOf } from './fields.ts'
export { canonicalJson, isUuid, uuidv5, uuidv7 } from './identifiers.ts'
export { type Delivery, type Legacy, type Normalised, type NormaliseOptions, normalise } from './normalise.ts'
export { EVENT_SCHEMAS, type EventType, isEventType, schemaUri, topicOf } from './schemas.ts'
export { parseTime } from './times.ts'
export { unwrap } from './unwrap.ts'
export { type Violation, violations } from './validate.ts'
