import { type EventType, shortType, type Task, type TodoEvent } from '../../contracts/events/index.ts'
import { SERVICES } from '../../contracts/topology.ts'
import type { ServiceConfig } from '../../kit/config.ts'
import { type RunningService, startService } from '../../kit/service.ts'
import { type Handler, subscribe } from '../../kit/subscriber.ts'
import { type StatisticsQuery, statistics, statisticsQuerySchema } from './statistics.ts'

const contract = SERVICES.find(({ service }) => service === 'analytics')!
const types: readonly EventType[] = [
  'task.created',
  'task.updated',
  'task.completed',
  'task.reopened',
  'task.deleted',
  'task.restored',
]

/** Figures about a user's tasks, from a projection that replaying the topic rebuilds. */
export const startAnalytics = (config: ServiceConfig): Promise<RunningService> =>
  startService('analytics', config, ({ app, db, dapr, log, metrics, authenticate }) => {
    subscribe(app, {
      consumer: config.appId,
      topics: contract.consumes.map(({ topic }) => topic),
      handlers: { ...Object.fromEntries(types.map(type => [type, project])), 'user.erased': erase },
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
  })

/**
 * Keeps the newest state of a task: an event older than what is held changes nothing. Events of the seeds have no
 * version, only a time, and say only part of a task; what they leave out stays.
 */
const project: Handler = async (event, { sql }) => {
  const {
    task_id: taskId,
    user_id: userId,
    version = 0,
    task = {},
  } = event.data as {
    task_id: string
    user_id: string
    version?: number
    task?: Task
  }
  const given = (name: keyof Task): boolean => task[name] !== undefined
  await sql.query(
    `INSERT INTO analytics.tasks AS t (task_id, user_id, version, event_time, status, priority, tags, due_at, created_at, completed_at, deleted)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (task_id) DO UPDATE SET version = excluded.version, event_time = excluded.event_time, status = excluded.status,
       priority = CASE WHEN $12 THEN excluded.priority ELSE t.priority END, tags = CASE WHEN $13 THEN excluded.tags ELSE t.tags END,
       due_at = CASE WHEN $14 THEN excluded.due_at ELSE t.due_at END, created_at = coalesce(t.created_at, excluded.created_at),
       completed_at = CASE WHEN excluded.status = 'open' THEN NULL ELSE coalesce(excluded.completed_at, t.completed_at) END,
       deleted = excluded.deleted
     WHERE excluded.version > t.version OR (excluded.version = 0 AND t.version = 0 AND excluded.event_time >= t.event_time)`,
    [
      taskId,
      userId,
      version,
      event.time,
      statusOf(event, task),
      task.priority ?? 'none',
      task.tags ?? [],
      task.due_at ?? null,
      shortType(event) === 'task.created' ? event.time : null,
      completedAt(event, task),
      shortType(event) === 'task.deleted',
      given('priority'),
      given('tags'),
      given('due_at'),
    ],
  )
}

/** The transaction sees the rows of the event's user only. */
const erase: Handler = async (_, { sql }) => {
  await sql.query('DELETE FROM analytics.tasks')
}

const statusOf = (event: TodoEvent, task: Task): string =>
  shortType(event) === 'task.completed'
    ? 'done'
    : shortType(event) === 'task.reopened'
      ? 'open'
      : (task.status ?? 'open')

const completedAt = (event: TodoEvent, task: Task): string | null =>
  task.completed_at ?? (statusOf(event, task) === 'done' ? event.time : null)
