import { isDeepStrictEqual } from 'node:util'
import type { Sql } from '../../kit/db.ts'
import { Problem } from '../../kit/problem.ts'
import type { FullTask, ReminderRow, SeriesRow, TaskRow } from './model.ts'

/** Row access. Whose rows these are is decided by row-level security, so no statement names the user to protect. */

/** All of a row but its words for the search, which nobody reads. */
export const TASK_COLUMNS =
  'id, user_id, version, title, description, priority, tags, status, completed_at, due_at, due_tz, all_day, parent_task_id, series_id, series_index, created_at, updated_at, deleted_at'

type Changeable = Omit<TaskRow, 'id' | 'user_id' | 'version' | 'created_at' | 'updated_at' | 'deleted_at'>

/** What the search reads. */
const words = ({ title, description, tags }: Changeable): unknown[] => [title, description, tags]

/** In the order of the columns in the statements below. */
const others = (task: Changeable): unknown[] => [
  task.priority,
  task.status,
  task.completed_at,
  task.due_at,
  task.due_tz,
  task.all_day,
  task.parent_task_id,
  task.series_id,
  task.series_index,
]

export async function insertTask(
  sql: Sql,
  task: Omit<TaskRow, 'version' | 'created_at' | 'updated_at' | 'deleted_at'>,
): Promise<TaskRow | undefined> {
  const rows = await sql.query<TaskRow>(
    `INSERT INTO backend.tasks (id, user_id, priority, status, completed_at, due_at, due_tz, all_day, parent_task_id, series_id, series_index, title, description, tags)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT DO NOTHING RETURNING ${TASK_COLUMNS}`,
    [task.id, task.user_id, ...others(task), ...words(task)],
  )
  return rows[0]
}

/**
 * Writes every changeable column and raises the version.
 * @param before as it was read: words that stay are left out, since PostgreSQL would take them apart for the search again
 */
export async function updateTask(sql: Sql, task: TaskRow, before: TaskRow): Promise<TaskRow> {
  const reworded = !isDeepStrictEqual(words(task), words(before))
  const rows = await sql.query<TaskRow>(
    `UPDATE backend.tasks SET version = version + 1, updated_at = now(), priority = $2, status = $3, completed_at = $4, due_at = $5, due_tz = $6,
       all_day = $7, parent_task_id = $8, series_id = $9, series_index = $10, deleted_at = $11${reworded ? ', title = $12, description = $13, tags = $14' : ''}
     WHERE id = $1 RETURNING ${TASK_COLUMNS}`,
    [task.id, ...others(task), task.deleted_at, ...(reworded ? words(task) : [])],
  )
  return rows[0]!
}

export const insertSeries = async (sql: Sql, series: SeriesRow): Promise<void> => {
  await sql.query(
    `INSERT INTO backend.series (id, user_id, rrule, dtstart, tzid, exdates, mode, missed, template)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (id) DO NOTHING`,
    [
      series.id,
      series.user_id,
      series.rrule,
      series.dtstart,
      series.tzid,
      series.exdates,
      series.mode,
      series.missed,
      series.template && JSON.stringify(series.template),
    ],
  )
}

const seriesOf = async (sql: Sql, id: string, lock: boolean): Promise<SeriesRow | undefined> =>
  (await sql.query<SeriesRow>(`SELECT * FROM backend.series WHERE id = $1${lock ? ' FOR UPDATE' : ''}`, [id]))[0]

/** The series, which nobody else changes until the transaction ends. */
export const lockSeries = (sql: Sql, id: string): Promise<SeriesRow | undefined> => seriesOf(sql, id, true)

/** @throws Problem TEP4005 */
export async function findSeries(sql: Sql, id: string, lock = false): Promise<SeriesRow> {
  const series = await seriesOf(sql, id, lock)
  if (!series) throw new Problem('TEP4005', `There is no series ${id}.`)
  return series
}

/** Rule and start never change; what is left out, and whether it runs, may. */
export const updateSeries = async (sql: Sql, series: SeriesRow): Promise<void> => {
  const json = (value: object | null): string | null => value && JSON.stringify(value)
  await sql.query('UPDATE backend.series SET exdates = $2, paused_at = $3, waiting = $4, template = $5 WHERE id = $1', [
    series.id,
    series.exdates,
    series.paused_at,
    json(series.waiting),
    json(series.template),
  ])
}

export async function insertReminders(sql: Sql, reminders: readonly ReminderRow[]): Promise<void> {
  for (const { id, task_id, user_id, version, remind_at, before, status, snoozed_until } of reminders) {
    await sql.query(
      `INSERT INTO backend.reminders (id, task_id, user_id, version, remind_at, before, status, snoozed_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (id) DO UPDATE SET version = excluded.version, remind_at = excluded.remind_at, before = excluded.before,
         status = excluded.status, snoozed_until = excluded.snoozed_until`,
      [id, task_id, user_id, version, remind_at, before, status, snoozed_until],
    )
  }
}

export const remindersOf = (sql: Sql, taskIds: readonly string[]): Promise<ReminderRow[]> =>
  sql.query<ReminderRow>('SELECT * FROM backend.reminders WHERE task_id = ANY($1) ORDER BY remind_at, id', [taskIds])

/**
 * @param lock waits for and blocks other writers of this task until the transaction ends
 * @throws Problem TEP4005 when there is none, or it is somebody else's
 */
export async function findTask(sql: Sql, id: string, lock = false): Promise<FullTask> {
  const [row] = await sql.query<TaskRow>(
    `SELECT ${TASK_COLUMNS} FROM backend.tasks WHERE id = $1${lock ? ' FOR UPDATE' : ''}`,
    [id],
  )
  if (!row) throw new Problem('TEP4005', `There is no task ${id}.`)
  const [task] = await complete(sql, [row])
  return task!
}

/** Adds series and reminders to rows, with one query for each. */
export async function complete(sql: Sql, rows: readonly TaskRow[]): Promise<FullTask[]> {
  const seriesIds = [...new Set(rows.flatMap(({ series_id: id }) => (id ? [id] : [])))]
  const series = seriesIds.length
    ? await sql.query<SeriesRow>('SELECT * FROM backend.series WHERE id = ANY($1)', [seriesIds])
    : []
  const reminders = rows.length
    ? await remindersOf(
        sql,
        rows.map(({ id }) => id),
      )
    : []
  return rows.map(row => ({
    row,
    series: series.find(({ id }) => id === row.series_id),
    reminders: reminders.filter(({ task_id: id }) => id === row.id),
  }))
}

export async function timezoneOf(sql: Sql): Promise<string> {
  const rows = await sql.query<{ timezone: string }>('SELECT timezone FROM backend.preferences')
  return rows[0]?.timezone ?? 'UTC'
}
