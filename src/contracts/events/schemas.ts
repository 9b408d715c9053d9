/**
 * The data of every event, as JSON Schema 2020-12: the one source of the TypeScript types, of the validators and of the
 * published `.schema.json` files. Consumers tolerate unknown fields; publishers may not emit them (see validate.ts).
 * Field names are snake_case, `null` means cleared, an absent field means unchanged or unknown.
 */
export interface JsonSchema {
  type?: string | readonly string[]
  $ref?: string
  description?: string
  enum?: readonly (string | null)[]
  const?: string
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maxItems?: number
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: readonly string[]
  additionalProperties?: boolean | JsonSchema
}

const text = (maxLength: number): JsonSchema => ({ type: 'string', maxLength })
const nullable = (schema: JsonSchema): JsonSchema => ({ ...schema, type: [schema.type as string, 'null'] })
const uuid: JsonSchema = { type: 'string', format: 'uuid' }
const instant: JsonSchema = { type: 'string', format: 'date-time' }
const version: JsonSchema = { type: 'integer', minimum: 1, description: 'version of the aggregate after this event' }
const userId: JsonSchema = { type: 'string', minLength: 1, maxLength: 256 }
const legacyTaskId: JsonSchema = { ...text(256), description: 'the id before it was mapped to a UUID' }
const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` })
const object = (
  required: readonly string[],
  properties: Record<string, JsonSchema>,
  description?: string,
): JsonSchema => ({
  type: 'object',
  ...(description ? { description } : {}),
  required,
  properties,
})

export const DEFINITIONS: Record<string, JsonSchema> = {
  Recurrence: object(
    ['rrule'],
    {
      series_id: uuid,
      rrule: { type: 'string', minLength: 6, maxLength: 1024, description: 'RFC 5545 RRULE without its name' },
      dtstart: { type: 'string', description: 'first occurrence as local wall-clock time, e.g. 2026-01-05T09:00:00' },
      tzid: { ...text(64), description: 'IANA time zone of dtstart' },
      exdates: {
        type: 'array',
        items: { type: 'string' },
        maxItems: 1000,
        description: 'local times that are left out',
      },
      mode: { type: 'string', enum: ['schedule', 'completion'] },
      missed: {
        type: 'string',
        enum: ['catch_up', 'skip'],
        description: 'whether occurrences that passed before the one before was done come in turn, or not at all',
      },
      index: { type: 'integer', minimum: 0, description: 'position of this occurrence in the series, from 0' },
    },
    'An immutable series anchor and where in the series a task stands.',
  ),
  Task: object(
    [],
    {
      title: { type: 'string', maxLength: 500 },
      description: nullable(text(16_384)),
      status: { type: 'string', enum: ['open', 'done'] },
      completed: { type: 'boolean' },
      completed_at: nullable(instant),
      priority: { type: 'string', enum: ['none', 'low', 'medium', 'high', 'urgent'] },
      tags: { type: 'array', items: text(64), maxItems: 50 },
      due_at: nullable(instant),
      due_tz: nullable(text(64)),
      all_day: { type: 'boolean' },
      remind_at: { type: 'array', items: instant, maxItems: 20 },
      recurrence: { ...ref('Recurrence') },
      parent_task_id: nullable(uuid),
    },
    'What a person sees of a task.',
  ),
  Change: object([], { from: {}, to: {} }, 'One changed field; from is absent when it was not known.'),
}

const taskEvent = (required: readonly string[] = [], extra: Record<string, JsonSchema> = {}): JsonSchema =>
  object(['task_id', 'user_id', ...required], {
    task_id: uuid,
    user_id: userId,
    version,
    task: ref('Task'),
    legacy_task_id: legacyTaskId,
    ...extra,
  })

const reminderEvent = (required: readonly string[] = [], extra: Record<string, JsonSchema> = {}): JsonSchema =>
  object(['task_id', 'user_id', ...required], {
    reminder_id: uuid,
    task_id: uuid,
    user_id: userId,
    version,
    title: text(500),
    due_at: nullable(instant),
    remind_at: instant,
    offset: { type: 'string', pattern: '^P', description: 'ISO 8601 duration before due_at' },
    legacy_task_id: legacyTaskId,
    ...extra,
  })

const notificationEvent = (extra: Record<string, JsonSchema> = {}): JsonSchema =>
  object(['notification_id', 'user_id'], {
    notification_id: uuid,
    user_id: userId,
    task_id: uuid,
    reminder_id: uuid,
    kind: { type: 'string', enum: ['reminder', 'reminder_missed'] },
    channel: { type: 'string', enum: ['in_app', 'email', 'web_push', 'webhook'] },
    title: text(500),
    ...extra,
  })

const uiEvent = object(['user_id', 'action'], {
  user_id: userId,
  action: { type: 'string', enum: ['refresh', 'add', 'update', 'remove'] },
  task_id: uuid,
  version,
  task: ref('Task'),
  legacy_task_id: legacyTaskId,
})

const changes: JsonSchema = { type: 'object', additionalProperties: ref('Change') }

/** Keyed by the short type; on the wire it carries the prefix `com.taskmanager.`. */
export const EVENT_SCHEMAS = {
  'task.created': taskEvent(),
  'task.updated': taskEvent([], { changes }),
  'task.completed': taskEvent([], { completed_at: instant, is_recurring: { type: 'boolean' } }),
  'task.reopened': taskEvent(),
  'task.deleted': taskEvent(),
  'task.restored': taskEvent(),
  'reminder.scheduled': reminderEvent(['remind_at']),
  'reminder.rescheduled': reminderEvent(['reminder_id', 'remind_at']),
  'reminder.triggered': reminderEvent([], { triggered_at: instant }),
  'reminder.snoozed': reminderEvent(['reminder_id', 'remind_at']),
  'reminder.cancelled': reminderEvent(),
  'reminder.missed': reminderEvent(['reminder_id'], { missed_at: instant }),
  'recurrence.triggered': object(['task_id', 'user_id'], {
    task_id: { ...uuid, description: 'the occurrence that was completed' },
    user_id: userId,
    series_id: uuid,
    index: { type: 'integer', minimum: 0, description: 'index of the occurrence to create' },
    due_at: instant,
    due_local: { type: 'string', description: 'due_at on the wall clock of tzid' },
    tzid: text(64),
    task: { ...ref('Task'), description: 'template of the occurrence to create' },
    legacy_task_id: legacyTaskId,
  }),
  'recurrence.exhausted': object(['task_id', 'user_id', 'series_id'], {
    task_id: uuid,
    user_id: userId,
    series_id: uuid,
    reason: text(200),
  }),
  'recurrence.updated': object(['user_id', 'series_id'], {
    user_id: userId,
    series_id: uuid,
    recurrence: ref('Recurrence'),
    paused: { type: 'boolean' },
    replaces: { ...uuid, description: 'the series this one continues from one of its occurrences on' },
  }),
  'notification.requested': notificationEvent(),
  'notification.sent': notificationEvent({ sent_at: instant }),
  'notification.deferred': notificationEvent({ until: instant }),
  'notification.failed': notificationEvent({ reason: text(500) }),
  'ui.task_list_changed': uiEvent,
  'ui.task_status_changed': uiEvent,
  // Among the replicas of the realtime service: where a person is connected. True for a minute, and then said again.
  'presence.changed': object(['user_id', 'replica', 'clients'], {
    user_id: userId,
    replica: { ...uuid, description: 'the process that holds the connections' },
    clients: {
      type: 'array',
      maxItems: 32,
      description: 'all connections of this person there; empty: none any more',
      items: object(['client', 'transport', 'since'], {
        client: uuid,
        transport: { type: 'string', enum: ['sse', 'websocket'] },
        since: instant,
      }),
    },
  }),
  'chat.message_appended': object(['user_id', 'conversation_id'], {
    user_id: userId,
    conversation_id: text(128),
    role: text(32),
  }),
  'user.preferences_changed': object(['user_id'], { user_id: userId, changes }),
  'user.erased': object(['user_id'], { user_id: userId }),
  'dlq.parked': object(['event_id', 'user_id'], {
    event_id: text(128),
    user_id: userId,
    topic: text(249),
    consumer: text(128),
    reason: text(1000),
  }),
  'dlq.replayed': object(['event_id', 'user_id'], {
    event_id: text(128),
    user_id: { ...userId, description: 'who asked for it' },
    topic: text(249),
    consumer: text(128),
    replay_id: uuid,
    replays: { type: 'integer', minimum: 1, description: 'how often this event was replayed by now' },
  }),
  'dlq.purged': object(['user_id', 'count'], {
    user_id: { ...userId, description: 'who asked for it' },
    count: { type: 'integer', minimum: 0 },
    filter: { type: 'object', description: 'which letters' },
  }),
  // Published on every topic, though it has one of its own like every type: it asks whether the topic gets through.
  'canary.sent': object(['user_id'], { user_id: { ...userId, description: 'nobody: the same for every canary' } }),
} as const satisfies Record<string, JsonSchema>

export type EventType = keyof typeof EVENT_SCHEMAS

export const isEventType = (type: string): type is EventType => Object.hasOwn(EVENT_SCHEMAS, type)

/** The topic a type travels on (contracts of the platform, "types by topic"). */
export function topicOf(type: EventType): string {
  const noun = type.slice(0, type.indexOf('.'))
  if (noun === 'reminder') return 'reminders'
  if (noun === 'ui' || noun === 'presence') return 'task-updates'
  if (noun === 'notification' || noun === 'dlq') return 'notifications'
  return 'task-events'
}

/** Canaries travel on every topic. */
export const typesOn = (topic: string): EventType[] =>
  (Object.keys(EVENT_SCHEMAS) as EventType[]).filter(type => topicOf(type) === topic || type === 'canary.sent')

/** Version of the data schemas; raised by additions, never by a break (that would be a new type). */
export const SCHEMA_VERSION = '1.0'
export const SCHEMA_BASE = 'https://schemas.todo-platform.dev'
export const schemaUri = (type: EventType): string => `${SCHEMA_BASE}/${type}/${SCHEMA_VERSION}.json`
