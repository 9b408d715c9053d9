import type { FastifyInstance } from 'fastify'
import { requireOperator } from '../../../kit/auth.ts'
import type { RouteOptions } from '../endpoints.ts'
import { type EventFilter, listEvents, story } from './events.ts'
import { flow } from './flow.ts'
import { askOperator, type OperatorDoor } from './platform.ts'

const text = { type: 'string', minLength: 1, maxLength: 256 } as const
const seq = { type: 'integer', minimum: 0 } as const

export const eventsSchema = {
  type: 'object',
  properties: {
    topic: text,
    type: { ...text, description: 'part of the type: task.completed, reminder' },
    subject: { ...text, description: 'task/<id>, user/<id>' },
    user_id: text,
    before_seq: { ...seq, description: 'older than this one: the next page' },
    after_seq: { ...seq, description: 'newer than this one, oldest first: for following' },
    limit: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
  },
} as const

const idSchema = { type: 'object', properties: { id: text } } as const

/** What people who run the platform look at: how events flow, which there are, and what became of one. */
export function registerConsole(
  app: FastifyInstance,
  { db, authenticate, door }: RouteOptions & { door: OperatorDoor },
): void {
  const operator = async (request: Parameters<typeof authenticate>[0]): Promise<void> => {
    requireOperator(await authenticate(request), 'The console')
  }

  /** Who the token says one is. */
  app.get('/api/v1/me', async request => {
    const { id, roles, isOperator } = await authenticate(request)
    return { id, roles, is_operator: isOperator }
  })

  app.get('/api/v1/console/flow', async request => {
    await operator(request)
    return db.tx({}, flow)
  })

  app.get('/api/v1/console/platform', async request => {
    await operator(request)
    return askOperator(door)
  })

  app.get<{ Querystring: EventFilter }>(
    '/api/v1/console/events',
    { schema: { querystring: eventsSchema } },
    async request => {
      await operator(request)
      const items = await db.tx({}, sql => listEvents(sql, request.query))
      return { items, next_before_seq: items.length === request.query.limit ? items.at(-1)!.seq : null }
    },
  )

  app.get<{ Params: { id: string } }>('/api/v1/console/events/:id', { schema: { params: idSchema } }, async request => {
    await operator(request)
    return db.tx({}, sql => story(sql, request.params.id))
  })
}
