import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticate } from '../../kit/auth.ts'
import type { Database } from '../../kit/db.ts'
import { Problem } from '../../kit/problem.ts'
import { type Actor, changeTask, createTask, deleteTask, restoreTask } from './commands.ts'
import { type Answer, once } from './idempotency.ts'
import { readTask, type TaskBody } from './input.ts'
import { type ListQuery, listTasks } from './list.ts'
import { etagOf, type FullTask, toJson } from './model.ts'
import { changePreferences, type Preferences, readPreferences } from './preferences.ts'
import { createTaskSchema, idParams, listQuerySchema, patchTaskSchema, preferencesSchema } from './schemas.ts'
import { complete, findTask, timezoneOf } from './store.ts'

export interface RouteOptions {
  db: Database
  authenticate: Authenticate
  appId: string
  /** Called after each commit that put events into the outbox. */
  wake: () => void
}

type WithId = FastifyRequest<{ Params: { id: string } }>

/** The REST interface of tasks, series, reminders and preferences. */
export function registerRoutes(app: FastifyInstance, { db, authenticate, appId, wake }: RouteOptions): void {
  acceptMergePatch(app)

  async function read<T>(request: FastifyRequest, work: (actor: Actor) => Promise<T>): Promise<T> {
    const user = await authenticate(request)
    return db.tx({ userId: user.id }, sql => work({ sql, userId: user.id, appId }))
  }

  /** Every write: who, one transaction, at most once a key, then the relay is told. */
  async function write(
    request: FastifyRequest,
    reply: FastifyReply,
    work: (actor: Actor) => Promise<Answer>,
  ): Promise<unknown> {
    const user = await authenticate(request)
    const key = request.headers['idempotency-key'] as string | undefined
    const stands = { method: request.method, url: request.url, body: request.body ?? null }
    const answer = await db.tx({ userId: user.id }, sql =>
      once(sql, user.id, key, stands, () =>
        work({ sql, userId: user.id, appId, cause: { traceparent: request.trace } }),
      ),
    )
    if (answer.replayed) reply.header('idempotency-replayed', 'true')
    else wake()
    return reply.code(answer.status).headers(answer.headers).send(answer.body)
  }

  const ifMatch = (request: FastifyRequest): string | undefined => request.headers['if-match']

  app.post<{ Body: TaskBody & { title: string } }>(
    '/api/v1/tasks',
    { schema: { body: createTaskSchema } },
    (request, reply) =>
      write(request, reply, async actor => {
        const zone = await timezoneOf(actor.sql)
        const task = await createTask(
          actor,
          { ...readTask(request.body, zone), title: request.body.title.trim() },
          zone,
        )
        return answer(task, 201, { location: `/api/v1/tasks/${task.row.id}` })
      }),
  )

  app.get<{ Querystring: ListQuery }>('/api/v1/tasks', { schema: { querystring: listQuerySchema } }, request =>
    read(request, ({ sql }) => listTasks(sql, request.query)),
  )

  app.get<{ Params: { id: string } }>('/api/v1/tasks/:id', { schema: { params: idParams } }, async (request, reply) => {
    const task = await read(request, ({ sql }) => findTask(sql, request.params.id))
    const etag = etagOf(task.row)
    reply.header('etag', etag)
    return request.headers['if-none-match'] === etag ? reply.code(304).send() : toJson(task)
  })

  app.patch<{ Params: { id: string }; Body: TaskBody }>(
    '/api/v1/tasks/:id',
    { schema: { params: idParams, body: patchTaskSchema } },
    (request, reply) =>
      write(request, reply, async actor => {
        const zone = await timezoneOf(actor.sql)
        return answer(await changeTask(actor, request.params.id, readTask(request.body, zone), zone, ifMatch(request)))
      }),
  )

  app.delete<{ Params: { id: string } }>('/api/v1/tasks/:id', { schema: { params: idParams } }, (request, reply) =>
    write(request, reply, async actor => {
      await deleteTask(actor, request.params.id, ifMatch(request))
      return { status: 204, headers: {}, body: null }
    }),
  )

  const actions: Record<string, (actor: Actor, request: WithId) => Promise<FullTask>> = {
    complete: (actor, request) => changeTask(actor, request.params.id, { status: 'done' }, 'UTC', ifMatch(request)),
    reopen: (actor, request) => changeTask(actor, request.params.id, { status: 'open' }, 'UTC', ifMatch(request)),
    restore: (actor, request) => restoreTask(actor, request.params.id),
  }
  for (const [name, action] of Object.entries(actions)) {
    app.post<{ Params: { id: string } }>(
      `/api/v1/tasks/:id/${name}`,
      { schema: { params: idParams } },
      (request, reply) => write(request, reply, async actor => answer(await action(actor, request))),
    )
  }

  app.get('/api/v1/reminders', request =>
    read(request, async ({ sql }) => ({
      items: await sql.query(
        `SELECT r.id, r.task_id, t.title, r.remind_at, r.before FROM backend.reminders r JOIN backend.tasks t ON t.id = r.task_id
         WHERE r.status = 'scheduled' AND r.remind_at > now() ORDER BY r.remind_at LIMIT 200`,
      ),
    })),
  )

  app.get<{ Params: { id: string } }>('/api/v1/series/:id', { schema: { params: idParams } }, request =>
    read(request, async ({ sql }) => {
      const [series] = await sql.query(
        'SELECT id, rrule, dtstart, tzid, exdates, mode, created_at FROM backend.series WHERE id = $1',
        [request.params.id],
      )
      if (!series) throw new Problem('TEP4005', `There is no series ${request.params.id}.`)
      const tasks = await sql.query<FullTask['row']>(
        'SELECT * FROM backend.tasks WHERE series_id = $1 ORDER BY series_index',
        [request.params.id],
      )
      return { ...series, tasks: (await complete(sql, tasks)).map(toJson) }
    }),
  )

  app.get('/api/v1/preferences', request => read(request, readPreferences))
  app.patch<{ Body: Partial<Preferences> }>(
    '/api/v1/preferences',
    { schema: { body: preferencesSchema } },
    (request, reply) =>
      write(request, reply, async actor => ({
        status: 200,
        headers: {},
        body: await changePreferences(actor, request.body),
      })),
  )
}

const answer = (task: FullTask, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { etag: etagOf(task.row), ...headers },
  body: toJson(task),
})

function acceptMergePatch(app: FastifyInstance): void {
  app.addContentTypeParser('application/merge-patch+json', { parseAs: 'string' }, (_, body, done) => {
    try {
      done(null, JSON.parse(String(body)))
    } catch {
      done(new Problem('TEP4002', 'The body must be JSON.'))
    }
  })
}
