import { type EventType, isOfType } from '../../contracts/events/index.ts'
import { SERVICES } from '../../contracts/topology.ts'
import { requireOperator } from '../../kit/auth.ts'
import type { ServiceConfig } from '../../kit/config.ts'
import type { Sql } from '../../kit/db.ts'
import { serveDescription } from '../../kit/openapi.ts'
import { type RunningService, startService } from '../../kit/service.ts'
import { type Handler, subscribe, type Together } from '../../kit/subscriber.ts'
import { openapi } from './openapi.ts'
import { rebuild, take } from './projection.ts'
import { rebuildQuerySchema, type StatisticsQuery, statistics, statisticsQuerySchema } from './statistics.ts'

const contract = SERVICES.find(({ service }) => service === 'analytics')!
/** Those that tell of a task: the projection is made of them. */
const types = (contract.handles as readonly EventType[]).filter(type => type.startsWith('task.'))

/** Figures about a person's tasks, from a projection that can be made anew at any time. */
export const startAnalytics = (config: ServiceConfig): Promise<RunningService> =>
  startService('analytics', config, ({ app, db, dapr, log, metrics, authenticate }) => {
    serveDescription(app, openapi)
    subscribe(app, {
      consumer: config.appId,
      topics: contract.consumes.map(({ topic }) => topic),
      handlers: {
        ...Object.fromEntries(types.map(type => [type, project])),
        'user.preferences_changed': followZone,
        'user.erased': erase,
      },
      db,
      dapr,
      log,
      metrics,
      ...(config.appApiToken ? { appApiToken: config.appApiToken } : {}),
    })
    app.get<{ Querystring: StatisticsQuery }>(
      '/api/v1/statistics',
      { schema: { querystring: statisticsQuerySchema } },
      async request => {
        const user = await authenticate(request)
        return db.tx({ userId: user.id }, sql => statistics(sql, request.query))
      },
    )

    /** A person's own figures; of everyone for operators. */
    app.post<{ Querystring: { everyone: boolean } }>(
      '/api/v1/statistics/rebuild',
      { schema: { querystring: rebuildQuerySchema } },
      async request => {
        const user = await authenticate(request)
        if (request.query.everyone) requireOperator(user, 'Rebuilding for everyone')
        const people = request.query.everyone ? await db.tx({ system: true }, everyone) : [user.id]
        const done = { people: people.length, facts: 0, tasks: 0 }
        // Each in a transaction of their own: whoever is not rebuilt goes on.
        for (const userId of people) {
          const { facts, tasks } = await db.tx({ userId }, sql => rebuild(sql, userId))
          done.facts += facts
          done.tasks += tasks
        }
        log.info(done, 'statistics were rebuilt')
        return done
      },
    )
  })

const everyone = async (sql: Sql): Promise<string[]> =>
  (await sql.query<{ user_id: string }>('SELECT DISTINCT user_id FROM analytics.facts ORDER BY user_id')).map(
    row => row.user_id,
  )

const project: Together = { together: (events, { sql }) => take(sql, events) }

/** In which zone the person's days begin, unless a request says otherwise. */
const followZone: Handler = async (event, { sql }) => {
  if (!isOfType(event, 'user.preferences_changed')) return
  const zone = event.data.changes?.['timezone']?.to
  if (typeof zone !== 'string') return
  await sql.query(
    `INSERT INTO analytics.people AS p (user_id, timezone, event_time) VALUES ($1, $2, $3)
     ON CONFLICT (user_id) DO UPDATE SET timezone = excluded.timezone, event_time = excluded.event_time
     WHERE excluded.event_time >= p.event_time`,
    [event.data.user_id, zone, event.time],
  )
}

/** The transaction sees the rows of the event's user only. */
const erase: Handler = async (_, { sql }) => {
  for (const table of ['tasks', 'facts', 'people']) await sql.query(`DELETE FROM analytics.${table}`)
}
