import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createEvent } from '../../contracts/events/index.ts'
import { deadLetterTopic } from '../../contracts/topology.ts'
import type { Dapr } from '../../kit/dapr.ts'
import type { Sql } from '../../kit/db.ts'
import { append } from '../../kit/outbox.ts'
import { Problem } from '../../kit/problem.ts'
import type { RouteOptions } from './endpoints.ts'

interface Letter {
  id: number
  consumer: string
  topic: string
  event_id: string | null
  type: string
  code: string
  reason: string
  attempts: number
  body: string
  replays: number
  dead_lettered_at: Date
  replayed_at: Date | null
}

const listSchema = {
  type: 'object',
  properties: {
    consumer: { type: 'string', maxLength: 128 },
    topic: { type: 'string', maxLength: 249 },
    before: { type: 'integer', minimum: 1, description: 'id of the last one already seen' },
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  },
} as const

const idSchema = { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } } as const

/** An event that comes back this often will not get better by another replay. */
const MOST_REPLAYS = 3

/** Dead letters of all consumers, with the reasons recorded when they failed; for the operator role. */
export function registerDeadLetters(
  app: FastifyInstance,
  { db, authenticate, appId, wake, dapr }: RouteOptions & { dapr: Dapr },
): void {
  const operator = async (request: FastifyRequest): Promise<string> => {
    const user = await authenticate(request)
    if (!user.isOperator) throw new Problem('TEP4004', 'Dead letters are for operators; your token lacks that role.')
    return user.id
  }

  app.get<{ Querystring: { consumer?: string; topic?: string; before?: number; limit: number } }>(
    '/api/v1/dead-letters',
    { schema: { querystring: listSchema } },
    async request => {
      await operator(request)
      const { consumer, topic, before, limit } = request.query
      return db.tx({}, async sql => {
        const items = await sql.query<Letter>(
          `SELECT id, consumer, topic, event_id, type, code, reason, attempts, replays, dead_lettered_at, replayed_at FROM messaging.inbox_failures
           WHERE dead_lettered_at IS NOT NULL AND ($1::text IS NULL OR consumer = $1) AND ($2::text IS NULL OR topic = $2)
             AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`,
          [consumer ?? null, topic ?? null, before ?? null, limit],
        )
        const reasons = await sql.query(
          `SELECT consumer, topic, code, count(*) FROM messaging.inbox_failures WHERE dead_lettered_at IS NOT NULL
           GROUP BY consumer, topic, code ORDER BY count(*) DESC LIMIT 50`,
        )
        return { items, reasons, next_before: items.length === limit ? items.at(-1)!.id : null }
      })
    },
  )

  app.get<{ Params: { id: number } }>('/api/v1/dead-letters/:id', { schema: { params: idSchema } }, async request => {
    await operator(request)
    return db.tx({}, sql => find(sql, request.params.id))
  })

  app.post<{ Params: { id: number } }>(
    '/api/v1/dead-letters/:id/replay',
    { schema: { params: idSchema } },
    async (request, reply) => {
      const userId = await operator(request)
      const letter = await db.tx({}, async sql => {
        const found = await find(sql, request.params.id, true)
        const event = replayable(found)
        const key = typeof event['partitionkey'] === 'string' ? event['partitionkey'] : ''
        // The id stays: consumers that had the event drop it, the one that failed takes it.
        const again = { ...event, replaycount: found.replays + 1 }
        const entryId = String(found.id)
        const failed = await dapr.publishBulk(found.topic, [{ entryId, event: again, partitionKey: key }])
        if (failed.size) throw new Problem('TEP4206', `The event could not be published: ${failed.get(entryId)}`)
        await sql.query(
          'UPDATE messaging.inbox_failures SET replays = replays + 1, replayed_at = now(), dead_lettered_at = NULL WHERE id = $1',
          [found.id],
        )
        const data = {
          event_id: found.event_id ?? entryId,
          user_id: userId,
          topic: deadLetterTopic(found.topic, found.consumer),
          consumer: found.consumer,
        }
        await append(sql, [createEvent({ type: 'dlq.replayed', appId, subject: `dead-letter/${found.id}`, data })])
        return found
      })
      wake()
      return reply.code(202).send({ id: letter.id, topic: letter.topic, replays: letter.replays + 1 })
    },
  )
}

async function find(sql: Sql, id: number, lock = false): Promise<Letter> {
  const [letter] = await sql.query<Letter>(
    `SELECT * FROM messaging.inbox_failures WHERE id = $1 AND dead_lettered_at IS NOT NULL${lock ? ' FOR UPDATE' : ''}`,
    [id],
  )
  if (!letter) throw new Problem('TEP4005', `There is no dead letter ${id}.`)
  return letter
}

function replayable(letter: Letter): Record<string, unknown> {
  if (letter.replays >= MOST_REPLAYS) {
    throw new Problem(
      'TEP4007',
      `Dead letter ${letter.id} was replayed ${letter.replays} times; mend its cause and publish a new event.`,
    )
  }
  try {
    const event: unknown = JSON.parse(letter.body)
    if (event && typeof event === 'object' && 'specversion' in event) return event as Record<string, unknown>
  } catch {
    // Reported below, together with JSON that is no CloudEvent.
  }
  throw new Problem('TEP4007', `Dead letter ${letter.id} is no CloudEvent, so a replay would fail the same way.`)
}
