import { changeFields, type FieldOptions, instantOf, taskFields, taskIdentity } from './fields.ts'
import { canonicalJson, isUuid, uuidv5 } from './identifiers.ts'
import type { EventType } from './schemas.ts'
import { isObject } from './unwrap.ts'

type Fields = Record<string, unknown>

/**
 * Maps the data of one event to its canonical form, from flat, nested or canonical input.
 * @returns the data, and whether it had to be changed
 * @throws FieldError naming a field whose value cannot be understood
 */
export function dataOf(type: EventType, input: Fields, options: FieldOptions): { data: Fields; legacy: boolean } {
  const data = mapperOf(type)(input, options, type)
  return { data, legacy: canonicalJson(data) !== canonicalJson(input) && !isCanonical(type, input) }
}

type Mapper = (input: Fields, options: FieldOptions, type: EventType) => Fields

function mapperOf(type: EventType): Mapper {
  if (type.startsWith('task.')) return task
  if (type.startsWith('reminder.')) return reminder
  if (type.startsWith('ui.')) return ui
  if (type === 'recurrence.triggered') return recurrence
  return input => input
}

/** Canonical data may carry fields of a newer version, which are kept; only the seeds' spellings make data legacy. */
function isCanonical(type: EventType, input: Fields): boolean {
  if (type.startsWith('task.')) return isUuid(input['task_id']) && isObject(input['task'])
  if (type.startsWith('ui.'))
    return !('task_snapshot' in input) && (input['task_id'] === undefined || isUuid(input['task_id']))
  if (type.startsWith('reminder.')) return isUuid(input['task_id']) && !('remind_before_minutes' in input)
  return true
}

function identity(input: Fields, options: FieldOptions): Fields {
  const version = input['version']
  return {
    ...taskIdentity(input['task_id'], options),
    ...(typeof input['legacy_task_id'] === 'string' ? { legacy_task_id: input['legacy_task_id'] } : {}),
    ...userOf(input),
    ...(version === undefined ? {} : { version }),
  }
}

const userOf = ({ user_id: id }: Fields): Fields =>
  id === undefined || id === null ? {} : { user_id: typeof id === 'number' ? String(id) : id }

const task: Mapper = (input, options, type) => {
  const fields = taskFields(isObject(input['task']) ? input['task'] : input, options)
  if (type === 'task.completed') Object.assign(fields, { completed: true, status: 'done' })
  const changes = type === 'task.updated' ? changeFields(input['changes']) : undefined
  return {
    ...(isCanonical(type, input) ? input : {}),
    ...identity(input, options),
    task: fields,
    ...(changes ? { changes } : {}),
    ...(typeof input['is_recurring'] === 'boolean' ? { is_recurring: input['is_recurring'] } : {}),
  }
}

const reminder: Mapper = (input, options) => {
  const data: Fields = { ...(isCanonical('reminder.scheduled', input) ? input : {}), ...identity(input, options) }
  if (input['title'] !== undefined && input['title'] !== null) data['title'] = String(input['title']).slice(0, 500)
  for (const name of ['due_at', 'remind_at', 'triggered_at'] as const) {
    if (input[name] === null) delete data[name]
    else if (input[name] !== undefined) data[name] = instantOf(input[name], name)
  }
  const minutes = input['remind_before_minutes']
  if (typeof minutes === 'number' && Number.isFinite(minutes)) data['offset'] = `PT${Math.max(0, Math.round(minutes))}M`
  data['reminder_id'] = input['reminder_id'] ?? uuidv5(`legacy-reminder:${data['task_id']}:${data['remind_at'] ?? ''}`)
  return data
}

const actions: Record<string, string> = { created: 'add', updated: 'update', deleted: 'remove' }

const ui: Mapper = (input, options, type) => {
  const snapshot = isObject(input['task_snapshot']) ? input['task_snapshot'] : input['task']
  const seed003 = typeof input['change_type'] === 'string'
  const fields = isObject(snapshot) ? snapshot : seed003 ? input : undefined
  const action = input['action'] ?? actions[String(input['change_type'])]
  return {
    ...(isCanonical(type, input) && !seed003 ? input : {}),
    ...identity(input, options),
    ...(action === undefined ? {} : { action }),
    ...(fields ? { task: taskFields(fields, options) } : {}),
  }
}

const recurrence: Mapper = (input, options) => {
  if (isObject(input['task']) || 'series_id' in input) return { ...input, ...identity(input, options) }
  const series = taskIdentity(input['recurring_id'], options).task_id
  return { ...identity(input, options), ...(series ? { series_id: series } : {}), task: taskFields(input, options) }
}
