import { createEvent } from '../../contracts/events/index.ts'
import { nextOccurrence, type Occurrence, occurrenceAt, type Series, upcoming } from '../../kit/occurrence.ts'
import { append } from '../../kit/outbox.ts'
import { invalid, Problem } from '../../kit/problem.ts'
import type { Actor } from './actor.ts'
import { changeDue } from './commands.ts'
import type { FullTask, SeriesRow } from './model.ts'
import { createNext } from './occurrences.ts'
import { announceSeries } from './split.ts'
import { findSeries, findTask, updateSeries } from './store.ts'

/**
 * Moves a task on to the next occurrence of its series, without being done. Where the series follows its schedule, the
 * occurrence skipped becomes an exception (EXDATE).
 * @throws Problem TEP4007 for a task that is not an open occurrence, or is the last
 */
export async function skipOccurrence(actor: Actor, id: string, ifMatch: string | undefined): Promise<FullTask> {
  const task = await findTask(actor.sql, id, true)
  const { row } = task
  if (row.series_id === null || row.status !== 'open' || row.deleted_at)
    throw new Problem('TEP4007', 'Only an open task of a series can be skipped.')
  const series = await findSeries(actor.sql, row.series_id, true)
  const index = row.series_index ?? 0
  const next = nextOccurrence(series, index, new Date().toISOString())
  if (!next) throw new Problem('TEP4007', 'This is the last occurrence of the series; complete or delete it instead.')
  const [taken] = await actor.sql.query('SELECT 1 FROM backend.tasks WHERE series_id = $1 AND series_index >= $2', [
    series.id,
    next.index,
  ])
  if (taken) throw new Problem('TEP4007', 'The next occurrence of the series exists already; delete this one instead.')
  const skipped = series.mode === 'schedule' ? upcoming(series, 1, index)[0] : undefined
  const after = skipped?.index === index ? withException(series, skipped.local) : series
  if (after !== series) await updateSeries(actor.sql, after)
  return changeDue(actor, task, { due: new Date(next.at), index: next.index, series: after }, ifMatch)
}

/**
 * Leaves out one occurrence that is still to come.
 * @param local its time on the wall clock of the series
 * @throws Problem TEP4001 when the series has none at that time
 */
export async function excludeOccurrence(actor: Actor, id: string, local: string): Promise<SeriesRow> {
  const series = await findSeries(actor.sql, id, true)
  const wanted = local.length === 16 ? `${local}:00` : local
  if (series.exdates.includes(wanted)) return series
  const found = occurrenceAt(series, wanted, await nextIndex(actor, id))
  if (found?.local !== wanted) {
    const hint = found ? `; the next one is ${found.local}` : ''
    throw invalid('local', `the series has no occurrence to come at ${local}${hint}`)
  }
  return store(actor, withException(series, wanted))
}

/** A paused series brings no occurrence; what is open stays. */
export async function pauseSeries(actor: Actor, id: string): Promise<SeriesRow> {
  const series = await findSeries(actor.sql, id, true)
  return series.paused_at ? series : store(actor, { ...series, paused_at: new Date() })
}

/** What came due during the pause is not made up for: the series goes on with its first occurrence from now. */
export async function resumeSeries(actor: Actor, id: string): Promise<SeriesRow> {
  const series = await findSeries(actor.sql, id, true)
  if (!series.paused_at) return series
  const { waiting } = series
  const after = await store(actor, { ...series, paused_at: null, waiting: null })
  if (!waiting) return after
  const now = new Date().toISOString()
  const next = waiting.at > now ? waiting : firstFrom(series, waiting.index, now)
  if (next) await createNext(actor, after, waiting.parent_id, next)
  else await exhausted(actor, waiting.parent_id, id)
  return after
}

const firstFrom = (series: Series, index: number, now: string): Occurrence | undefined =>
  series.mode === 'completion' ? nextOccurrence(series, index - 1, now) : upcoming(series, 1, index, now)[0]

async function exhausted({ sql, userId, appId, cause }: Actor, taskId: string, seriesId: string): Promise<void> {
  const data = { task_id: taskId, user_id: userId, series_id: seriesId, reason: 'COUNT or UNTIL reached' }
  const subject = `series/${seriesId}`
  await append(sql, [createEvent({ type: 'recurrence.exhausted', appId, subject, data, cause })])
}

/** The index after the newest task of a series. */
export async function nextIndex({ sql }: Pick<Actor, 'sql'>, id: string): Promise<number> {
  const [row] = await sql.query<{ newest: number | null }>(
    'SELECT max(series_index) AS newest FROM backend.tasks WHERE series_id = $1',
    [id],
  )
  return (row?.newest ?? -1) + 1
}

async function store(actor: Actor, series: SeriesRow): Promise<SeriesRow> {
  await updateSeries(actor.sql, series)
  await announceSeries(actor, series)
  return series
}

const withException = (series: SeriesRow, local: string): SeriesRow => ({
  ...series,
  exdates: [...series.exdates, local].sort(),
})
