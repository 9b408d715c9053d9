import { id, json, ok, problem, queryOf, ref } from '../../kit/openapi.ts'
import { feedQuerySchema } from './calendar/routes.ts'
import { chatPaths } from './openapi-chat.ts'
import { idempotency } from './openapi-parts.ts'
import { quickAddSchema } from './quick-add/routes.ts'
import { comingSchema, snoozeSchema } from './reminder-routes.ts'

const span = {
  type: 'object',
  required: ['start', 'end', 'kind', 'text'],
  properties: {
    start: { type: 'integer', description: 'UTF-16 offset into the sentence' },
    end: { type: 'integer', description: 'offset behind it' },
    kind: { type: 'string', enum: ['date', 'time', 'priority', 'tag', 'recurrence', 'reminder'] },
    text: { type: 'string' },
  },
} as const
const understood = { type: 'array', items: span } as const
const sentence = { required: true, ...json(quickAddSchema) }

/** What a sentence was understood as. */
const preview = {
  type: 'object',
  required: ['title', 'all_day', 'zone', 'tags', 'reminders', 'understood'],
  properties: {
    title: { type: 'string' },
    due_at: { type: 'string', format: 'date-time' },
    due_local: {
      type: 'string',
      description: 'on the wall clock of zone: 2030-01-05T09:00, or 2030-01-05 for all day',
    },
    all_day: { type: 'boolean' },
    zone: { type: 'string' },
    priority: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    recurrence: { type: 'object', description: 'rrule, dtstart, tzid and mode, as of a task' },
    reminders: { type: 'array', items: { type: 'object', description: 'before or at, as of a task' } },
    understood,
  },
} as const

const reminder = {
  type: 'object',
  properties: {
    id: { type: 'string', format: 'uuid' },
    task_id: { type: 'string', format: 'uuid' },
    remind_at: { type: 'string', format: 'date-time' },
    before: { type: ['string', 'null'] },
    snoozed_until: { type: ['string', 'null'], format: 'date-time' },
  },
} as const

/** Paths beside the tasks themselves: adding by a sentence, reminders, the calendar. */
export const planningPaths = {
  '/api/v1/quick-add/preview': {
    post: {
      summary: 'What a sentence would become; creates nothing',
      requestBody: sentence,
      responses: { 200: ok(preview), default: problem },
    },
  },
  '/api/v1/quick-add': {
    post: {
      summary: 'Create a task from a sentence',
      parameters: [idempotency],
      requestBody: sentence,
      responses: {
        201: ok({ allOf: [ref('Task'), { type: 'object', properties: { understood } }] }, 'Created'),
        default: problem,
      },
    },
  },
  '/api/v1/calendar': {
    get: { summary: 'Whether there is a calendar feed', responses: { 200: ok({ type: 'object' }), default: problem } },
    post: {
      summary: 'A new address of the calendar feed; the one before ends. It is told this once',
      responses: {
        201: ok(
          {
            type: 'object',
            properties: {
              token: { type: 'string' },
              path: { type: 'string', description: 'of the feed, token included' },
              created_at: { type: 'string', format: 'date-time' },
            },
          },
          'Created',
        ),
        default: problem,
      },
    },
    delete: { summary: 'End the calendar feed', responses: { 204: { description: 'Ended' }, default: problem } },
  },
  '/api/v1/calendar.ics': {
    get: {
      summary: 'Tasks as a calendar to subscribe to (RFC 5545)',
      security: [],
      parameters: queryOf(feedQuerySchema),
      responses: {
        200: { description: 'OK', content: { 'text/calendar': { schema: { type: 'string' } } } },
        304: { description: 'Nothing changed' },
        default: problem,
      },
    },
  },
  ...chatPaths,
  '/api/v1/tags': {
    get: {
      summary: 'Tags, and how many tasks have them',
      responses: {
        200: ok({
          type: 'object',
          properties: {
            items: {
              type: 'array',
              items: {
                type: 'object',
                properties: { tag: { type: 'string' }, open: { type: 'integer' }, done: { type: 'integer' } },
              },
            },
          },
        }),
        default: problem,
      },
    },
  },
  '/api/v1/reminders': {
    get: {
      summary: 'Reminders to come, the next first',
      parameters: queryOf(comingSchema),
      responses: { 200: ok({ type: 'object' }), default: problem },
    },
  },
  '/api/v1/reminders/{id}/snooze': {
    post: {
      summary: 'Put a reminder off, or let one ring again that rang',
      parameters: [id, idempotency],
      requestBody: { required: true, ...json(snoozeSchema) },
      responses: { 200: ok(reminder), default: problem },
    },
  },
  '/api/v1/reminders/{id}/fire': {
    post: {
      summary: 'Ring at once',
      parameters: [id, idempotency],
      responses: { 200: ok(reminder), default: problem },
    },
  },
} as const
