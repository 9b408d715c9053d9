import { createEvent, uuidv7 } from '../../contracts/events/index.ts'
import { append } from '../../kit/outbox.ts'
import { ruleFrom } from '../../kit/recurrence-rule.ts'
import type { Actor } from './actor.ts'
import { localTime } from './input.ts'
import { recurrenceOf, type SeriesRow, type TaskRow } from './model.ts'
import { insertSeries } from './store.ts'

/**
 * This and all that follow get another time: a series of its own from this occurrence on, with what COUNT has left.
 * The old one stays as it was for the occurrences before.
 */
export async function splitAt(actor: Actor, row: TaskRow, series: SeriesRow, due: Date): Promise<SeriesRow> {
  const next: SeriesRow = {
    ...series,
    id: uuidv7(),
    rrule: ruleFrom(series.rrule, row.series_index ?? 0),
    dtstart: localTime(due, series.tzid),
    exdates: [],
    waiting: null,
  }
  await insertSeries(actor.sql, next)
  await announceSeries(actor, next, series.id)
  return next
}

/** Tells that a series is paused, goes on, leaves something out, or continues another. */
export async function announceSeries(
  { sql, userId, appId, cause }: Actor,
  series: SeriesRow,
  replaces?: string,
): Promise<void> {
  const { index: _, ...recurrence } = recurrenceOf(series, 0)
  const data = {
    user_id: userId,
    series_id: series.id,
    recurrence,
    paused: series.paused_at !== null,
    ...(replaces ? { replaces } : {}),
  }
  await append(sql, [createEvent({ type: 'recurrence.updated', appId, subject: `series/${series.id}`, data, cause })])
}
