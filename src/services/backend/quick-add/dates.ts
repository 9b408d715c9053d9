import { casual, type ParsedResult } from 'chrono-node/en'
import { Temporal } from 'temporal-polyfill'
import type { Span } from './text.ts'

/** What the sentence says of a moment; either part may be missing. */
export interface Moment {
  date?: Temporal.PlainDate
  time?: Temporal.PlainTime
  spans: readonly Span[]
}

/** Hours that words imply, where they name none. */
const PARTS: Readonly<Record<string, number>> = { morning: 9, afternoon: 15, evening: 19, tonight: 21 }

/** Words before a date that belong to it. */
const LEAD = /(?:^|(?<=[\s\uFFFC]))(?:due(?:\s+(?:by|on|at))?|by|on|at|from|starting(?:\s+(?:on|from|at))?)\s+$/i

/** Words that are a weekday or a date only where something says so: sun cream, half a cup. */
const DOUBTFUL = /^(?:mon|tue|wed|thu|fri|sat|sun|\d{1,2}\/\d{1,2})$/i
/** What follows a doubtful word that is a date after all. */
const NO_NOUN = /^\s*(?:$|[,;.!?\uFFFC]|(?:at|on|by|in|for|from|every|until|remind)\b|\d)/i

/** What lies behind us is no time to do something at. */
const PAST = /\b(?:ago|last|past|yesterday|previous|earlier|now)\b/i

/**
 * Finds date and time in a sentence, the first of each.
 *
 * Fields are taken, not instants: what they mean on a wall clock is for the zone to say (DST). Only a moment that names its
 * own offset ("5pm EST") or is counted from now ("in 2 hours") is an instant first.
 * @param now the moment on the person's wall clock
 */
export function findMoment(text: string, now: Temporal.ZonedDateTime): Moment {
  const reference = { instant: new Date(now.epochMilliseconds), timezone: now.offsetNanoseconds / 60e9 }
  const own = ownPhrase(text, now)
  const results = casual.parse(own ? text.replace(own.word, '\uFFFC'.repeat(own.word.length)) : text, reference, {
    forwardDate: true,
  })
  const found: Moment = { spans: [], ...(own ? { date: own.date, spans: [own.span] } : {}) }
  return results
    .filter(result => isMeant(result, text))
    .reduce((moment, result) => add(moment, result, text, now), found)
}

function isMeant(result: ParsedResult, text: string): boolean {
  const { text: words, index } = result
  if (PAST.test(words)) return false
  const after = text.slice(index + words.length)
  if (DOUBTFUL.test(words) && !NO_NOUN.test(after) && !LEAD.test(text.slice(0, index))) return false
  // "18h", "a minute" and "the month" are lengths unless something says that they are counted from now.
  if (!result.tags().has('result/relativeDate')) return true
  return /^(?:in|within|next|this|coming)\b|\b(?:from now|later)$/i.test(words)
}

function add(moment: Moment, result: ParsedResult, text: string, now: Temporal.ZonedDateTime): Moment {
  const { text: words, index, start } = result
  const get = (name: Parameters<typeof start.get>[0]): number => start.get(name) ?? 0
  const part = [...result.tags()]
    .map(tag => PARTS[tag.replace('casualReference/', '')])
    .find(hour => hour !== undefined)
  const isDate = ['day', 'weekday', 'month'].some(name => start.isCertain(name as 'day'))
  const isTime = start.isCertain('hour') || part !== undefined
  const wanted = { date: isDate && !moment.date, time: isTime && !moment.time }
  if (!wanted.date && !wanted.time) return moment
  if ((isDate && !wanted.date) || (isTime && !wanted.time)) return moment
  let local = new Temporal.PlainDateTime(
    get('year'),
    get('month'),
    get('day'),
    get('hour'),
    get('minute'),
    get('second'),
  )
  if (part !== undefined && !start.isCertain('hour')) local = local.with({ hour: part, minute: 0 })
  if (start.isCertain('hour') && start.isCertain('timezoneOffset')) local = inZone(start.date(), now.timeZoneId)
  // Nobody means five in the morning by "at 5".
  else if (/(?:^|\s)[1-6]$/.test(words) && !start.isCertain('meridiem')) local = local.add({ hours: 12 })
  const lead = LEAD.exec(text.slice(0, index))?.[0].length ?? 0
  const span: Span = { start: index - lead, end: index + words.length, kind: isDate ? 'date' : 'time' }
  return {
    ...moment,
    ...(wanted.date || start.isCertain('timezoneOffset') ? { date: local.toPlainDate() } : {}),
    ...(wanted.time ? { time: local.toPlainTime().round('minute') } : {}),
    spans: [...moment.spans, span],
  }
}

const inZone = (at: Date, zone: string): Temporal.PlainDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).toPlainDateTime()

const OWN =
  /\b(?:on\s+|by\s+|due\s+)*(?:(?<after>(?:the\s+)?day\s+after\s+tomorrow)|(?<=(?:on|by|due)\s+)the\s+(?<nth>\d{1,2})(?:st|nd|rd|th)(?!\s+(?:of|\p{L})))/iu

/** What the library reads only in part ("the day after tomorrow") or not at all ("on the 15th"). */
function ownPhrase(
  text: string,
  now: Temporal.ZonedDateTime,
): { word: string; span: Span; date: Temporal.PlainDate } | undefined {
  const match = OWN.exec(text)
  if (!match) return undefined
  const span: Span = { start: match.index, end: match.index + match[0].length, kind: 'date' }
  const today = now.toPlainDate()
  if (match.groups!['after']) return { word: match[0], span, date: today.add({ days: 2 }) }
  const day = Number(match.groups!['nth'])
  if (day < 1 || day > 31) return undefined
  for (let months = 0; months < 3; months++) {
    const date = today.with({ day: 1 }).add({ months }).with({ day })
    if (date.day === day && Temporal.PlainDate.compare(date, today) >= 0) return { word: match[0], span, date }
  }
  return undefined
}
