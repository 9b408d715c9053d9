import { dayOf, MONTH, monthOf, NUMBER, numberOf, PLACE, placeOf, WEEKDAY } from './numbers.ts'
import type { Groups, Span } from './text.ts'

/** A rule as spoken; where it starts is decided with the date. */
export interface Spoken {
  /** RRULE without its name. */
  rrule: string
  /** `every!`: counted from the day it was done. */
  mode?: 'completion'
  /** Time of day the words imply (`every morning`). */
  hour?: number
}

type Rule = Omit<Spoken, 'mode'>

interface Phrase {
  pattern: RegExp
  read(groups: Groups): Rule | undefined
}

const FREQ: Readonly<Record<string, string>> = {
  hour: 'FREQ=HOURLY',
  day: 'FREQ=DAILY',
  week: 'FREQ=WEEKLY',
  month: 'FREQ=MONTHLY',
  year: 'FREQ=YEARLY',
}
const ADVERBS: Readonly<Record<string, string>> = {
  hourly: 'FREQ=HOURLY',
  daily: 'FREQ=DAILY',
  weekly: 'FREQ=WEEKLY',
  biweekly: 'FREQ=WEEKLY;INTERVAL=2',
  fortnightly: 'FREQ=WEEKLY;INTERVAL=2',
  monthly: 'FREQ=MONTHLY',
  quarterly: 'FREQ=MONTHLY;INTERVAL=3',
  yearly: 'FREQ=YEARLY',
  annually: 'FREQ=YEARLY',
}
const HOURS: Readonly<Record<string, number>> = { morning: 9, afternoon: 15, evening: 19, night: 21 }

const EVERY = '\\b(?:every|each)(?<after>!)?\\s+'
const OTHER = `(?:(?<other>other)\\s+|(?<count>${NUMBER})\\s+)?`
const LIST = `(?<days>${WEEKDAY}(?:(?:\\s*,\\s*(?:and\\s+)?|\\s+and\\s+|\\s*&\\s*)${WEEKDAY})*)`
const NTH = '\\d{1,2}(?:st|nd|rd|th)'
const DATES = `(?<dates>${NTH}(?:(?:\\s*,\\s*|\\s+and\\s+)(?:the\\s+)?${NTH})*)`
const OF_MONTH = '(?:\\s+of\\s+(?:the|each|every)\\s+month)?'
/** What may follow a frequency: which days of it. */
const ON = `(?:\\s+on\\s+(?:the\\s+)?(?:${DATES}${OF_MONTH}|(?<place>${PLACE})\\s+(?<placed>${WEEKDAY}|day)${OF_MONTH}|${LIST}|(?<month>${MONTH})\\s+(?<date>\\d{1,2})(?:st|nd|rd|th)?))?`
/** An adverb is a rule only where a title has ended: a weekly report is none. */
const ENDS = '(?=\\s*$|\\s*[,;.\uFFFC]|\\s+(?:at|on|from|for|until|till|by|starting|remind|in\\s+the)\\b|\\s+\\d)'

const pattern = (source: string): RegExp => new RegExp(`${source}(?![\\p{L}\\p{N}])`, 'iu')

const join = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join(';')

const interval = ({ other, count }: Groups): string | undefined => {
  const number = other ? 2 : count ? numberOf(count) : 1
  return number > 1 ? `INTERVAL=${number}` : undefined
}

const byDay = (days: string): string => {
  const found = days.match(new RegExp(WEEKDAY, 'gi')) ?? []
  return `BYDAY=${[...new Set(found.map(dayOf))].join(',')}`
}

const byMonthDay = (dates: string): string | undefined => {
  const numbers = (dates.match(/\d+/g) ?? []).map(Number)
  return numbers.every(number => number >= 1 && number <= 31) ? `BYMONTHDAY=${numbers.join(',')}` : undefined
}

/** The part of a rule that says which days; undefined when the words say none that exists. */
function within(frequency: string, groups: Groups): string | undefined {
  const { dates, place, placed, days, month, date } = groups
  const monthly = frequency.startsWith('FREQ=MONTHLY')
  if (dates) return monthly ? byMonthDay(dates) : undefined
  if (place && placed) {
    if (!monthly) return undefined
    return placed.toLowerCase() === 'day' ? `BYMONTHDAY=${placeOf(place)}` : `BYDAY=${placeOf(place)}${dayOf(placed)}`
  }
  if (days) return frequency.startsWith('FREQ=WEEKLY') ? byDay(days) : undefined
  if (month && date) return frequency === 'FREQ=YEARLY' ? onDate(month, date) : undefined
  return ''
}

const onDate = (month: string, date: string): string => `BYMONTH=${monthOf(month)};BYMONTHDAY=${Number(date)}`

const asFrequency = (frequency: string, groups: Groups): Rule | undefined => {
  const days = within(frequency, groups)
  return days === undefined ? undefined : { rrule: join(frequency, interval(groups), days) }
}

/** The first that fits wins, so the longer ones come first. */
const PHRASES: readonly Phrase[] = [
  {
    pattern: pattern(`${EVERY}(?<kind>weekday|workday|working\\s+day|business\\s+day|weekend)s?`),
    read: ({ kind }) => ({
      rrule: `FREQ=WEEKLY;BYDAY=${/^weekend/i.test(kind!) ? 'SA,SU' : 'MO,TU,WE,TH,FR'}`,
    }),
  },
  {
    pattern: pattern(`${EVERY}(?<part>morning|afternoon|evening|night)`),
    read: ({ part }) => ({ rrule: 'FREQ=DAILY', hour: HOURS[part!.toLowerCase()]! }),
  },
  {
    pattern: pattern(
      `${EVERY}(?:the\\s+)?(?<place>${PLACE})\\s+(?<placed>${WEEKDAY}|day)(?<month>\\s+of\\s+(?:the|each|every)\\s+month)?`,
    ),
    read: ({ place, placed, month }) => {
      if (placed!.toLowerCase() !== 'day') return { rrule: `FREQ=MONTHLY;BYDAY=${placeOf(place!)}${dayOf(placed!)}` }
      if (month) return { rrule: `FREQ=MONTHLY;BYMONTHDAY=${placeOf(place!)}` }
      // "Every third day" counts days; there is no last of them.
      return placeOf(place!) > 0 ? { rrule: `FREQ=DAILY;INTERVAL=${placeOf(place!)}` } : undefined
    },
  },
  {
    pattern: pattern(`${EVERY}(?:the\\s+)?${DATES}${OF_MONTH}`),
    read: ({ dates }) => {
      const days = byMonthDay(dates!)
      return days ? { rrule: `FREQ=MONTHLY;${days}` } : undefined
    },
  },
  {
    pattern: pattern(
      `${EVERY}(?:(?<month>${MONTH})\\s+(?<date>\\d{1,2})(?:st|nd|rd|th)?|(?<first>\\d{1,2})(?:st|nd|rd|th)?\\s+(?:of\\s+)?(?<second>${MONTH}))`,
    ),
    read: ({ month, date, first, second }) => ({
      rrule: `FREQ=YEARLY;${onDate((month ?? second)!, (date ?? first)!)}`,
    }),
  },
  {
    pattern: pattern(`${EVERY}${OTHER}(?<unit>hour|day|week|month|year)s?${ON}`),
    read: groups => asFrequency(FREQ[groups['unit']!.toLowerCase()]!, groups),
  },
  {
    pattern: pattern(`${EVERY}(?<other>other\\s+)?${LIST}`),
    read: groups => ({ rrule: join('FREQ=WEEKLY', interval(groups), byDay(groups['days']!)) }),
  },
  {
    pattern: pattern(`\\b(?<adverb>${Object.keys(ADVERBS).join('|')})${ON}${ENDS}`),
    read: groups => asFrequency(ADVERBS[groups['adverb']!.toLowerCase()]!, groups),
  },
]

/**
 * Finds the first rule in a sentence: "every 2 weeks", "every! monday and friday", "monthly on the 1st". What a rule cannot
 * say ("every day on monday") is not understood.
 */
export function findRecurrence(text: string): { span: Span; spoken: Spoken } | undefined {
  for (const { pattern: regular, read } of PHRASES) {
    const match = regular.exec(text)
    const rule = match && read(match.groups ?? {})
    if (!match || !rule) continue
    const span = { start: match.index, end: match.index + match[0].length, kind: 'recurrence' as const }
    return { span, spoken: { ...rule, ...(match.groups?.['after'] ? { mode: 'completion' as const } : {}) } }
  }
  return undefined
}

const TIMES = new RegExp(`\\bfor\\s+(?<count>${NUMBER})\\s+times\\b`, 'i')

/** "For 10 times". Without the "for" it may be how often a day. */
export function findCount(text: string): { span: Span; count: number } | undefined {
  const match = TIMES.exec(text)
  const count = match ? numberOf(match.groups!['count']!) : 0
  if (!match || count === 0) return undefined
  return { span: { start: match.index, end: match.index + match[0].length, kind: 'recurrence' }, count }
}
