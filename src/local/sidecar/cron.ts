/** Schedules of the Jobs API and of bindings.cron: robfig/cron with optional seconds and descriptors, in UTC. */
import { parseGoDuration } from './duration.ts'

export interface Schedule {
  /** The first time after `after` (milliseconds since the epoch); undefined when there is none within five years. */
  next(after: number): number | undefined
}

const DESCRIPTORS: Record<string, string> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
}
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

interface Field {
  values: ReadonlySet<number>
  /** Written as `*` or `?`: decides how day of month and day of week combine. */
  any: boolean
}

function number(text: string, names: readonly string[], first: number): number {
  const named = names.indexOf(text.toLowerCase())
  if (named !== -1) return named + first
  if (!/^\d+$/.test(text)) throw new Error(`failed to parse number ${text}`)
  return Number(text)
}

function field(text: string, min: number, max: number, names: readonly string[] = []): Field {
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step = '1', ...rest] = part.split('/')
    const any = range === '*' || range === '?'
    const [from, to, ...more] = any ? [String(min), String(max)] : range.split('-')
    const start = number(from!, names, min)
    const end = to !== undefined ? number(to, names, min) : part.includes('/') ? max : start
    const by = number(step, [], 0)
    if (rest.length > 0 || more.length > 0 || by < 1 || start < min || end > max || start > end) {
      throw new Error(`value out of range (${min} - ${max}) or malformed: ${part}`)
    }
    for (let value = start; value <= end; value += by) values.add(value)
  }
  return { values, any: /^[*?]/.test(text) }
}

const FIVE_YEARS = 5 * 366 * 86_400_000

/** @throws Error naming the part that is wrong */
export function parseSchedule(text: string): Schedule {
  const trimmed = text.trim()
  if (trimmed.startsWith('@every ')) {
    const every = parseGoDuration(trimmed.slice(7).trim())
    if (every === undefined || every < 1000) throw new Error(`failed to parse duration ${trimmed}: at least one second`)
    return { next: after => after + every }
  }
  if (/^(CRON_)?TZ=/.test(trimmed))
    throw new Error(`time zones are not supported here, write the schedule in UTC: ${text}`)
  const parts = (DESCRIPTORS[trimmed] ?? trimmed).split(/\s+/)
  if (parts.length === 5) parts.unshift('0')
  if (parts.length !== 6) throw new Error(`expected 5 to 6 fields, found ${parts.length}: ${text}`)
  const [seconds, minutes, hours] = [field(parts[0]!, 0, 59), field(parts[1]!, 0, 59), field(parts[2]!, 0, 23)]
  const [days, months] = [field(parts[3]!, 1, 31), field(parts[4]!, 1, 12, MONTHS)]
  const weekdays = field(parts[5]!.replaceAll(/\b7\b/g, '0'), 0, 6, DAYS)

  const dayMatches = (date: Date): boolean => {
    const byDay = days.values.has(date.getUTCDate())
    const byWeekday = weekdays.values.has(date.getUTCDay())
    return days.any || weekdays.any ? byDay && byWeekday : byDay || byWeekday
  }
  return {
    next(after) {
      const date = new Date(Math.floor(after / 1000) * 1000 + 1000)
      while (date.getTime() - after < FIVE_YEARS) {
        if (!months.values.has(date.getUTCMonth() + 1)) {
          date.setUTCMonth(date.getUTCMonth() + 1, 1)
          date.setUTCHours(0, 0, 0)
        } else if (!dayMatches(date)) {
          date.setUTCDate(date.getUTCDate() + 1)
          date.setUTCHours(0, 0, 0)
        } else if (!hours.values.has(date.getUTCHours())) date.setUTCHours(date.getUTCHours() + 1, 0, 0)
        else if (!minutes.values.has(date.getUTCMinutes())) date.setUTCMinutes(date.getUTCMinutes() + 1, 0)
        else if (!seconds.values.has(date.getUTCSeconds())) date.setUTCSeconds(date.getUTCSeconds() + 1)
        else return date.getTime()
      }
      return undefined
    },
  }
}
