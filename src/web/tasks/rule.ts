/** An RFC 5545 rule as the editor shows it. What a form cannot say stays as text in `custom`. */
export interface Rule {
  frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY'
  interval: number
  /** Two letters each, for weekly rules. */
  weekdays: readonly Weekday[]
  /** For monthly rules: the date of the first occurrence, a day of the month (-1 the last), or `2MO`, `-1FR`. */
  monthly: string
  count?: number
  /** A date, the last one that may be. */
  until?: string
}

export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const
export type Weekday = (typeof WEEKDAYS)[number]
const FREQUENCIES = { DAILY: 'day', WEEKLY: 'week', MONTHLY: 'month', YEARLY: 'year' } as const
export const EVERY: Rule = { frequency: 'WEEKLY', interval: 1, weekdays: [], monthly: '' }

/** @returns undefined for a rule that the form cannot show */
export function parseRule(rrule: string): Rule | undefined {
  const parts = new Map(
    rrule
      .replace(/^RRULE:/, '')
      .split(';')
      .map(part => part.split('=') as [string, string]),
  )
  const frequency = parts.get('FREQ') as Rule['frequency']
  if (!(frequency in FREQUENCIES)) return undefined
  const days = parts.get('BYDAY')?.split(',') ?? []
  const date = parts.get('BYMONTHDAY')
  const plain = days.every(day => WEEKDAYS.includes(day as Weekday))
  const known = ['FREQ', 'INTERVAL', 'BYDAY', 'BYMONTHDAY', 'COUNT', 'UNTIL', 'WKST']
  if ([...parts.keys()].some(key => !known.includes(key)) || (parts.get('WKST') ?? 'MO') !== 'MO') return undefined
  if (days.length && (frequency === 'WEEKLY' ? !plain : frequency !== 'MONTHLY' || days.length > 1 || plain))
    return undefined
  if (date && (frequency !== 'MONTHLY' || days.length || date.includes(','))) return undefined
  const until = parts.get('UNTIL')
  return {
    frequency,
    interval: Number(parts.get('INTERVAL') ?? 1),
    weekdays: frequency === 'WEEKLY' ? (days as Weekday[]) : [],
    monthly: frequency === 'MONTHLY' ? (days[0] ?? date ?? '') : '',
    ...(parts.has('COUNT') && { count: Number(parts.get('COUNT')) }),
    ...(until && { until: `${until.slice(0, 4)}-${until.slice(4, 6)}-${until.slice(6, 8)}` }),
  }
}

export function formatRule({ frequency, interval, weekdays, monthly, count, until }: Rule): string {
  const days = WEEKDAYS.filter(day => weekdays.includes(day)).join(',')
  return [
    `FREQ=${frequency}`,
    interval > 1 && `INTERVAL=${interval}`,
    frequency === 'WEEKLY' && days && `BYDAY=${days}`,
    frequency === 'MONTHLY' && monthly && (/[A-Z]/.test(monthly) ? `BYDAY=${monthly}` : `BYMONTHDAY=${monthly}`),
    count ? `COUNT=${count}` : until && `UNTIL=${until.replaceAll('-', '')}T235959Z`,
  ]
    .filter(Boolean)
    .join(';')
}

const NAMES: Record<Weekday, string> = {
  MO: 'Monday',
  TU: 'Tuesday',
  WE: 'Wednesday',
  TH: 'Thursday',
  FR: 'Friday',
  SA: 'Saturday',
  SU: 'Sunday',
}
export const nameOf = (day: Weekday): string => NAMES[day]
const ORDINALS: Record<string, string> = {
  '1': 'first',
  '2': 'second',
  '3': 'third',
  '4': 'fourth',
  '5': 'fifth',
  '-1': 'last',
}

/** `every 2 weeks on Monday and Friday, 10 times`. */
export function describeRule(rrule: string): string {
  const rule = parseRule(rrule)
  if (!rule) return `repeats (${rrule})`
  const unit = FREQUENCIES[rule.frequency]
  const every = rule.interval === 1 ? `every ${unit}` : `every ${rule.interval} ${unit}s`
  const workdays = rule.weekdays.length === 5 && !rule.weekdays.includes('SA') && !rule.weekdays.includes('SU')
  const on = workdays
    ? ' on weekdays'
    : rule.weekdays.length
      ? ` on ${listed(WEEKDAYS.filter(day => rule.weekdays.includes(day)).map(nameOf))}`
      : monthlyText(rule.monthly)
  const end = rule.count ? `, ${rule.count} times` : rule.until ? `, until ${rule.until}` : ''
  return every + on + end
}

function monthlyText(monthly: string): string {
  const nth = /^(-?\d)([A-Z]{2})$/.exec(monthly)
  if (nth) return ` on the ${ORDINALS[nth[1]!] ?? nth[1]} ${nameOf(nth[2] as Weekday)}`
  if (monthly === '-1') return ' on the last day'
  return monthly && ` on day ${monthly}`
}

const listed = (names: readonly string[]): string =>
  names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names.join('')
