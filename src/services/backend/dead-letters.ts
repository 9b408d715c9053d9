import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createEvent } from '../../contracts/events/index.ts'
import { requireOperator } from '../../kit/auth.ts'
import type { Sql } from '../../kit/db.ts'
import { append } from '../../kit/outbox.ts'
import { Problem } from '../../kit/problem.ts'
import type { RouteOptions } from './endpoints.ts'
import {
  againstSchema,
  assess,
  conditionOf,
  filterProperties,
  type Letter,
  type LetterFilter,
  MOST_REPLAYS,
} from './letters.ts'
import { createReplay, planReplay, type Replay, replayLetter } from './replays.ts'

export const listSchema = {
  type: 'object',
  properties: {
    ...filterProperties,
    before_id: { type: 'integer', minimum: 1, description: 'id of the last one already seen' },
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  },
} as const

const filterSchema = { type: 'object', additionalProperties: false, properties: filterProperties } as const
const dryRun = { type: 'boolean', default: true, description: 'only tell what would happen' } as const

export const replaySchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    filter: { ...filterSchema, default: {} },
    dry_run: dryRun,
    rate: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'events a second' },
    max: { type: 'integer', minimum: 1, maximum: 100_000, default: 100_000 },
    include_invalid: { type: 'boolean', default: false, description: 'also those that their schema refuses today' },
  },
} as const

export const purgeSchema = {
  type: 'object',
  required: ['filter'],
  additionalProperties: false,
  properties: { filter: { ...filterSchema, minProperties: 1 }, dry_run: dryRun },
} as const

const idSchema = { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } } as const
const replayIdSchema = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } } as const

interface ReplayBody {
  filter: LetterFilter
  dry_run: boolean
  rate: number
  max: number
  include_invalid: boolean
}

/** Dead letters of all consumers, with the reasons recorded when they failed; for the operator role. */
export function registerDeadLetters(app: FastifyInstance, { db, authenticate, appId, wake }: RouteOptions): void {
  const operator = async (request: FastifyRequest): Promise<string> => {
    const user = await authenticate(request)
    requireOperator(user, 'What is in dead letters')
    return user.id
  }
  const root = '/api/v1/dead-letters'

  app.get<{ Querystring: LetterFilter & { before_id?: number; limit: number } }>(
    root,
    { schema: { querystring: listSchema } },
    async request => {
      await operator(request)
      const { before_id: beforeId, limit, ...filter } = request.query
      const { where, values } = conditionOf(filter)
      const items = await db.tx({}, sql =>
        sql.query<Letter>(
          `SELECT id, consumer, topic, event_id, type, code, reason, attempts, replays, first_failed_at, dead_lettered_at, replayed_at
           FROM messaging.inbox_failures WHERE ${where} AND ($${values.length + 1}::bigint IS NULL OR id < $${values.length + 1})
           ORDER BY id DESC LIMIT ${limit}`,
          [...values, beforeId ?? null],
        ),
      )
      return { items, next_before_id: items.length === limit ? items.at(-1)!.id : null }
    },
  )

  app.get<{ Querystring: LetterFilter }>(
    `${root}/reasons`,
    { schema: { querystring: filterSchema } },
    async request => {
      await operator(request)
      const { where, values } = conditionOf(request.query)
      const items = await db.tx({}, sql =>
        sql.query(
          `SELECT consumer, topic, type, code, left(reason, 120) AS reason, count(*), min(dead_lettered_at) AS oldest, max(dead_lettered_at) AS newest
           FROM messaging.inbox_failures WHERE ${where} GROUP BY 1, 2, 3, 4, 5 ORDER BY count(*) DESC, 1, 2, 3, 4, 5 LIMIT 200`,
          values,
        ),
      )
      return { items }
    },
  )

  app.get<{ Params: { id: number } }>(`${root}/:id`, { schema: { params: idSchema } }, async request => {
    await operator(request)
    const letter = await db.tx({}, sql => find(sql, request.params.id))
    return { ...letter, verdict: assess(letter).verdict, against_schema: againstSchema(letter) }
  })

  app.post<{ Params: { id: number } }>(
    `${root}/:id/replay`,
    { schema: { params: idSchema } },
    async (request, reply) => {
      const by = await operator(request)
      const letter = await db.tx({}, async sql => {
        const found = await find(sql, request.params.id, true)
        await replayLetter(sql, found, replayable(found), { by, appId })
        return found
      })
      wake()
      return reply.code(202).send({ id: letter.id, topic: letter.topic, replays: letter.replays + 1 })
    },
  )

  app.post<{ Body: ReplayBody }>(`${root}/replays`, { schema: { body: replaySchema } }, async (request, reply) => {
    const by = await operator(request)
    const { filter = {}, dry_run, rate, max, include_invalid: includeInvalid } = request.body
    const { ids, ...plan } = await db.tx({}, async sql => {
      const found = await planReplay(sql, filter, { max, includeInvalid })
      return { ...found, id: dry_run ? undefined : await createReplay(sql, { by, filter, rate, ids: found.ids }) }
    })
    const answer = {
      dry_run,
      ...plan,
      replay: ids.length,
      seconds: Math.ceil(ids.length / rate),
      sample: ids.slice(0, 10),
    }
    return reply.code(dry_run ? 200 : 202).send(answer)
  })

  app.get(`${root}/replays`, async request => {
    await operator(request)
    return { items: await db.tx({}, sql => sql.query(`${PROGRESS} ORDER BY r.created_at DESC LIMIT 50`)) }
  })

  type ById = { Params: { id: string } }
  app.get<ById>(`${root}/replays/:id`, { schema: { params: replayIdSchema } }, async request => {
    await operator(request)
    return db.tx({}, sql => progress(sql, request.params.id))
  })

  app.post<ById>(`${root}/replays/:id/stop`, { schema: { params: replayIdSchema } }, async request => {
    await operator(request)
    return db.tx({}, async sql => {
      await sql.query(
        "UPDATE messaging.replays SET status = 'stopped', finished_at = now() WHERE id = $1 AND status = 'running'",
        [request.params.id],
      )
      return progress(sql, request.params.id)
    })
  })

  app.post<{ Body: { filter: LetterFilter; dry_run: boolean } }>(
    `${root}/purge`,
    { schema: { body: purgeSchema } },
    async request => {
      const by = await operator(request)
      const { filter, dry_run: dry } = request.body
      const { where, values } = conditionOf(filter)
      const count = await db.tx({}, async sql => {
        if (dry) {
          const [row] = await sql.query<{ count: number }>(
            `SELECT count(*) FROM messaging.inbox_failures WHERE ${where}`,
            values,
          )
          return row!.count
        }
        const gone = await sql.query(`DELETE FROM messaging.inbox_failures WHERE ${where} RETURNING 1`, values)
        const data = { user_id: by, count: gone.length, filter: { ...filter } }
        await append(sql, [createEvent({ type: 'dlq.purged', appId, subject: 'dead-letters', data })])
        return gone.length
      })
      if (!dry) wake()
      return { dry_run: dry, count }
    },
  )
}

const PROGRESS = `SELECT r.id, r.created_by, r.created_at, r.filter, r.rate, r.status, r.total, r.finished_at,
  (SELECT count(*) FROM messaging.replay_items i WHERE i.replay_id = r.id AND i.outcome = 'replayed') AS replayed,
  (SELECT count(*) FROM messaging.replay_items i WHERE i.replay_id = r.id AND i.outcome = 'gone') AS gone
  FROM messaging.replays r`

async function progress(sql: Sql, id: string): Promise<Replay> {
  const [replay] = await sql.query<Replay>(`${PROGRESS} WHERE r.id = $1`, [id])
  if (!replay) throw new Problem('TEP4005', `There is no replay ${id}.`)
  return replay
}

async function find(sql: Sql, id: number, lock = false): Promise<Letter> {
  const [letter] = await sql.query<Letter>(
    `SELECT * FROM messaging.inbox_failures WHERE id = $1 AND dead_lettered_at IS NOT NULL${lock ? ' FOR UPDATE' : ''}`,
    [id],
  )
  if (!letter) throw new Problem('TEP4005', `There is no dead letter ${id}.`)
  return letter
}

/** One letter may be tried even if its schema refuses it: somebody looked at it. */
function replayable(letter: Letter): Record<string, unknown> {
  const { verdict, event } = assess(letter)
  if (verdict === 'guarded') {
    throw new Problem(
      'TEP4007',
      `Dead letter ${letter.id} was replayed ${MOST_REPLAYS} times; mend its cause and publish a new event.`,
    )
  }
  if (event) return event
  throw new Problem('TEP4007', `Dead letter ${letter.id} is no CloudEvent, so a replay would fail the same way.`)
}
