import { Temporal } from 'temporal-polyfill'
import { parseTime, priorityOf, type Recurrence } from '../../contracts/events/index.ts'
import { checkSeries, type Series } from '../../kit/occurrence.ts'
import { invalid } from '../../kit/problem.ts'
import { RecurrenceError } from '../../kit/recurrence-rule.ts'
import type { Priority, Status } from './model.ts'

/** A body that passed its JSON Schema (schemas.ts). */
export interface TaskBody {
  id?: string
  title?: string
  description?: string | null
  priority?: string | number
  tags?: string[]
  due_at?: string | null
  due_date?: string | null
  due_tz?: string | null
  all_day?: boolean
  recurrence?: Recurrence | null
  recurrence_rule?: string | null
  recurring_interval?: string | null
  reminders?: ReminderInput[]
  remind_at?: string | null
  parent_task_id?: string | null
  status?: Status
  completed?: boolean
}

export interface ReminderInput {
  at?: string
  before?: string
}

/** What a body asks for, aliases resolved; absent: not mentioned. */
export interface TaskInput {
  id?: string
  title?: string
  description?: string | null
  priority?: Priority
  tags?: string[]
  due?: Due | null
  all_day?: boolean
  due_tz?: string | null
  series?: (Partial<Series> & { rrule: string }) | null
  reminders?: readonly Alarm[]
  parent_task_id?: string | null
  status?: Status
}

export interface Due {
  at: Date
  allDay: boolean
}

export type Alarm = { at: Date } | { before: string }

/**
 * @param zone time zone of times without an offset, unless the body names one
 * @throws Problem TEP4001 naming the field
 */
export function readTask(body: TaskBody, zone: string): TaskInput {
  const tz = body.due_tz ?? zone
  if (body.due_tz) checkZone(body.due_tz)
  const input: TaskInput = {}
  if (body.id !== undefined) input.id = body.id.toLowerCase()
  if (body.title !== undefined) input.title = body.title.trim()
  if (body.description !== undefined) input.description = body.description
  if (body.priority !== undefined) input.priority = priorityOf(body.priority, { priorityScale: 'seeds' }) as Priority
  if (body.tags !== undefined) input.tags = [...new Set(body.tags.map(tag => tag.trim()).filter(Boolean))]
  const due = body.due_at === undefined ? body.due_date : body.due_at
  if (due !== undefined)
    input.due = due === null ? null : readDue(due, tz, body.all_day, body.due_at === undefined ? 'due_date' : 'due_at')
  if (body.all_day !== undefined) input.all_day = body.all_day
  if (body.due_tz !== undefined) input.due_tz = body.due_tz
  const series = readSeries(body)
  if (series !== undefined) input.series = series
  const alarms = readReminders(body, tz)
  if (alarms) input.reminders = alarms
  if (body.parent_task_id !== undefined) input.parent_task_id = body.parent_task_id
  const status = body.status ?? (body.completed === undefined ? undefined : body.completed ? 'done' : 'open')
  if (status) input.status = status
  return input
}

const TIMES = [
  'due_at',
  'due_date',
  'recurrence',
  'recurrence_rule',
  'recurring_interval',
  'reminders',
  'remind_at',
] as const

/** Whether what a body says depends on the zone of its person. */
export const needsZone = (body: TaskBody): boolean => !body.due_tz && TIMES.some(field => body[field] !== undefined)

export function checkZone(zone: string, field = 'due_tz'): void {
  try {
    Temporal.Now.zonedDateTimeISO(zone)
  } catch {
    throw invalid(field, `${zone} is no IANA time zone; write e.g. Europe/Berlin`)
  }
}

const withoutOffset = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/

/** An instant from RFC 3339, or from a wall-clock time in `zone`. @throws Problem TEP4001 */
export function readInstant(text: string, zone: string, field: string): { at: Date; dateOnly: boolean } {
  const parsed = parseTime(text)
  if (!parsed) throw invalid(field, `${text} is no time; write e.g. 2026-01-05T09:00:00Z or 2026-01-05`)
  if (!parsed.dateOnly && !withoutOffset.test(text.trim())) return { at: new Date(parsed.at), dateOnly: false }
  const local = Temporal.PlainDateTime.from(text.trim().replace(' ', 'T'))
  return { at: new Date(local.toZonedDateTime(zone).epochMilliseconds), dateOnly: parsed.dateOnly }
}

function readDue(text: string, zone: string, allDay: boolean | undefined, field: string): Due {
  const { at, dateOnly } = readInstant(text, zone, field)
  return { at, allDay: allDay ?? dateOnly }
}

function readSeries(body: TaskBody): TaskInput['series'] {
  if (body.recurrence !== undefined) {
    if (body.recurrence === null) return null
    const { rrule, dtstart, tzid, exdates, mode, missed } = body.recurrence
    const given = { dtstart, tzid, exdates, mode, missed }
    return { rrule, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }
  }
  const rule = body.recurrence_rule === undefined ? body.recurring_interval : body.recurrence_rule
  if (rule === undefined) return undefined
  if (!rule) return null
  return { rrule: body.recurrence_rule === undefined ? `FREQ=${rule.toUpperCase()}` : rule }
}

function readReminders(body: TaskBody, zone: string): Alarm[] | undefined {
  const list =
    body.reminders ?? (body.remind_at === undefined ? undefined : body.remind_at ? [{ at: body.remind_at }] : [])
  return list?.map(({ at, before }, index) => {
    const field = `reminders.${index}`
    if ((at === undefined) === (before === undefined)) throw invalid(field, 'give either at or before')
    if (at !== undefined) return { at: readInstant(at, zone, `${field}.at`).at }
    secondsOf(before!, `${field}.before`)
    return { before: before! }
  })
}

/** Seconds of an ISO 8601 duration. @throws Problem TEP4001 */
export function secondsOf(duration: string, field: string): number {
  try {
    const parsed = Temporal.Duration.from(duration)
    const seconds = parsed.total({ unit: 'seconds', relativeTo: Temporal.PlainDateTime.from('2026-01-01') })
    if (seconds >= 0 && seconds <= 366 * 86_400) return seconds
  } catch {
    // Reported below, together with durations out of range.
  }
  throw invalid(field, `${duration} must be an ISO 8601 duration of at most a year, e.g. PT10M`)
}

/**
 * The complete series of a task, its gaps filled from the task's due time.
 * @throws Problem TEP4001 naming the field
 */
export function completeSeries(
  series: Partial<Series> & { rrule: string },
  due: Due | null,
  zone: string,
): Required<Series> {
  const tzid = series.tzid ?? zone
  checkZone(tzid, 'recurrence.tzid')
  const dtstart = series.dtstart ?? (due ? localTime(due.at, tzid) : undefined)
  if (!dtstart) throw invalid('recurrence.dtstart', 'a repeating task needs due_at or recurrence.dtstart')
  const complete = {
    rrule: series.rrule,
    dtstart,
    tzid,
    exdates: [...(series.exdates ?? [])],
    mode: series.mode ?? 'schedule',
    missed: series.missed ?? 'catch_up',
  } as const
  try {
    return { ...complete, rrule: checkSeries(complete), dtstart: localTimeOf(dtstart) }
  } catch (error) {
    if (error instanceof RecurrenceError) throw invalid(`recurrence.${error.field}`, error.message)
    throw error
  }
}

const localTimeOf = (text: string): string => Temporal.PlainDateTime.from(text).toString({ smallestUnit: 'second' })

export const localTime = (at: Date, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(zone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'second' })
