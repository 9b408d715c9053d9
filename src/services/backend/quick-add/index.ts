import { Temporal } from 'temporal-polyfill'
import { priorityOf } from '../../../contracts/events/index.ts'
import type { Priority } from '../model.ts'
import { findMoment, type Moment } from './dates.ts'
import { findCount, findRecurrence, type Spoken } from './recurrence.ts'
import { findAbsolute, findBefore, findPrefix } from './reminders.ts'
import { firstLocal } from './start.ts'
import { hide, type Kind, matches, rest, type Span } from './text.ts'

/** A sentence read as a task. */
export interface QuickAdd {
  /** What is left of the sentence; the whole of it when nothing is. */
  title: string
  /** RFC 3339 in UTC; for a day without a time its beginning in `zone`. */
  due_at?: string
  /** On the wall clock of `zone`: `2026-11-22T17:00`, or `2026-11-22` for all day. */
  due_local?: string
  all_day: boolean
  zone: string
  priority?: Priority
  tags: readonly string[]
  recurrence?: { rrule: string; dtstart: string; tzid: string; mode?: 'completion' }
  reminders: readonly ({ before: string } | { at: string })[]
  /** In the order of the sentence, without overlaps; the rest became the title. */
  understood: readonly (Span & { text: string })[]
}

interface Due {
  local: Temporal.PlainDateTime
  allDay: boolean
}

/** With a letter: #123 is a number of something. */
const TAG = /(?<=^|\s)#(?<tag>(?=[\p{N}_/-]*\p{L})[\p{L}\p{N}][\p{L}\p{N}_/-]{0,63})(?![\p{L}\p{N}_/-])/gu
const PRIORITY = /(?<=^|\s)!(?<priority>urgent|high|medium|low|none|[0-4])(?=$|[\s,;.])/gi
const UNTIL = /\b(?:until|till|ending)\s+/i
/** When a day without a time is reminded of. */
const MORNING = { hour: 9 }

/**
 * Reads a sentence such as "Water plants every monday 9am #home !high remind me 30 minutes before".
 *
 * Whatever is not understood stays in the title, so that nothing is lost; the first of each kind counts, and all tags.
 * @param zone IANA time zone of the times in it
 */
export function parseQuickAdd(text: string, { zone, now }: { zone: string; now: Date }): QuickAdd {
  const here = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone)
  const sentence = new Sentence(text)
  const tags = matches(text, TAG).map(match => sentence.take(match, 'tag').groups['tag']!)
  const [priority] = matches(sentence.open, PRIORITY)
    .slice(0, 1)
    .map(match => sentence.take(match, 'priority').groups['priority']!)

  const before = findBefore(sentence.open)
  if (before) sentence.take(before.span, 'reminder')
  const prefix = findPrefix(sentence.open)
  if (prefix) sentence.take(prefix, 'reminder')
  const absolute = prefix ? undefined : takeAbsolute(sentence, here)

  const spoken = takeRecurrence(sentence, here)
  const moment = findMoment(sentence.open, here)
  for (const span of moment.spans) sentence.take(span, span.kind)

  const due = spoken ? spoken.due(moment) : dueOf(moment, here)
  if (!due) sentence.giveBack('reminder', span => span.start !== absolute?.start)
  const reminders = [
    ...(due ? (before?.before ?? []).map(length => ({ before: length })) : []),
    ...(due && prefix ? [atDue(due, zone)] : []),
    ...(absolute ? [{ at: instant(absolute.local(due, here), zone) }] : []),
  ]
  return {
    title: rest(text, sentence.spans) || text.trim(),
    ...(due ? { due_at: instant(due.local, zone), due_local: show(due) } : {}),
    all_day: due?.allDay ?? false,
    zone,
    ...(priority === undefined ? {} : { priority: priorityOf(priority, { priorityScale: 'seeds' }) as Priority }),
    tags: [...new Set(tags)].slice(0, 50),
    ...(spoken && due
      ? { recurrence: { ...spoken.rule, dtstart: due.local.toString({ smallestUnit: 'second' }), tzid: zone } }
      : {}),
    reminders,
    understood: sentence.understood(),
  }
}

/** The sentence while it is read: what was understood is hidden from the readers after it. */
class Sentence {
  readonly #text: string
  open: string
  spans: Span[] = []

  constructor(text: string) {
    this.#text = text
    this.open = text
  }

  take<T extends { start: number; end: number }>(found: T, kind: Kind): T {
    const span = { start: found.start, end: found.end, kind }
    this.spans.push(span)
    this.open = hide(this.open, span)
    return found
  }

  /** What was taken in vain is part of the title again. */
  giveBack(kind: Kind, which: (span: Span) => boolean): void {
    this.spans = this.spans.filter(span => span.kind !== kind || !which(span))
  }

  /** Only what follows `from`, at the same offsets. */
  after(from: number): string {
    return hide(this.open, { start: 0, end: from, kind: 'date' })
  }

  understood(): QuickAdd['understood'] {
    const trimmed = this.spans.map(({ start, end, kind }) => {
      const words = this.#text.slice(start, end)
      const lead = words.length - words.trimStart().length
      const text = words.trim()
      return { start: start + lead, end: start + lead + text.length, kind, text }
    })
    return trimmed.sort((a, b) => a.start - b.start)
  }
}

interface Absolute {
  start: number
  local(due: Due | undefined, now: Temporal.ZonedDateTime): Temporal.PlainDateTime
}

/** "… remind me tomorrow at 8": a time alone is of the day it is due, or the next time the clock shows it. */
function takeAbsolute(sentence: Sentence, here: Temporal.ZonedDateTime): Absolute | undefined {
  const found = findAbsolute(sentence.open)
  if (!found) return undefined
  const { date, time, spans } = findMoment(sentence.after(found.end), here)
  const end = Math.max(...spans.map(span => span.end))
  if (!spans.some(({ start }) => start <= found.end + 1)) return undefined
  sentence.take({ start: found.start, end }, 'reminder')
  return {
    start: found.start,
    local: due => {
      const alone = dueOf({ ...(time ? { time } : {}), spans: [] }, here)?.local.toPlainDate()
      const day = date ?? due?.local.toPlainDate() ?? alone ?? here.toPlainDate()
      return day.toPlainDateTime(time ?? MORNING)
    },
  }
}

/** A rule, when it ends, and from these and a moment its first occurrence. */
function takeRecurrence(sentence: Sentence, here: Temporal.ZonedDateTime) {
  const found = findRecurrence(sentence.open)
  const { hour, ...spoken } = found?.spoken ?? { rrule: '' }
  // The words may say what no day is ("every february 30"): then they are no rule.
  if (!found || !firstLocal(spoken.rrule, here.toPlainDateTime())) return undefined
  sentence.take(found.span, 'recurrence')
  const rule: Omit<Spoken, 'hour'> = { ...spoken, rrule: spoken.rrule + takeEnd(sentence, found.span.end, here) }
  const due = ({ date, time = hour === undefined ? undefined : new Temporal.PlainTime(hour) }: Moment): Due => {
    const allDay = time === undefined && !rule.rrule.startsWith('FREQ=HOURLY')
    const now = here.toPlainDateTime()
    const from = (date ?? now.toPlainDate()).toPlainDateTime(
      allDay ? undefined : (time ?? now.toPlainTime().round('minute')),
    )
    const local = firstLocal(rule.rrule, from, date || allDay ? undefined : now) ?? from
    return { local, allDay }
  }
  return { rule, due }
}

/** "For 10 times" or "until 31 december", as the end of a rule. */
function takeEnd(sentence: Sentence, from: number, here: Temporal.ZonedDateTime): string {
  const times = findCount(sentence.after(from))
  if (times) return `;COUNT=${sentence.take({ ...times.span, ...times }, 'recurrence').count}`
  const until = UNTIL.exec(sentence.after(from))
  const last = until && findMoment(sentence.after(until.index + until[0].length), here)
  if (!last?.date) return ''
  sentence.take({ start: until!.index, end: Math.max(...last.spans.map(span => span.end)) }, 'recurrence')
  return `;UNTIL=${last.date.toString().replaceAll('-', '')}`
}

function dueOf({ date, time }: Moment, here: Temporal.ZonedDateTime): Due | undefined {
  if (!date && !time) return undefined
  if (date) return { local: date.toPlainDateTime(time), allDay: !time }
  const today = here.toPlainDate().toPlainDateTime(time)
  const over = Temporal.PlainDateTime.compare(today, here.toPlainDateTime()) <= 0
  return { local: over ? today.add({ days: 1 }) : today, allDay: false }
}

const instant = (local: Temporal.PlainDateTime, zone: string): string =>
  new Date(local.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds).toISOString()

const show = ({ local, allDay }: Due): string =>
  allDay ? local.toPlainDate().toString() : local.toString({ smallestUnit: 'minute' })

const atDue = (due: Due, zone: string) =>
  due.allDay ? { at: instant(due.local.with(MORNING), zone) } : { before: 'PT0S' }

/**
 * A moment in words ("tomorrow 5pm", "friday"), where nothing else is said.
 * @returns the wall clock of `zone`, a date alone for a whole day; undefined when it is not understood in full
 */
export function parseWhen(text: string, { zone, now }: { zone: string; now: Date }): string | undefined {
  const here = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone)
  const moment = findMoment(text, here)
  const due = dueOf(moment, here)
  return due && !rest(text, moment.spans) ? show(due) : undefined
}
