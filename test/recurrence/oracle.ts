/**
 * Recurrence by brute force, sharing nothing with the product: every day of every period is looked at, against the rule
 * parts as RFC 5545 §3.3.10 words them; zones come from Intl. Slow, and plain enough to be checked by reading.
 */
export interface OracleSeries {
  rrule: string
  dtstart: string
  tzid: string
  exdates: readonly string[]
}

export interface OracleOccurrence {
  index: number
  local: string
  at: string
}

type Parts = Record<string, string>

const DAY = 86_400_000
const HOUR = 3_600_000
const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']

const parse = (local: string): number => Date.parse(`${local}Z`)
const print = (time: number): string => new Date(time).toISOString().slice(0, 19)
const numbers = (text: string | undefined): number[] | undefined => text?.split(',').map(Number)

/** The first `limit` occurrences; fewer where the rule ends, or where nothing comes for `years` years. */
export function expand(series: OracleSeries, limit: number, years = 12): OracleOccurrence[] {
  const parts: Parts = Object.fromEntries(series.rrule.split(';').map(part => part.split('=') as [string, string]))
  const start = parse(series.dtstart)
  const count = Number(parts['COUNT'] ?? Number.POSITIVE_INFINITY)
  const until = parts['UNTIL'] ? untilOf(parts['UNTIL'], series.tzid) : Number.POSITIVE_INFINITY
  const found: OracleOccurrence[] = []
  let index = 0
  let last = -Infinity
  const take = (time: number): boolean => {
    if (index >= count || (time > until && index > 0)) return false
    const at = instantOf(time, series.tzid)
    const local = print(time)
    if (at > last && !series.exdates.includes(local)) {
      found.push({ index, local, at: new Date(at).toISOString() })
      last = at
    }
    index++
    return found.length < limit
  }
  if (!take(start)) return found
  let reached = start
  for (const times of periods(parts, start)) {
    for (const time of times) if (time > start && !take(time)) return found
    const [first] = times
    if (first !== undefined) reached = Math.max(reached, first)
    if (times.from > Math.min(reached + years * 366 * DAY, until)) return found
  }
  return found
}

type Period = number[] & { from: number }

/** The times of each period in order, the first being that of the start. */
function* periods(parts: Parts, start: number): Generator<Period> {
  const interval = Number(parts['INTERVAL'] ?? 1)
  const positions = numbers(parts['BYSETPOS'])
  const clock = times(parts, start)
  for (let step = 0; ; step += interval) {
    const { from, days } = period(parts, start, step)
    const hour = parts['FREQ'] === 'HOURLY' ? [...clock].filter(time => hourFits(parts, from + 0, time)) : clock
    const base = parts['FREQ'] === 'HOURLY' ? [from - (from % DAY)] : days
    const wanted = base.filter(day => dayFits(parts, day, start))
    let set = wanted.flatMap(day => hour.map(time => day + time)).sort((a, b) => a - b)
    if (positions) set = set.filter((_, i) => positions.includes(i + 1) || positions.includes(i - set.length))
    yield Object.assign(set, { from })
  }
}

/** The days of the period `step` periods after the one the start is in. */
function period(parts: Parts, start: number, step: number): { from: number; days: number[] } {
  const date = new Date(start)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  const midnight = start - (((start % DAY) + DAY) % DAY)
  const range = (from: number, to: number) => ({
    from,
    days: Array.from({ length: (to - from) / DAY }, (_, i) => from + i * DAY),
  })
  switch (parts['FREQ']) {
    case 'YEARLY':
      return range(Date.UTC(year + step, 0, 1), Date.UTC(year + step + 1, 0, 1))
    case 'MONTHLY':
      return range(Date.UTC(year, month + step, 1), Date.UTC(year, month + step + 1, 1))
    case 'WEEKLY': {
      const back = (date.getUTCDay() - DAYS.indexOf(parts['WKST'] ?? 'MO') + 7) % 7
      const from = midnight + (step * 7 - back) * DAY
      return range(from, from + 7 * DAY)
    }
    case 'DAILY':
      return range(midnight + step * DAY, midnight + (step + 1) * DAY)
    default:
      return { from: start - (start % HOUR) + step * HOUR, days: [] }
  }
}

/** Times of day as milliseconds after midnight. */
function times(parts: Parts, start: number): number[] {
  const date = new Date(start)
  const every = parts['FREQ'] === 'HOURLY' ? Array.from({ length: 24 }, (_, hour) => hour) : [date.getUTCHours()]
  const hours = numbers(parts['BYHOUR']) ?? every
  const minutes = numbers(parts['BYMINUTE']) ?? [date.getUTCMinutes()]
  const seconds = numbers(parts['BYSECOND']) ?? [date.getUTCSeconds()]
  const all = hours.flatMap(h => minutes.flatMap(m => seconds.map(s => h * HOUR + m * 60_000 + s * 1000)))
  return [...new Set(all)]
}

const hourFits = (_: Parts, from: number, time: number): boolean =>
  Math.floor(time / HOUR) === new Date(from).getUTCHours()

function dayFits(parts: Parts, day: number, start: number): boolean {
  const date = new Date(day)
  const [year, month, monthDay] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const monthLength = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const yearDay = Math.round((day - Date.UTC(year, 0, 1)) / DAY) + 1
  const yearLength = Math.round((Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / DAY)
  const among = (list: number[], value: number, length: number): boolean =>
    list.includes(value) || list.includes(value - length - 1)
  const by = (name: string): number[] | undefined => numbers(parts[name])
  const anchor = new Date(start)

  const months = by('BYMONTH')
  if (months && !months.includes(month + 1)) return false
  const monthDays = by('BYMONTHDAY')
  if (monthDays && !among(monthDays, monthDay, monthLength)) return false
  const yearDays = by('BYYEARDAY')
  if (yearDays && !among(yearDays, yearDay, yearLength)) return false
  const weekdays = parts['BYDAY']?.split(',')
  if (
    weekdays &&
    !weekdays.some(text => weekdayFits(text, parts, date, { monthDay, monthLength, yearDay, yearLength }))
  )
    return false

  // What the rule does not say, the start does.
  if (weekdays || monthDays || yearDays) return true
  switch (parts['FREQ']) {
    case 'YEARLY':
      return monthDay === anchor.getUTCDate() && (months !== undefined || month === anchor.getUTCMonth())
    case 'MONTHLY':
      return monthDay === anchor.getUTCDate()
    case 'WEEKLY':
      return date.getUTCDay() === anchor.getUTCDay()
    default:
      return true
  }
}

interface Place {
  monthDay: number
  monthLength: number
  yearDay: number
  yearLength: number
}

/** `MO`, or `2MO` and `-1FR` counted in the month, or in the year where the rule is yearly and names no month. */
function weekdayFits(text: string, parts: Parts, date: Date, place: Place): boolean {
  const [, ordinal, name] = /^([+-]?\d+)?(..)$/.exec(text)!
  if (DAYS[date.getUTCDay()] !== name) return false
  if (!ordinal) return true
  const inYear = parts['FREQ'] === 'YEARLY' && !parts['BYMONTH']
  const [day, length] = inYear ? [place.yearDay, place.yearLength] : [place.monthDay, place.monthLength]
  return Number(ordinal) > 0
    ? Math.ceil(day / 7) === Number(ordinal)
    : Math.ceil((length - day + 1) / 7) === -Number(ordinal)
}

function untilOf(text: string, tzid: string): number {
  const [, year, month, day, hour = '23', minute = '59', second = '59', utc] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(text)!
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return utc ? time + offsetAt(time, tzid) : time
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Milliseconds the wall clock of a zone is ahead of UTC at an instant. */
function offsetAt(instant: number, tzid: string): number {
  let format = formats.get(tzid)
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: tzid, dateStyle: 'short', timeStyle: 'medium' })
    formats.set(tzid, format)
  }
  return parse(format.format(instant).replace(' ', 'T')) - Math.floor(instant / 1000) * 1000
}

/** The instant at which the wall shows `local`: the first of two, or, where there is none, as if the clocks had not yet changed. */
function instantOf(local: number, tzid: string): number {
  const offsets = [offsetAt(local - DAY, tzid), offsetAt(local + DAY, tzid)]
  const fitting = offsets.map(offset => local - offset).filter(at => at + offsetAt(at, tzid) === local)
  return fitting.length ? Math.min(...fitting) : local - offsets[0]!
}
