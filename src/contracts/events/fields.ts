import { isUuid, uuidv5 } from './identifiers.ts'
import { parseTime } from './times.ts'
import { isObject } from './unwrap.ts'

/** A field whose value cannot be understood; the event is invalid, and this is why. */
export class FieldError extends Error {
  readonly field: string
  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

export interface FieldOptions {
  /** Keeps integer task ids of separate seed installations apart. */
  tenant: string
  /** How integers are read: the seeds' scale (1 high, 2 medium, 3 and more low) or RFC 5545 (1–4 high, 5 medium, 6–9 low). */
  priorityScale: 'seeds' | 'rfc5545'
}

type Fields = Record<string, unknown>

/** Integer and free-text task ids become stable UUIDs, and the original is kept beside. */
export function taskIdentity(id: unknown, { tenant }: FieldOptions): { task_id?: string; legacy_task_id?: string } {
  if (isUuid(id)) return { task_id: id.toLowerCase() }
  if ((typeof id === 'number' && Number.isFinite(id)) || (typeof id === 'string' && id !== '')) {
    return { task_id: uuidv5(`legacy-task:${tenant}:${id}`), legacy_task_id: String(id).slice(0, 256) }
  }
  return {}
}

export const instantOf = (value: unknown, field: string): string => {
  const parsed = parseTime(value)
  if (!parsed) throw new FieldError(field, `${show(value)} is no time; write RFC 3339, e.g. 2026-01-05T09:00:00Z`)
  return parsed.at
}

/** Maps a task as any seed wrote it; canonical fields pass through unchanged, unknown ones are dropped. */
export function taskFields(input: Fields, options: FieldOptions): Fields {
  const task: Fields = {}
  if (input['title'] !== undefined && input['title'] !== null) task['title'] = String(input['title']).slice(0, 500)
  if (input['description'] !== undefined) {
    task['description'] = input['description'] === null ? null : String(input['description']).slice(0, 16_384)
  }
  if (typeof input['completed'] === 'boolean') task['completed'] = input['completed']
  if (input['status'] !== undefined && input['status'] !== null) task['status'] = statusOf(input['status'])
  else if (typeof input['completed'] === 'boolean') task['status'] = input['completed'] ? 'done' : 'open'
  if (input['priority'] !== undefined) task['priority'] = priorityOf(input['priority'], options)
  if (input['tags'] !== undefined) task['tags'] = tagsOf(input['tags'])
  Object.assign(task, dueFields(input))
  for (const name of ['due_tz', 'completed_at'] as const) if (input[name] !== undefined) task[name] = input[name]
  if (Array.isArray(input['remind_at'])) task['remind_at'] = input['remind_at'].map(at => instantOf(at, 'remind_at'))
  const recurrence = recurrenceOf(input, options)
  if (recurrence) task['recurrence'] = recurrence
  const parent = taskIdentity(input['parent_task_id'], options).task_id
  if (parent) task['parent_task_id'] = parent
  else if (input['parent_task_id'] === null) task['parent_task_id'] = null
  return task
}

function dueFields(input: Fields): Fields {
  const value = input['due_at'] ?? input['due_date']
  if (value === undefined || value === null) {
    return 'due_at' in input || 'due_date' in input ? { due_at: null } : {}
  }
  const parsed = parseTime(value)
  if (!parsed) throw new FieldError('due_at', `${show(value)} is no time; write RFC 3339, e.g. 2026-01-05T09:00:00Z`)
  const allDay = typeof input['all_day'] === 'boolean' ? input['all_day'] : parsed.dateOnly
  return { due_at: parsed.at, ...(allDay || 'all_day' in input ? { all_day: allDay } : {}) }
}

function recurrenceOf(input: Fields, options: FieldOptions): Fields | undefined {
  if (isObject(input['recurrence'])) return input['recurrence']
  const rule = input['recurrence_rule'] ?? input['rrule'] ?? intervalRule(input['recurring_interval'])
  if (typeof rule !== 'string' || rule.trim() === '') return undefined
  const series = taskIdentity(input['recurring_id'], options).task_id
  return { rrule: rule.trim().replace(/^RRULE:/i, ''), ...(series ? { series_id: series } : {}) }
}

const intervalRule = (interval: unknown): string | undefined =>
  typeof interval === 'string' && /^(daily|weekly|monthly|yearly)$/i.test(interval)
    ? `FREQ=${interval.toUpperCase()}`
    : undefined

function statusOf(value: unknown): string {
  const known: Record<string, string> = { open: 'open', pending: 'open', todo: 'open', done: 'done', completed: 'done' }
  const status = known[String(value).toLowerCase()]
  if (!status) throw new FieldError('status', `${show(value)} is no status; use open or done`)
  return status
}

const NAMES = new Set(['none', 'low', 'medium', 'high', 'urgent'])

export function priorityOf(value: unknown, { priorityScale }: Pick<FieldOptions, 'priorityScale'>): string {
  if (value === null || value === '') return 'none'
  const text = String(value).toLowerCase()
  if (NAMES.has(text)) return text
  if (!/^\d{1,4}$/.test(text)) {
    throw new FieldError('priority', `${show(value)} is no priority; use none, low, medium, high or urgent`)
  }
  const number = Number(text)
  if (number === 0) return 'none'
  const [high, medium] = priorityScale === 'rfc5545' ? [4, 5] : [1, 2]
  return number <= high ? 'high' : number <= medium ? 'medium' : 'low'
}

function tagsOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : []
  const tags = list.map(tag => String(tag).trim().slice(0, 64)).filter(Boolean)
  return [...new Set(tags)].slice(0, 50)
}

/** Changed fields as `{field: {from?, to}}`; the seeds wrote `{field: newValue}`. */
export function changeFields(value: unknown): Fields | undefined {
  if (!isObject(value)) return undefined
  const renamed: Record<string, string> = { due_date: 'due_at', recurrence_rule: 'recurrence' }
  return Object.fromEntries(
    Object.entries(value).map(([name, change]) => [renamed[name] ?? name, isChange(change) ? change : { to: change }]),
  )
}

const isChange = (value: unknown): boolean => isObject(value) && ('to' in value || 'from' in value)

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? String(value)
