import { RRuleTemporal } from 'rrule-temporal'
import { Temporal } from 'temporal-polyfill'

/** The immutable anchor of a recurring task (RFC 5545). */
export interface Series {
  /** RRULE without its name. */
  rrule: string
  /** First occurrence on the wall clock of `tzid`, e.g. `2026-01-05T09:00:00`. It counts as index 0 even if the rule would not produce it (RFC 5545 §3.8.5.3). */
  dtstart: string
  tzid: string
  /** Wall-clock times left out; they still count for COUNT. */
  exdates?: readonly string[]
  mode?: 'schedule' | 'completion'
}

export interface Occurrence {
  index: number
  /** Wall-clock time, without a zone. */
  local: string
  /** RFC 3339 in UTC. */
  at: string
}

export class RecurrenceError extends Error {
  /** `rrule`, `dtstart`, `tzid` or `exdates`. */
  readonly field: string
  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

/** COUNT above this, and gaps longer than this many left-out occurrences, are refused or given up. */
const LARGEST_COUNT = 10_000
const TOO_FINE = /FREQ=(SECONDLY|MINUTELY)/i

interface Rule {
  start: Temporal.PlainDateTime
  tzid: string
  generate: (start: Temporal.PlainDateTime) => RRuleTemporal
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
  const rule = parse(series)
  nextAfter(rule, rule.start)
  return canonicalRule(series.rrule)
}

/** The first occurrence of a series, which is its dtstart. @throws RecurrenceError */
export function firstOccurrence(series: Series): Occurrence {
  const { start, tzid } = parse(series)
  return occurrence(0, start, tzid)
}

/**
 * The occurrence that follows the one of `index`.
 *
 * Rules are evaluated on the wall clock, as if it were UTC, and each result is then placed in the zone: a task at 02:30
 * on the day the clocks skip that hour is due at 03:30, not dropped, and one at an hour that comes twice is due the first
 * time. (Evaluating in the zone itself drops the former.)
 *
 * @param completedAt for mode `completion`: the rule is counted from that day on, at the series' time of day
 * @returns undefined when COUNT or UNTIL ends the series
 * @throws RecurrenceError for a series that {@link checkSeries} refuses
 */
export function nextOccurrence(series: Series, index: number, completedAt?: string): Occurrence | undefined {
  const rule = parse(series)
  if (series.mode === 'completion' && completedAt) return nextAfterCompletion(rule, index, completedAt)
  let local: Temporal.PlainDateTime | undefined = rule.start
  let position = 0
  while (local) {
    if (position > index && !rule.excluded.has(local.toString())) return occurrence(position, local, rule.tzid)
    position++
    if (position >= rule.count) return undefined
    local = nextAfter(rule, local)
  }
  return undefined
}

function nextAfterCompletion(rule: Rule, index: number, completedAt: string): Occurrence | undefined {
  if (index + 1 >= rule.count) return undefined
  const day = Temporal.Instant.from(completedAt).toZonedDateTimeISO(rule.tzid).toPlainDate()
  const anchor = day.toPlainDateTime(rule.start.toPlainTime())
  let local = nextAfter(rule, anchor, anchor)
  while (local && rule.excluded.has(local.toString())) local = nextAfter(rule, local, anchor)
  return local && occurrence(index + 1, local, rule.tzid)
}

/** Strictly after `local`, in the rule anchored at `anchor`. */
function nextAfter(rule: Rule, local: Temporal.PlainDateTime, anchor = rule.start): Temporal.PlainDateTime | undefined {
  let next: Temporal.PlainDateTime | undefined
  try {
    const found = rule.generate(anchor).next(new Date(`${local.toString({ smallestUnit: 'second' })}Z`), false)
    next = found ? Temporal.PlainDateTime.from(found.toPlainDateTime().toString()) : undefined
  } catch (error) {
    // Some rules contradict themselves (every 4th month from January, but only in March): they are over, not wrong.
    if (/^maximum/i.test((error as Error).message)) return undefined
    throw error instanceof RecurrenceError ? error : new RecurrenceError('rrule', (error as Error).message)
  }
  return next && !rule.ended(next) ? next : undefined
}

function occurrence(index: number, local: Temporal.PlainDateTime, tzid: string): Occurrence {
  const at = local.toZonedDateTime(tzid, { disambiguation: 'compatible' }).toInstant()
  return { index, local: local.toString({ smallestUnit: 'second' }), at: new Date(at.epochMilliseconds).toISOString() }
}

function parse({ rrule, dtstart, tzid, exdates = [] }: Series): Rule {
  const text = canonicalRule(rrule)
  if (!/(^|;)FREQ=[A-Z]+/.test(text)) throw new RecurrenceError('rrule', 'has no FREQ; write e.g. FREQ=WEEKLY;BYDAY=MO')
  if (TOO_FINE.test(text)) throw new RecurrenceError('rrule', 'repeats more often than hourly, which a task cannot')
  zone(tzid)
  const parts = text.split(';').filter(Boolean)
  const endless = parts.filter(part => !/^(COUNT|UNTIL)=/.test(part)).join(';')
  return {
    start: plain(dtstart, 'dtstart'),
    tzid,
    count: countOf(parts),
    ended: endOf(parts, tzid),
    excluded: new Set(exdates.map(date => plain(date, 'exdates').toString())),
    generate: start => {
      try {
        const stamp = start.toString({ smallestUnit: 'second' }).replace(/[-:]/g, '')
        return new RRuleTemporal({ rruleString: `DTSTART:${stamp}Z\nRRULE:${endless}` })
      } catch (error) {
        throw new RecurrenceError('rrule', (error as Error).message)
      }
    },
  }
}

const canonicalRule = (rrule: string): string =>
  rrule
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, '')

function zone(tzid: string): void {
  try {
    Temporal.Now.zonedDateTimeISO(tzid)
  } catch {
    throw new RecurrenceError('tzid', `${tzid.slice(0, 64)} is no IANA time zone; write e.g. Europe/Berlin`)
  }
}

function plain(text: string, field: string): Temporal.PlainDateTime {
  try {
    return Temporal.PlainDateTime.from(text)
  } catch {
    throw new RecurrenceError(field, `${text.slice(0, 40)} is no local time; write e.g. 2026-01-05T09:00:00`)
  }
}

function countOf(parts: readonly string[]): number {
  const text = parts.find(part => part.startsWith('COUNT='))?.slice(6)
  if (text === undefined) return Number.POSITIVE_INFINITY
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > LARGEST_COUNT) {
    throw new RecurrenceError('rrule', `COUNT must be a number from 1 to ${LARGEST_COUNT}`)
  }
  return count
}

/** UNTIL includes its own moment: an instant (with Z), a wall-clock time, or a whole day. */
function endOf(parts: readonly string[], tzid: string): Rule['ended'] {
  const text = parts.find(part => part.startsWith('UNTIL='))?.slice(6)
  if (text === undefined) return () => false
  const found = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?$/.exec(text)
  if (!found) throw new RecurrenceError('rrule', 'UNTIL must look like 20261231 or 20261231T235959Z')
  const [, year, month, day, hour = '23', minute = '59', second = '59', utc] = found
  let until = plain(`${year}-${month}-${day}T${hour}:${minute}:${second}`, 'rrule')
  if (utc) until = until.toZonedDateTime('UTC').withTimeZone(tzid).toPlainDateTime()
  return local => Temporal.PlainDateTime.compare(local, until) > 0
}
