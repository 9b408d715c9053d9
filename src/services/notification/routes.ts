import type { FastifyInstance } from 'fastify'
import { isUuid, normalise } from '../../contracts/events/index.ts'
import type { Authenticate } from '../../kit/auth.ts'
import type { Database } from '../../kit/db.ts'
import { claim } from '../../kit/inbox.ts'
import type { Logger } from '../../kit/log.ts'
import { Problem } from '../../kit/problem.ts'
import { requireToken } from '../../kit/subscriber.ts'
import type { Alarms } from './alarms.ts'
import { onTriggeredElsewhere } from './reminders.ts'

export interface RouteOptions {
  db: Database
  log: Logger
  authenticate: Authenticate
  alarms: Alarms
  appId: string
  mailDir: string | undefined
  wake: () => void
  appApiToken?: string
}

export const inboxSchema = {
  type: 'object',
  properties: {
    unread: { type: 'boolean', default: false },
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    before: { type: 'string', format: 'uuid', description: 'id of the last one already seen' },
  },
} as const

const idSchema = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } } as const

interface ListQuery {
  unread: boolean
  limit: number
  before?: string
}

/** The user's inbox. */
export function registerInbox(app: FastifyInstance, { db, authenticate }: RouteOptions): void {
  app.get<{ Querystring: ListQuery }>(
    '/api/v1/notifications',
    { schema: { querystring: inboxSchema } },
    async request => {
      const user = await authenticate(request)
      const { unread, limit, before } = request.query
      return db.tx({ userId: user.id }, async sql => {
        // Ids are UUIDv7: their order is the order of creation.
        const items = await sql.query<{ id: string }>(
          `SELECT id, kind, title, body, task_id, reminder_id, created_at, read_at FROM notification.notifications
         WHERE in_app AND (NOT $1 OR read_at IS NULL) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
          [unread, before ?? null, limit],
        )
        const [count] = await sql.query<{ unread: number }>(
          'SELECT count(*) AS unread FROM notification.notifications WHERE in_app AND read_at IS NULL',
        )
        return { items, unread: count!.unread, next_before: items.length === limit ? items.at(-1)!.id : null }
      })
    },
  )

  app.post<{ Params: { id: string } }>(
    '/api/v1/notifications/:id/read',
    { schema: { params: idSchema } },
    async (request, reply) => {
      const user = await authenticate(request)
      const rows = await db.tx({ userId: user.id }, sql =>
        sql.query(
          'UPDATE notification.notifications SET read_at = coalesce(read_at, now()) WHERE id = $1 RETURNING 1',
          [request.params.id],
        ),
      )
      if (!rows.length) throw new Problem('TEP4005', `There is no notification ${request.params.id}.`)
      return reply.code(204).send()
    },
  )

  app.post('/api/v1/notifications/read-all', async (request, reply) => {
    const user = await authenticate(request)
    await db.tx({ userId: user.id }, sql =>
      sql.query('UPDATE notification.notifications SET read_at = now() WHERE read_at IS NULL'),
    )
    return reply.code(204).send()
  })
}

/**
 * Where Dapr's scheduler rings: `POST /job/<name>` with the job's data as the body. No name is answered 404, because Dapr
 * takes that for success; a failure is answered 5xx, and the failure policy rings again.
 */
export function registerJobs(
  app: FastifyInstance,
  { db, log, alarms, appId, mailDir, wake, appApiToken }: RouteOptions,
): void {
  app.register(async scope => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body))
    scope.addHook('onRequest', async request => requireToken(request, appApiToken))
    scope.post<{ Params: { name: string } }>('/job/:name', async request => {
      const body = String(request.body ?? '')
      const { reminder_id: id, version } = parse(body)
      if (isUuid(id)) await alarms.ring(id, typeof version === 'number' ? version : undefined)
      else await legacyJob(request.params.name, body)
      return {}
    })
  })

  /** Jobs scheduled by the seeds' code carry the task instead of a reminder. */
  async function legacyJob(name: string, body: string): Promise<void> {
    const result = normalise(body, { topic: 'reminders' })
    if (result.outcome !== 'event' || result.type !== 'reminder.triggered')
      return log.warn({ name }, 'a job nobody here set is ignored')
    const { event } = result
    await db.tx({ userId: event.data.user_id }, async sql => {
      const handle = onTriggeredElsewhere({ appId, mailDir, wake })
      if ((await claim(sql, `${appId}/jobs`, [event.id])).size)
        await handle(event, { sql, topic: 'reminders', log, afterCommit: () => {} })
    })
  }
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return value && typeof value === 'object' ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
