import { VIEWS } from './views.ts'

/** JSON Schemas of request bodies; the server validates with them, OpenAPI publishes them, the MCP tools take them. */
const instant = { type: 'string', minLength: 1, maxLength: 64 } as const
const priority = {
  description: 'none, low, medium, high, urgent; integers are read as 1 high, 2 medium, 3 and more low, 0 none',
  anyOf: [
    { type: 'string', enum: ['none', 'low', 'medium', 'high', 'urgent'] },
    { type: 'integer', minimum: 0, maximum: 9 },
  ],
} as const

export const recurrenceSchema = {
  type: 'object',
  required: ['rrule'],
  additionalProperties: false,
  properties: {
    rrule: { type: 'string', minLength: 6, maxLength: 1024, description: 'RFC 5545, e.g. FREQ=WEEKLY;BYDAY=MO' },
    dtstart: { type: 'string', maxLength: 40, description: 'first occurrence, local time; default: the due time' },
    tzid: { type: 'string', maxLength: 64, description: 'IANA time zone; default: due_tz' },
    exdates: { type: 'array', maxItems: 366, items: { type: 'string', maxLength: 40 } },
    mode: {
      type: 'string',
      enum: ['schedule', 'completion'],
      description: 'count from the schedule, or from completion',
    },
    missed: {
      type: 'string',
      enum: ['catch_up', 'skip'],
      description: 'when done late: the occurrences missed come one by one (default), or are skipped',
    },
    series_id: { type: 'string', description: 'ignored; a series is changed by giving another rule' },
    index: { type: 'integer', description: 'ignored' },
  },
} as const

const reminders = {
  type: 'array',
  maxItems: 20,
  items: {
    type: 'object',
    additionalProperties: false,
    properties: {
      at: { ...instant, description: 'RFC 3339 time' },
      before: { type: 'string', maxLength: 32, description: 'ISO 8601 duration before the due time, e.g. PT10M' },
    },
  },
} as const

const fields = {
  title: { type: 'string', minLength: 1, maxLength: 500, pattern: '\\S' },
  description: { type: ['string', 'null'], maxLength: 16384 },
  priority,
  tags: { type: 'array', maxItems: 50, items: { type: 'string', minLength: 1, maxLength: 64 } },
  due_at: {
    type: ['string', 'null'],
    maxLength: 64,
    description: 'RFC 3339; without an offset: local time in due_tz; a date: all day',
  },
  due_tz: {
    type: ['string', 'null'],
    maxLength: 64,
    description: 'IANA time zone; default: the one of the preferences',
  },
  all_day: { type: 'boolean' },
  recurrence: { anyOf: [recurrenceSchema, { type: 'null' }] },
  reminders,
  parent_task_id: { type: ['string', 'null'], format: 'uuid' },
} as const

/** Spellings of the seed documents. */
const aliases = {
  due_date: { type: ['string', 'null'], maxLength: 64, description: 'alias of due_at' },
  recurrence_rule: { type: ['string', 'null'], maxLength: 1024, description: 'alias of recurrence.rrule' },
  recurring_interval: {
    type: ['string', 'null'],
    enum: ['daily', 'weekly', 'monthly', 'yearly', null],
    description: 'alias of recurrence.rrule',
  },
  remind_at: { type: ['string', 'null'], maxLength: 64, description: 'alias of one absolute reminder' },
  completed: { type: 'boolean', description: 'alias of status' },
} as const

const status = { type: 'string', enum: ['open', 'done'] } as const

export const createTaskSchema = {
  type: 'object',
  required: ['title'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', format: 'uuid', description: 'chosen by who works offline; default: the server chooses' },
    ...fields,
    ...aliases,
  },
} as const

/** A merge patch (RFC 7396): absent fields stay, null clears. */
export const patchTaskSchema = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: { ...fields, status, ...aliases },
} as const

const clock = { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' } as const
const channels = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    ['in_app', 'email', 'web_push', 'webhook'].map(channel => [channel, { type: 'boolean' }]),
  ),
} as const

export const preferencesSchema = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: {
    timezone: { type: 'string', maxLength: 64 },
    email: { type: ['string', 'null'], maxLength: 254, pattern: '^[^@\\s<>]+@[^@\\s<>]+$' },
    email_notifications: { type: 'boolean' },
    notifications: {
      type: 'object',
      additionalProperties: false,
      description: 'by kind, which channels to use; absent: all that are set up',
      properties: { reminder: channels, reminder_missed: channels },
    },
    quiet_hours: {
      type: ['object', 'null'],
      required: ['start', 'end'],
      additionalProperties: false,
      description: 'in the time zone of the preferences; what would go out meanwhile goes out at their end',
      properties: { start: clock, end: clock },
    },
    digest_at: { ...clock, type: ['string', 'null'], description: 'one mail a day at this time, instead of one each' },
  },
} as const

export const listQuerySchema = {
  type: 'object',
  properties: {
    status,
    priority: { type: 'string', enum: ['none', 'low', 'medium', 'high', 'urgent'] },
    tag: { type: 'string', maxLength: 64 },
    q: {
      type: 'string',
      maxLength: 200,
      description: 'words in title, tags or notes: milk -soy "oat drink" or tea; the last one may be unfinished',
    },
    view: { type: 'string', enum: VIEWS, description: 'open tasks due in days of the zone of the preferences' },
    due_before: instant,
    due_after: instant,
    series_id: { type: 'string', format: 'uuid' },
    parent_task_id: { type: 'string', format: 'uuid' },
    deleted: { type: 'boolean', default: false, description: 'list the deleted tasks instead' },
    sort: {
      type: 'string',
      enum: ['-created_at', 'due_at', 'relevance'],
      description: 'default: relevance for q, due_at for a view, else -created_at',
    },
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    cursor: { type: 'string', maxLength: 400, description: 'next_cursor of the page before' },
  },
} as const

export const idParams = {
  type: 'object',
  properties: { id: { type: 'string', format: 'uuid' } },
  required: ['id'],
} as const

export const scopeSchema = {
  type: 'object',
  properties: {
    scope: {
      type: 'string',
      enum: ['this', 'following'],
      description:
        'of a repeating task: change this occurrence alone, or it and all that follow; default: words pass on, a moved due time does not',
    },
  },
} as const

const previewCount = { type: 'integer', minimum: 1, maximum: 100, default: 10 } as const
export const previewQuerySchema = { type: 'object', properties: { count: previewCount } } as const
export const previewSchema = {
  type: 'object',
  required: ['recurrence'],
  additionalProperties: false,
  properties: { recurrence: recurrenceSchema, due_at: fields.due_at, due_tz: fields.due_tz, count: previewCount },
} as const

export const exceptionSchema = {
  type: 'object',
  required: ['local'],
  additionalProperties: false,
  properties: {
    local: {
      type: 'string',
      pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2})?$',
      description: 'the occurrence to leave out, on the wall clock of the series',
    },
  },
} as const
