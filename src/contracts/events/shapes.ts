import { TYPE_PREFIX } from '../topology.ts'
import { isObject } from './unwrap.ts'

/** A payload that is no CloudEvent, recognised: which seed wrote it, and where it keeps what. */
export interface Shape {
  seed: '000' | '001' | '002' | '003' | '004'
  shape: string
  /** As the seed named it; see {@link canonicalType}. */
  type: string
  id?: string
  time?: unknown
  /** Identity (task, user) and everything else the event says, merged from the levels the seed used. */
  fields: Record<string, unknown>
  correlationId?: string
  source?: string
}

type Payload = Record<string, unknown>

const aliases: Record<string, string> = {
  created: 'task.created',
  updated: 'task.updated',
  completed: 'task.completed',
  deleted: 'task.deleted',
  'reminder.due': 'reminder.triggered',
  'recurring.trigger': 'recurrence.triggered',
  'sync.task_changed': 'ui.task_list_changed',
  'tasks.created': 'task.created',
  'tasks.updated': 'task.updated',
  'tasks.completed': 'task.completed',
  'tasks.deleted': 'task.deleted',
  'reminders.due': 'reminder.triggered',
}

/** The short canonical type of a seed's name for it; unknown names come back as they are, without prefixes. */
export function canonicalType(name: string): string {
  const short = name.startsWith(TYPE_PREFIX) ? name.slice(TYPE_PREFIX.length) : name.replace(/^evolution-todo\./, '')
  return Object.hasOwn(aliases, short) ? aliases[short]! : short
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/**
 * Recognises the payloads of the five seeds.
 * @param topic the topic it came from; one seed used a topic a type, and reminders of another have no type at all
 * @returns undefined when it is none of them
 */
export function recognise(payload: Payload, topic: string | undefined): Shape | undefined {
  const type = textOf(payload['event_type'])
  if (!type) return untyped(payload, topic)
  const { event_type: _, event_id, timestamp, data, task_data: taskData, metadata, ...flat } = payload
  const common = {
    type,
    ...(textOf(event_id) ? { id: textOf(event_id)! } : {}),
    ...(timestamp === undefined ? {} : { time: timestamp }),
  }
  if (isObject(taskData)) {
    const { id, ...row } = taskData
    const seed = id === undefined && Object.hasOwn(aliases, type) && !('user_id' in taskData) ? '000' : '004'
    return { seed, shape: shapeName(type), ...common, fields: withTaskId({ ...row, ...flat }, id) }
  }
  if (isObject(data)) {
    const meta = isObject(metadata) ? metadata : {}
    const seed = 'task_id' in flat || 'user_id' in flat ? '001' : '003'
    const task = isObject(data['task']) ? { ...data['task'], ...data, task: undefined } : data
    return {
      seed,
      shape: shapeName(type),
      ...common,
      fields: { ...withTaskId(task, task['id']), ...flat },
      ...(textOf(meta['correlation_id']) ? { correlationId: textOf(meta['correlation_id'])! } : {}),
      ...(textOf(meta['source']) ? { source: textOf(meta['source'])! } : {}),
    }
  }
  return { seed: textOf(event_id) ? '001' : '000', shape: shapeName(type), ...common, fields: flat }
}

function untyped(payload: Payload, topic: string | undefined): Shape | undefined {
  const fields = payload
  if (payload['type'] === 'reminder' && 'task_id' in payload)
    return { seed: '000', shape: 'job', type: 'reminder.due', fields }
  if ('remind_at' in payload && 'task_id' in payload)
    return { seed: '000', shape: 'reminder', type: 'reminder.scheduled', fields }
  if ('action' in payload && 'user_id' in payload && topic?.endsWith('task-updates')) {
    return { seed: '002', shape: 'ui', type: 'ui.task_list_changed', fields }
  }
  const byTopic = topic && /(?:^|\.)((?:tasks?|reminders?|recurring)\.\w+)$/.exec(topic)?.[1]
  return byTopic && 'task_id' in payload ? { seed: '001', shape: 'topic', type: byTopic, fields } : undefined
}

const shapeName = (type: string): string => canonicalType(type).split('.')[0]!

const withTaskId = (fields: Payload, id: unknown): Payload =>
  fields['task_id'] === undefined && id !== undefined ? { ...fields, task_id: id } : fields
