import type { FastifyInstance } from 'fastify'
import { preview, type Series } from '../../kit/occurrence.ts'
import type { Actor } from './actor.ts'
import { endpoints, type RouteOptions } from './endpoints.ts'
import { completeSeries, readTask } from './input.ts'
import { recurrenceOf, type SeriesRow, type TaskRow, toJson } from './model.ts'
import { exceptionSchema, idParams, previewQuerySchema, previewSchema } from './schemas.ts'
import { excludeOccurrence, nextIndex, pauseSeries, resumeSeries } from './series.ts'
import { complete, findSeries, TASK_COLUMNS, timezoneOf } from './store.ts'

interface PreviewBody {
  recurrence: { rrule: string }
  due_at?: string
  due_tz?: string
  count: number
}

type ById = { Params: { id: string } }

/** Series: what is still to come, and the changes an immutable rule allows. */
export function registerSeries(app: FastifyInstance, options: RouteOptions): void {
  const { read, write } = endpoints(options)

  app.get<ById>('/api/v1/series/:id', { schema: { params: idParams } }, request =>
    read(request, async ({ sql }) => {
      const series = await findSeries(sql, request.params.id)
      const tasks = await sql.query<TaskRow>(
        `SELECT ${TASK_COLUMNS} FROM backend.tasks WHERE series_id = $1 ORDER BY series_index`,
        [series.id],
      )
      return { ...seriesJson(series), tasks: (await complete(sql, tasks)).map(toJson) }
    }),
  )

  app.get<ById & { Querystring: { count: number } }>(
    '/api/v1/series/:id/preview',
    { schema: { params: idParams, querystring: previewQuerySchema } },
    request =>
      read(request, async ({ sql }) => {
        const series = await findSeries(sql, request.params.id)
        const newest = (await nextIndex({ sql }, series.id)) - 1
        return { paused: series.paused_at !== null, ...occurrences(series, newest, request.query.count) }
      }),
  )

  /** For a rule nobody has yet: what it would mean. */
  app.post<{ Body: PreviewBody }>('/api/v1/series/preview', { schema: { body: previewSchema } }, request =>
    read(request, async ({ sql }) => {
      const { count, ...body } = request.body
      const zone = body.due_tz ?? (await timezoneOf(sql))
      const input = readTask(body, zone)
      const series = completeSeries(input.series!, input.due ?? null, zone)
      return { recurrence: series, ...occurrences(series, -1, count) }
    }),
  )

  const changes: Record<string, (actor: Actor, id: string) => Promise<SeriesRow>> = {
    pause: pauseSeries,
    resume: resumeSeries,
  }
  for (const [name, change] of Object.entries(changes)) {
    app.post<ById>(`/api/v1/series/:id/${name}`, { schema: { params: idParams } }, (request, reply) =>
      write(request, reply, async actor => answer(await change(actor, request.params.id))),
    )
  }

  app.post<ById & { Body: { local: string } }>(
    '/api/v1/series/:id/exceptions',
    { schema: { params: idParams, body: exceptionSchema } },
    (request, reply) =>
      write(request, reply, async actor =>
        answer(await excludeOccurrence(actor, request.params.id, request.body.local)),
      ),
  )
}

const answer = (series: SeriesRow) => ({ status: 200, headers: {}, body: seriesJson(series) })

const seriesJson = (series: SeriesRow) => {
  const { series_id: id, index: _, ...recurrence } = recurrenceOf(series, 0)
  return { id, ...recurrence, paused_at: series.paused_at?.toISOString() ?? null }
}

const occurrences = (series: Series, index: number, count: number) => ({
  now: new Date().toISOString(),
  tzid: series.tzid,
  items: preview(series, index, count, new Date().toISOString()),
})
