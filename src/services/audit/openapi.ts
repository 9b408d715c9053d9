import { describe, object, ok, problem, queryOf } from '../../kit/openapi.ts'
import { entriesQuerySchema } from './entries.ts'

const count = { type: 'integer', minimum: 0 }
const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const nullable = { type: ['string', 'null'] }
const entry = object({
  user_id: text,
  position: count,
  event_id: text,
  type: text,
  subject: text,
  task_id: { ...nullable, format: 'uuid' },
  source: text,
  occurred_at: time,
  sequence: nullable,
  correlation_id: nullable,
  causation_id: nullable,
  changed_fields: { type: 'array', items: text },
  recorded_at: time,
  previous_hash: text,
  hash: text,
})
const checkpoint = object({
  user_id: text,
  position: count,
  head: text,
  signed_at: time,
  key_id: text,
  signature: text,
})
const verdict = object({
  entries: count,
  intact: { type: 'boolean' },
  first_broken_position: count,
  reason: text,
  checkpoints: object({ verified: count, unknown_key: count, signed_until: count }),
})

/** OpenAPI of the audit. */
export const openapi = describe(
  'Todo audit',
  'What happened to the tasks of the signed-in user, in a chain that shows tampering.',
  {
    '/api/v1/audit': {
      get: {
        summary: 'Entries, oldest first',
        parameters: queryOf(entriesQuerySchema),
        responses: {
          200: ok(object({ items: { type: 'array', items: entry }, next_after: { type: ['integer', 'null'] } })),
          default: problem,
        },
      },
    },
    '/api/v1/audit/verify': {
      get: { summary: 'Whether the audit is as it was written', responses: { 200: ok(verdict), default: problem } },
    },
    '/api/v1/audit/checkpoints': {
      get: {
        summary: 'Signed checkpoints, with the key to check them',
        responses: {
          200: ok(object({ key: { type: ['object', 'null'] }, items: { type: 'array', items: checkpoint } })),
          default: problem,
        },
      },
    },
  },
)
