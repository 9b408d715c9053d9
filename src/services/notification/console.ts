import type { FastifyInstance } from 'fastify'
import type { ReminderAlarm, Reminders } from '../../contracts/console.ts'
import { type Authenticate, requireOperator } from '../../kit/auth.ts'
import type { Database, Sql } from '../../kit/db.ts'

export const comingSchema = {
  type: 'object',
  properties: {
    user_id: { type: 'string', minLength: 1, maxLength: 256 },
    limit: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
  },
} as const

interface Query {
  user_id?: string
  limit: number
}

/** Reminders of everybody as those who run the platform look at them: when, whose and whether the alarm is set; not what about. */
export function registerConsole(
  app: FastifyInstance,
  { db, authenticate }: { db: Database; authenticate: Authenticate },
): void {
  app.get<{ Querystring: Query }>(
    '/api/v1/console/reminders',
    { schema: { querystring: comingSchema } },
    async request => {
      requireOperator(await authenticate(request), 'The console')
      return db.tx({ system: true }, sql => reminders(sql, request.query))
    },
  )
}

async function reminders(sql: Sql, { user_id: userId, limit }: Query): Promise<Reminders<Date>> {
  const [coming] = await sql.query<Reminders['coming']>(
    `SELECT count(*) AS scheduled, count(*) FILTER (WHERE remind_at < now() + interval '1 hour') AS within_hour,
       count(*) FILTER (WHERE remind_at < now() - interval '5 seconds') AS late,
       count(*) FILTER (WHERE job_version IS DISTINCT FROM version) AS without_alarm
     FROM notification.reminders WHERE status = 'scheduled'`,
  )
  const [rung] = await sql.query<Reminders['last_day']>(
    `SELECT count(*) FILTER (WHERE status = 'triggered') AS rung, count(*) FILTER (WHERE status = 'missed') AS missed,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY lateness) FILTER (WHERE status = 'triggered') AS late_p50_seconds,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY lateness) FILTER (WHERE status = 'triggered') AS late_p99_seconds
     FROM (SELECT status, extract(epoch FROM updated_at - remind_at)::float8 AS lateness FROM notification.reminders
       WHERE status IN ('triggered', 'missed') AND remind_at > now() - interval '1 day') AS day`,
  )
  const items = await sql.query<ReminderAlarm<Date>>(
    `SELECT id, task_id, user_id, remind_at, job_version IS NOT DISTINCT FROM version AS alarm_set
     FROM notification.reminders WHERE status = 'scheduled' AND ($1::text IS NULL OR user_id = $1)
     ORDER BY remind_at, id LIMIT $2`,
    [userId ?? null, limit],
  )
  return { coming: coming!, last_day: rung!, items }
}
