import { describe, object, ok, problem, queryOf } from '../../kit/openapi.ts'
import { rebuildQuerySchema, statisticsQuerySchema } from './statistics.ts'

const count = { type: 'integer', minimum: 0 }
const counted = (by: string, ...counts: string[]) => ({
  type: 'array',
  items: object({ [by]: { type: 'string' }, ...Object.fromEntries(counts.map(name => [name, count])) }),
})
const statistics = object({
  timezone: { type: 'string', description: 'in which days were counted' },
  open: count,
  overdue: count,
  done: count,
  completed_per_day: counted('day', 'count'),
  streak: object({ current: count, longest: count }),
  by_tag: counted('tag', 'open', 'done'),
  by_priority: counted('priority', 'open'),
})

/** OpenAPI of the figures. */
export const openapi = describe('Todo statistics', 'Figures about the tasks of the signed-in user.', {
  '/api/v1/statistics': {
    get: {
      summary: 'Figures about one’s tasks',
      parameters: queryOf(statisticsQuerySchema),
      responses: { 200: ok(statistics), default: problem },
    },
  },
  '/api/v1/statistics/rebuild': {
    post: {
      summary: 'Make one’s figures anew from what was recorded; those of everyone for operators',
      parameters: queryOf(rebuildQuerySchema),
      responses: { 200: ok(object({ people: count, facts: count, tasks: count })), default: problem },
    },
  },
})
