import ical, { ICalEventStatus, ICalEventTransparency } from 'ical-generator'
import { Temporal } from 'temporal-polyfill'
import { upcoming } from '../../../kit/occurrence.ts'
import { parseRule, ruleFrom } from '../../../kit/recurrence-rule.ts'
import type { FullTask, SeriesRow } from '../model.ts'
import { vtimezone } from './vtimezone.ts'

/** How long a task takes in a calendar, which shows nothing of no length. */
const LENGTH = { minutes: 30 }
const YEAR_MS = 365 * 86_400_000

/**
 * Tasks as a calendar to subscribe to (RFC 5545). As events, not as to-dos: Google Calendar, Outlook and Apple Calendar all
 * leave VTODO out of a subscription. They block no time.
 *
 * The present occurrence of a repeating task is an event of its own, since it may have been moved; the ones to come follow
 * as one event with the rule. Where the next one counts from completing this one, nobody knows yet when that is.
 *
 * @param tasks with a due time
 * @param zone time zone the calendar names as its own
 */
export function calendarOf(tasks: readonly FullTask[], zone: string): string {
  const calendar = ical({ name: 'Tasks', prodId: { company: 'todo', product: 'tasks', language: 'EN' }, ttl: 15 * 60 })
  const [from, to] = spanOf(tasks)
  calendar.timezone({ name: zone, generator: name => vtimezone(name, from, to) })
  for (const task of tasks) {
    const { row, series } = task
    const local = localOf(row.due_at!, row.due_tz ?? zone)
    calendar.createEvent({ id: `${row.id}@todo`, ...looksOf(task), ...timesOf(local, row.all_day) })
    const rest = row.status === 'open' && series ? restOf(series, row.series_index ?? 0, row.all_day) : undefined
    if (rest) {
      const { start, repeating } = rest
      calendar.createEvent({
        id: `${series!.id}@todo`,
        ...looksOf(task),
        ...timesOf(start, row.all_day),
        ...(repeating ? { repeating } : {}),
      })
    }
  }
  return calendar.toString()
}

/** From when until when the clocks of the zones matter: always the next years, and for far tasks as far as anybody looks. */
function spanOf(tasks: readonly FullTask[]): [Temporal.Instant, Temporal.Instant] {
  const now = Date.now()
  const times = tasks.map(({ row }) => row.due_at!.getTime())
  const oldest = times.reduce((a, b) => Math.min(a, b), now)
  const newest = times.reduce((a, b) => Math.max(a, b), now + 4 * YEAR_MS) + YEAR_MS
  const clamped = [Math.max(oldest, now - YEAR_MS), Math.min(newest, now + 20 * YEAR_MS)] as const
  return [Temporal.Instant.fromEpochMilliseconds(clamped[0]), Temporal.Instant.fromEpochMilliseconds(clamped[1])]
}

const localOf = (at: Date, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone)

function looksOf({ row }: FullTask) {
  const done = row.status === 'done'
  return {
    summary: plain(done ? `✓ ${row.title}` : row.title, ' '),
    description: row.description && plain(row.description, '\n'),
    categories: row.tags.map(name => ({ name })),
    // What changes with the task alone, so that a feed nothing changed in reads the same.
    stamp: row.updated_at,
    lastModified: row.updated_at,
    sequence: row.version,
    status: ICalEventStatus.CONFIRMED,
    transparency: ICalEventTransparency.TRANSPARENT,
  }
}

const timesOf = (start: Temporal.ZonedDateTime, allDay: boolean) =>
  allDay
    ? { start: start.toPlainDate(), allDay: true, timezone: start.timeZoneId }
    : { start, end: start.add(LENGTH), timezone: start.timeZoneId }

/** Without control characters: a line break in a title would begin a property of its own. */
const plain = (text: string, lineBreak: string): string =>
  text.replace(/\r\n?|\n/g, lineBreak).replace(/(?!\n)\p{Cc}/gu, ' ')

/** What is to come of a series behind the occurrence of `index`, as the first start and the lines of its rule. */
function restOf(
  series: SeriesRow,
  index: number,
  allDay: boolean,
): { start: Temporal.ZonedDateTime; repeating?: string } | undefined {
  if (series.mode === 'completion' || series.paused_at) return undefined
  const [next] = upcoming(series, 1, index + 1)
  if (!next) return undefined
  const { tzid } = series
  const start = localOf(new Date(next.at), tzid)
  const rule = ruleFrom(series.rrule, next.index)
  const zoned = allDay ? ';VALUE=DATE' : `;TZID=${tzid}`
  const out = series.exdates.filter(local => local > next.local).map(local => basic(local, allDay))
  return {
    start,
    repeating: [
      `RRULE:${withUntil(rule, tzid, allDay)}`,
      ...(out.length ? [`EXDATE${zoned}:${out.join(',')}`] : []),
    ].join('\r\n'),
  }
}

const basic = (local: string, allDay: boolean): string =>
  (allDay ? local.slice(0, 10) : local.slice(0, 19)).replace(/[-:]/g, '')

/** UNTIL must be a date where the start is one, and else in UTC (RFC 5545 §3.3.10). */
function withUntil(rule: string, zone: string, allDay: boolean): string {
  const { until } = parseRule(rule)
  if (!until) return rule
  const [, date, time = '235959', utc] = /^(\d{8})(?:T(\d{6}))?(Z?)$/.exec(until)!
  if (allDay) return rule.replace(until, date!)
  if (utc) return rule
  const at = Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(zone).toInstant()
  return rule.replace(until, `${at.toString({ smallestUnit: 'second' }).replace(/[-:]/g, '')}`)
}
