import { idempotency, json, ok, problem, ref } from './openapi-parts.ts'
import { quickAddSchema } from './quick-add/routes.ts'

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
  '/api/v1/reminders': {
    get: { summary: 'Reminders to come', responses: { 200: ok({ type: 'object' }), default: problem } },
  },
} as const
