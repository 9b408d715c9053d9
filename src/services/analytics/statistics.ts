import type { Sql } from '../../kit/db.ts'
import { invalid } from '../../kit/problem.ts'

export interface StatisticsQuery {
  days: number
  tz?: string
}

export const statisticsQuerySchema = {
  type: 'object',
  properties: {
    days: { type: 'integer', minimum: 1, maximum: 366, default: 30, description: 'how many days back, today included' },
    tz: {
      type: 'string',
      maxLength: 64,
      description: 'IANA time zone in which days begin; default: the one of the preferences',
    },
  },
} as const

export const rebuildQuerySchema = {
  type: 'object',
  properties: { everyone: { type: 'boolean', default: false } },
} as const

export interface Statistics {
  /** In which days were counted. */
  timezone: string
  open: number
  overdue: number
  done: number
  /** One item per day with completions, oldest first; `day` is a date in the asked zone. */
  completed_per_day: { day: string; count: number }[]
  /** Days in a row with something done; the current one lasts until a day is over without. */
  streak: { current: number; longest: number }
  by_tag: { tag: string; open: number; done: number }[]
  by_priority: { priority: string; open: number }[]
}

/** @throws Problem TEP4001 for an unknown zone */
export async function statistics(sql: Sql, { days, tz }: StatisticsQuery): Promise<Statistics> {
  const zone = canonicalZone(tz ?? (await zoneOf(sql)))
  const [totals] = await sql.query<Pick<Statistics, 'open' | 'overdue' | 'done'>>(
    `SELECT count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'open' AND due_at < now() - CASE WHEN all_day THEN interval '1 day' ELSE interval '0' END) AS overdue,
       count(*) FILTER (WHERE status = 'done') AS done FROM analytics.tasks WHERE NOT deleted`,
  )
  const perDay = await sql.query<{ day: string; count: number }>(
    `SELECT to_char(completed_at AT TIME ZONE $1, 'YYYY-MM-DD') AS day, count(*) FROM analytics.tasks
     WHERE NOT deleted AND status = 'done' AND (completed_at AT TIME ZONE $1)::date > (now() AT TIME ZONE $1)::date - $2::integer
     GROUP BY day ORDER BY day`,
    [zone, days],
  )
  const byTag = await sql.query<Statistics['by_tag'][number]>(
    `SELECT tag, count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'done') AS done
     FROM analytics.tasks, unnest(tags) AS tag WHERE NOT deleted GROUP BY tag ORDER BY count(*) DESC, tag LIMIT 100`,
  )
  const byPriority = await sql.query<Statistics['by_priority'][number]>(
    `SELECT priority, count(*) AS open FROM analytics.tasks WHERE NOT deleted AND status = 'open' GROUP BY priority ORDER BY priority`,
  )
  const [streak] = await sql.query<Statistics['streak']>(
    `WITH days AS (SELECT DISTINCT (completed_at AT TIME ZONE $1)::date AS day FROM analytics.tasks
       WHERE NOT deleted AND status = 'done' AND completed_at <= now()),
     runs AS (SELECT day, day - (row_number() OVER (ORDER BY day))::integer AS run FROM days),
     streaks AS (SELECT max(day) AS last, count(*) AS length FROM runs GROUP BY run)
     SELECT coalesce(max(length) FILTER (WHERE last >= (now() AT TIME ZONE $1)::date - 1), 0) AS current,
       coalesce(max(length), 0) AS longest FROM streaks`,
    [zone],
  )
  return {
    timezone: zone,
    ...totals!,
    completed_per_day: perDay,
    streak: streak!,
    by_tag: byTag,
    by_priority: byPriority,
  }
}

async function zoneOf(sql: Sql): Promise<string> {
  const [person] = await sql.query<{ timezone: string }>('SELECT timezone FROM analytics.people')
  return person?.timezone ?? 'UTC'
}

function canonicalZone(tz: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: tz }).resolvedOptions().timeZone
  } catch {
    throw invalid('tz', `${tz} is no IANA time zone; write e.g. Europe/Berlin`)
  }
}
