import { RRuleTemporal } from 'rrule-temporal'
import { Temporal } from 'temporal-polyfill'
import { parseRule, RecurrenceError, type RuleText } from './recurrence-rule.ts'

/** The immutable anchor of a recurring task (RFC 5545). */
export interface Series {
  /** RRULE without its name. */
  rrule: string
  /** First occurrence on the wall clock of `tzid`, e.g. `2026-01-05T09:00:00`. It counts as index 0 even if the rule would not produce it (RFC 5545 §3.8.5.3). */
  dtstart: string
  tzid: string
  /** Wall-clock times left out; they still count for COUNT. */
  exdates?: readonly string[]
  /** Whether the next occurrence follows the schedule, or the day of completion. */
  mode?: 'schedule' | 'completion'
  /** What becomes of occurrences that were over before the one before them was done: each in turn, or none. */
  missed?: 'catch_up' | 'skip'
}

export interface Occurrence {
  index: number
  /** Wall-clock time, without a zone. */
  local: string
  /** RFC 3339 in UTC. */
  at: string
}

const DAY_MS = 86_400_000
const WINDOW_MS = {
  HOURLY: 10 * DAY_MS,
  DAILY: 60 * DAY_MS,
  WEEKLY: 400 * DAY_MS,
  MONTHLY: 1_500 * DAY_MS,
  YEARLY: 5_000 * DAY_MS,
} as const
/**
 * A rule that makes nothing in so many periods makes nothing at all: two leap days are up to eight years apart, and few
 * periods keep a contradictory rule cheap.
 */
const MOST_PERIODS = { HOURLY: 9_000, DAILY: 3_000, WEEKLY: 600, MONTHLY: 500, YEARLY: 400 } as const
const LAST_YEAR = 9_000

interface Rule {
  start: Temporal.PlainDateTime
  tzid: string
  frequency: RuleText['frequency']
  endless: string
  count: number
  ended: (local: Temporal.PlainDateTime) => boolean
  excluded: ReadonlySet<string>
}

/**
 * Checks a series.
 * @returns its rule in canonical spelling (upper case, without the name)
 * @throws RecurrenceError naming the field
 */
export function checkSeries(series: Series): string {
  firstOccurrence(series)
  return parseRule(series.rrule).text
}

/** The first occurrence of a series: its dtstart, unless that is left out. @throws RecurrenceError */
export function firstOccurrence(series: Series): Occurrence {
  const [first] = upcoming(series, 1)
  if (!first) throw new RecurrenceError('exdates', 'leave nothing of the series')
  return first
}

/**
 * The next occurrences as the schedule has them, whatever the mode.
 * @param from index of the first that may be among them
 */
export function upcoming(series: Series, count: number, from = 0, after?: string): Occurrence[] {
  const found: Occurrence[] = []
  walk(parse(series), occurrence => {
    if (occurrence.index >= from && (after === undefined || occurrence.at > after)) found.push(occurrence)
    return found.length < count
  })
  return found
}

/** The first occurrence that is at `local` on the wall clock or later, and has at least the index `from`. */
export function occurrenceAt(series: Series, local: string, from = 0): Occurrence | undefined {
  let found: Occurrence | undefined
  walk(parse(series), occurrence => {
    if (occurrence.index >= from && occurrence.local >= local) found = occurrence
    return found === undefined
  })
  return found
}

/**
 * The occurrence that follows the one of `index`.
 *
 * Rules are evaluated on the wall clock, as if it were UTC, and each result is then placed in the zone: a task at 02:30
 * on the day the clocks skip that hour is due at 03:30, not dropped, and one at an hour that comes twice is due the first
 * time. (Evaluating in the zone itself drops the former.)
 *
 * @param completedAt RFC 3339; for mode `completion` the rule is counted from that day on, at the series' time of day; where
 *   missed ones are skipped, the result is later than this
 * @returns undefined when COUNT or UNTIL ends the series
 * @throws RecurrenceError for a series that {@link checkSeries} refuses
 */
export function nextOccurrence(series: Series, index: number, completedAt?: string): Occurrence | undefined {
  const done = completedAt === undefined ? undefined : new Date(completedAt).toISOString()
  if (series.mode === 'completion' && done) return nextAfterCompletion(parse(series), index, done)
  return upcoming(series, 1, index + 1, series.missed === 'skip' ? done : undefined)[0]
}

/**
 * The next `count` occurrences after the one of `index` at `now`; where one follows from completing the one before, as if
 * each were done when it is due.
 */
export function preview(series: Series, index: number, count: number, now: string): Occurrence[] {
  if (series.mode !== 'completion') {
    return upcoming(series, count, index + 1, series.missed === 'skip' ? now : undefined)
  }
  const found: Occurrence[] = []
  let next = index < 0 ? firstOccurrence(series) : nextOccurrence(series, index, now)
  while (next && found.length < count) {
    found.push(next)
    next = nextOccurrence(series, next.index, next.at)
  }
  return found
}

/**
 * Visits the occurrences in order until `visit` returns false. One that would not come later than the one before it is
 * left out and counted: around a change of clocks two times on the wall can be one moment.
 */
function walk(rule: Rule, visit: (occurrence: Occurrence) => boolean): void {
  let position = 0
  let last = ''
  const take = (local: Temporal.PlainDateTime): boolean => {
    if (rule.ended(local) && position > 0) return false
    const found = occurrence(position++, local, rule.tzid)
    const wanted = !rule.excluded.has(found.local) && found.at > last
    if (wanted) last = found.at
    return (!wanted || visit(found)) && position < rule.count
  }
  if (!take(rule.start)) return
  generate(rule, rule.start, take)
}

function nextAfterCompletion(rule: Rule, index: number, completedAt: string): Occurrence | undefined {
  if (index + 1 >= rule.count) return undefined
  const completed = Temporal.Instant.from(completedAt).toZonedDateTimeISO(rule.tzid).toPlainDateTime()
  const anchor =
    rule.frequency === 'HOURLY'
      ? completed.round({ smallestUnit: 'minute', roundingMode: 'floor' })
      : completed.toPlainDate().toPlainDateTime(rule.start.toPlainTime())
  let next: Occurrence | undefined
  generate(rule, anchor, local => {
    if (rule.ended(local)) return false
    const found = occurrence(index + 1, local, rule.tzid)
    if (rule.excluded.has(found.local) || found.at <= completedAt) return true
    next = found
    return false
  })
  return next
}

/**
 * Hands on what the rule makes strictly after `anchor`, as long as `take` returns true. Asked window by window: the library
 * jumps to a window, but ends one long enumeration after 10,000 periods, which an hourly rule has in 14 months.
 */
function generate(rule: Rule, anchor: Temporal.PlainDateTime, take: (local: Temporal.PlainDateTime) => boolean): void {
  const stamp = anchor.toString({ smallestUnit: 'second' }).replace(/[-:]/g, '')
  try {
    const rrule = new RRuleTemporal({
      rruleString: `DTSTART:${stamp}Z\nRRULE:${rule.endless}`,
      strict: true,
      cache: false,
      maxIterations: MOST_PERIODS[rule.frequency],
    })
    let from = asUtc(anchor)
    for (;;) {
      const next = rrule.next(from, false)
      // Above the year 9999 no time can be written.
      if (!next || next.year > LAST_YEAR) return
      const to = new Date(next.epochMilliseconds + WINDOW_MS[rule.frequency])
      for (const date of rrule.between(new Date(next.epochMilliseconds), to, true)) {
        if (!take(Temporal.PlainDateTime.from(date.toPlainDateTime().toString()))) return
      }
      from = to
    }
  } catch (error) {
    // Some rules contradict themselves (every 4th month from January, but only in March): they are over, not wrong.
    if (/^maximum/i.test((error as Error).message)) return
    throw new RecurrenceError('rrule', (error as Error).message)
  }
}

const asUtc = (local: Temporal.PlainDateTime): Date => new Date(`${local.toString({ smallestUnit: 'second' })}Z`)

function occurrence(index: number, local: Temporal.PlainDateTime, tzid: string): Occurrence {
  const at = local.toZonedDateTime(tzid, { disambiguation: 'compatible' }).toInstant()
  return { index, local: local.toString({ smallestUnit: 'second' }), at: new Date(at.epochMilliseconds).toISOString() }
}

function parse({ rrule, dtstart, tzid, exdates = [] }: Series): Rule {
  const { frequency, endless, count, until } = parseRule(rrule)
  checkZone(tzid)
  return {
    start: plain(dtstart, 'dtstart'),
    tzid,
    frequency,
    endless,
    count,
    ended: until ? endOf(until, tzid) : () => false,
    excluded: new Set(exdates.map(date => plain(date, 'exdates').toString({ smallestUnit: 'second' }))),
  }
}

function checkZone(tzid: string): void {
  try {
    Temporal.Now.zonedDateTimeISO(tzid)
  } catch {
    throw new RecurrenceError('tzid', `${tzid.slice(0, 64)} is no IANA time zone; write e.g. Europe/Berlin`)
  }
}

function plain(text: string, field: string): Temporal.PlainDateTime {
  try {
    return Temporal.PlainDateTime.from(text).round({ smallestUnit: 'second', roundingMode: 'floor' })
  } catch {
    throw new RecurrenceError(field, `${text.slice(0, 40)} is no local time; write e.g. 2026-01-05T09:00:00`)
  }
}

/** UNTIL includes its own moment: an instant (with Z), a wall-clock time, or a whole day. */
function endOf(text: string, tzid: string): Rule['ended'] {
  const [, year, month, day, hour = '23', minute = '59', second = '59', utc] =
    /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?$/.exec(text) ?? []
  let until = plain(`${year}-${month}-${day}T${hour}:${minute}:${second}`, 'rrule')
  if (utc) until = until.toZonedDateTime('UTC').withTimeZone(tzid).toPlainDateTime()
  return local => Temporal.PlainDateTime.compare(local, until) > 0
}
