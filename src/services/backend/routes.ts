import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../../kit/problem.ts'
import type { Actor } from './actor.ts'
import { batchSchema, type Operation, runBatch } from './batch.ts'
import { changeTask, createTask, deleteTask, restoreTask, type Scope } from './commands.ts'
import { endpoints, type RouteOptions } from './endpoints.ts'
import type { Answer } from './idempotency.ts'
import { readTask, type TaskBody } from './input.ts'
import { type ListQuery, listTasks } from './list.ts'
import { etagOf, type FullTask, toJson } from './model.ts'
import { changePreferences, type Preferences, readPreferences } from './preferences.ts'
import {
  createTaskSchema,
  idParams,
  listQuerySchema,
  patchTaskSchema,
  preferencesSchema,
  scopeSchema,
} from './schemas.ts'
import { skipOccurrence } from './series.ts'
import { findTask } from './store.ts'
import { zoneFor } from './zone.ts'

type WithId = FastifyRequest<{ Params: { id: string } }>

/** The REST interface of tasks, reminders and preferences. */
export function registerRoutes(app: FastifyInstance, options: RouteOptions): void {
  const { read, write } = endpoints(options)
  acceptMergePatch(app)

  const ifMatch = (request: FastifyRequest): string | undefined => request.headers['if-match']

  app.post<{ Body: TaskBody & { title: string } }>(
    '/api/v1/tasks',
    { schema: { body: createTaskSchema } },
    (request, reply) =>
      write(request, reply, async actor => {
        const zone = await zoneFor(actor.sql, [request.body])
        const task = await createTask(
          actor,
          { ...readTask(request.body, zone), title: request.body.title.trim() },
          zone,
        )
        return answer(task, 201, { location: `/api/v1/tasks/${task.row.id}` })
      }),
  )

  app.post<{ Body: { operations: Operation[] } }>(
    '/api/v1/tasks/batch',
    { schema: { body: batchSchema } },
    (request, reply) =>
      write(request, reply, async actor => ({
        status: 200,
        headers: {},
        body: { items: (await runBatch(actor, request.body.operations)).map(toJson) },
      })),
  )

  app.get<{ Querystring: ListQuery }>('/api/v1/tasks', { schema: { querystring: listQuerySchema } }, request =>
    read(request, ({ sql }) => listTasks(sql, request.query)),
  )

  app.get('/api/v1/tags', request =>
    read(request, async ({ sql }) => ({
      items: await sql.query(
        `SELECT tag, count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'done') AS done
         FROM backend.tasks, unnest(tags) AS tag WHERE deleted_at IS NULL GROUP BY tag ORDER BY open DESC, tag LIMIT 500`,
      ),
    })),
  )

  app.get<{ Params: { id: string } }>('/api/v1/tasks/:id', { schema: { params: idParams } }, async (request, reply) => {
    const task = await read(request, ({ sql }) => findTask(sql, request.params.id))
    const etag = etagOf(task.row)
    reply.header('etag', etag)
    return request.headers['if-none-match'] === etag ? reply.code(304).send() : toJson(task)
  })

  app.patch<{ Params: { id: string }; Body: TaskBody; Querystring: { scope?: Scope } }>(
    '/api/v1/tasks/:id',
    { schema: { params: idParams, body: patchTaskSchema, querystring: scopeSchema } },
    (request, reply) =>
      write(request, reply, async actor => {
        const zone = await zoneFor(actor.sql, [request.body])
        const options = { ifMatch: ifMatch(request), scope: request.query.scope }
        return answer(await changeTask(actor, request.params.id, readTask(request.body, zone), zone, options))
      }),
  )

  app.delete<{ Params: { id: string } }>('/api/v1/tasks/:id', { schema: { params: idParams } }, (request, reply) =>
    write(request, reply, async actor => {
      await deleteTask(actor, request.params.id, ifMatch(request))
      return { status: 204, headers: {}, body: null }
    }),
  )

  const actions: Record<string, (actor: Actor, request: WithId) => Promise<FullTask>> = {
    complete: (actor, request) =>
      changeTask(actor, request.params.id, { status: 'done' }, 'UTC', { ifMatch: ifMatch(request) }),
    reopen: (actor, request) =>
      changeTask(actor, request.params.id, { status: 'open' }, 'UTC', { ifMatch: ifMatch(request) }),
    skip: (actor, request) => skipOccurrence(actor, request.params.id, ifMatch(request)),
    restore: (actor, request) => restoreTask(actor, request.params.id),
  }
  for (const [name, action] of Object.entries(actions)) {
    app.post<{ Params: { id: string } }>(
      `/api/v1/tasks/:id/${name}`,
      { schema: { params: idParams } },
      (request, reply) => write(request, reply, async actor => answer(await action(actor, request))),
    )
  }

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
