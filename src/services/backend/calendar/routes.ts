import { createHash, randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Sql } from '../../../kit/db.ts'
import { Problem } from '../../../kit/problem.ts'
import type { RouteOptions } from '../endpoints.ts'
import type { FullTask, TaskRow } from '../model.ts'
import { complete, TASK_COLUMNS, timezoneOf } from '../store.ts'
import { calendarOf } from './feed.ts'

const FEED = '/api/v1/calendar.ics'
/** More than a calendar can show, and little enough to make at each request. */
const MOST = 5_000

export const feedQuerySchema = {
  type: 'object',
  required: ['token'],
  properties: { token: { type: 'string', minLength: 1, maxLength: 200 } },
} as const

/**
 * The calendar feed and the secret in its address: calendars send no token of their own. The secret opens this one feed and
 * nothing else, is kept as a hash, and is shown once.
 */
export function registerCalendar(app: FastifyInstance, { db, authenticate }: RouteOptions): void {
  app.get('/api/v1/calendar', async request => {
    const user = await authenticate(request)
    const [feed] = await db.tx({ userId: user.id }, sql =>
      sql.query<{ created_at: Date }>('SELECT created_at FROM backend.calendar_feeds'),
    )
    return { active: feed !== undefined, created_at: feed?.created_at.toISOString() ?? null }
  })

  /** Not for an Idempotency-Key: the answer would be kept, and with it the secret. */
  app.post('/api/v1/calendar', async (request, reply) => {
    const user = await authenticate(request)
    const token = randomBytes(32).toString('base64url')
    const [feed] = await db.tx({ userId: user.id }, sql =>
      sql.query<{ created_at: Date }>(
        `INSERT INTO backend.calendar_feeds (user_id, token_hash) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = now() RETURNING created_at`,
        [user.id, hashOf(token)],
      ),
    )
    return reply
      .code(201)
      .header('cache-control', 'no-store')
      .send({ token, path: `${FEED}?token=${token}`, created_at: feed!.created_at.toISOString() })
  })

  app.delete('/api/v1/calendar', async (request, reply) => {
    const user = await authenticate(request)
    await db.tx({ userId: user.id }, sql => sql.query('DELETE FROM backend.calendar_feeds'))
    return reply.code(204).send()
  })

  app.get<{ Querystring: { token: string } }>(
    FEED,
    { schema: { querystring: feedQuerySchema } },
    async (request, reply) => {
      const userId = await db.tx({ system: true }, sql => ownerOf(sql, request.query.token))
      const text = await db.tx({ userId }, async sql => calendarOf(await shown(sql), await timezoneOf(sql)))
      const etag = `"${createHash('sha256').update(text).digest('base64url')}"`
      reply.header('etag', etag).header('cache-control', 'private, no-cache')
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.type('text/calendar; charset=utf-8').send(text)
    },
  )
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/** @throws Problem TEP4005, the same for a secret that never was and one that was revoked */
async function ownerOf(sql: Sql, token: string): Promise<string> {
  const [feed] = await sql.query<{ user_id: string }>(
    'SELECT user_id FROM backend.calendar_feeds WHERE token_hash = $1',
    [hashOf(token)],
  )
  if (!feed) throw new Problem('TEP4005', 'There is no such calendar; its address may have been renewed.')
  return feed.user_id
}

/** Open tasks with a due time, and those done in the last month. */
async function shown(sql: Sql): Promise<FullTask[]> {
  const rows = await sql.query<TaskRow>(
    `SELECT ${TASK_COLUMNS} FROM backend.tasks WHERE deleted_at IS NULL AND due_at IS NOT NULL
       AND (status = 'open' OR completed_at > now() - interval '30 days')
     ORDER BY due_at DESC, id LIMIT ${MOST}`,
  )
  return complete(sql, rows)
}
