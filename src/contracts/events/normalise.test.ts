import { fuzz } from './fuzz.testing.ts'
import { isUuid } from './identifiers.ts'
import { createEvent, normalise, type TodoEvent } from './index.ts'
import { SEED_CASES as cases, cloudEvent, taskUuid as uuid } from './testing.ts'
import { unwrap } from './unwrap.ts'

const wrapFrom = (topic: string, data: unknown) => ({
  specversion: '1.0',
  id: crypto.randomUUID(),
  source: 'backend',
  type: 'com.dapr.event.sent',
  datacontenttype: 'application/json',
  pubsubname: 'kafka-pubsub',
  topic,
  time: '2026-01-01T00:00:00Z',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data,
})

const wrap = (data: unknown) => wrapFrom('task-events', data)

const accept = (body: unknown, topic: string): { event: TodoEvent; seed: string | undefined } => {
  const result = normalise(body, { topic, partition: '3', offset: '14' })
  if (result.outcome !== 'event') throw new Error(JSON.stringify(result))
  return { event: result.event, seed: result.legacy?.seed }
}

test.each(cases)(
  '$name is accepted, wrapped or raw, as text or as JSON, with one id',
  ({ payload, topic, seed, type, data }) => {
    const raw = accept(payload, topic)
    const encodings = [
      wrapFrom(topic, payload),
      wrapFrom(topic, JSON.stringify(payload)),
      JSON.stringify(payload),
      { ...wrapFrom(topic, undefined), data_base64: Buffer.from(JSON.stringify(payload)).toString('base64') },
    ]
    for (const body of encodings) {
      const wrapped = accept(body, topic)
      expect(wrapped.event.id).toBe(raw.event.id)
      expect(wrapped.event.data).toEqual(raw.event.data)
    }
    expect(raw.seed).toBe(seed)
    expect(raw.event.type).toBe(`com.taskmanager.${type}`)
    expect(raw.event.data).toMatchObject(data)
    expect(isUuid((raw.event.data as { task_id?: string }).task_id ?? uuid)).toBe(true)
    expect(raw.event.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(raw.event.partitionkey).toBe(raw.event.data.user_id)
  },
)

/** Where a field says what another one says too, or what every CloudEvent has. */
const SAID_TWICE =
  /^(specversion|datacontenttype|metadata\.source|task_data\.(id|user_id|type)|data\.task\.id|data\.task_id|type|event_type|source|data)$/

test.each(cases)('$name: no field is lost; another value gives another event', ({ payload, topic, type }) => {
  const { event } = accept(payload, topic)
  for (const path of leaves(payload)) {
    // What is completed is completed, whatever else it says.
    if (SAID_TWICE.test(path) || (type === 'task.completed' && path.endsWith('completed'))) continue
    const changed = structuredClone(payload) as Record<string, unknown>
    alter(changed, path.split('.'))
    const result = normalise(changed, { topic, partition: '3', offset: '14' })
    expect([path, result.outcome === 'event' && result.event]).not.toEqual([path, event])
  }
})

function leaves(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner) && Object.keys(inner).length
      ? leaves(inner, `${prefix}${key}.`)
      : [`${prefix}${key}`],
  )
}

function alter(target: Record<string, unknown>, [key = '', ...rest]: string[]): void {
  if (rest.length) alter(target[key] as Record<string, unknown>, rest)
  else target[key] = otherThan(target[key], key)
}

function otherThan(value: unknown, key: string): unknown {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return value + 1
  if (Array.isArray(value)) return [...value, 'one-more']
  if (/(_at|date|time|timestamp)$/.test(key)) return '2031-02-03T04:05:06Z'
  if (isUuid(value)) return '16fd2706-8baf-433b-82eb-8c7fada847da'
  const known: Record<string, string> = {
    medium: 'low',
    add: 'update',
    weekly: 'daily',
    deleted: 'created',
    refresh: 'add',
  }
  if (typeof value === 'string') return known[value] ?? `${value};COUNT=2`
  return key === 'task_snapshot' ? { title: 'b' } : key === 'changes' ? { title: 'b' } : 42
}

test('a seed with a topic a type is understood by the topic Dapr names, at whatever route it arrives', () => {
  const body = { ...wrap({ task_id: uuid, user_id: 'u', title: 'a' }), topic: 'todo.task.created' }
  expect(normalise(body, { topic: 'task-events' })).toMatchObject({ outcome: 'event', type: 'task.created' })
  expect(normalise({ ...body, topic: 'task-events' }, { topic: 'task-events' })).toMatchObject({
    outcome: 'invalid',
    code: 'TEP4102',
  })
})

test('two equal events without id and time are two events, told apart by their place in the log', () => {
  const body = { event_type: 'created', task_id: 1, user_id: 'test' }
  const ids = ['1', '2'].map(offset => {
    const result = normalise(body, { topic: 'task-events', partition: '0', offset })
    return result.outcome === 'event' ? result.event.id : undefined
  })
  expect(ids[0]).toBeDefined()
  expect(ids[0]).not.toBe(ids[1])
})

test('a canonical event passes unchanged, is not counted as legacy, and loses only what Dapr added', () => {
  const event = createEvent({
    type: 'task.created',
    appId: 'backend-service',
    subject: `task/${uuid}`,
    data: { task_id: uuid, user_id: 'u', version: 1, task: { title: 'a', priority: 'urgent', due_at: null } },
  })
  const result = normalise({
    ...event,
    pubsubname: 'kafka-pubsub',
    topic: 'task-events',
    traceid: '00',
    expiration: 'never',
  })
  expect(result).toEqual({ outcome: 'event', type: 'task.created', event })
})

test('fields of a newer publisher survive', () => {
  const event = createEvent({ type: 'task.deleted', appId: 'backend-service', data: { task_id: uuid, user_id: 'u' } })
  const newer = { ...event, data: { ...event.data, colour: 'red' }, future: 'yes' }
  expect(normalise(newer)).toMatchObject({ outcome: 'event', event: newer })
})

test.each([
  ['an empty body', '', 'TEP4101', undefined],
  ['text', 'hello', 'TEP4101', undefined],
  ['an array', [1], 'TEP4101', undefined],
  ['no type', { task_id: 1 }, 'TEP4102', 'type'],
  ['no id', { ...cloudEvent('task.created', { task_id: 1, user_id: 'u' }), id: '' }, 'TEP4103', 'id'],
  ['a bad time', { ...cloudEvent('task.created', { task_id: 1, user_id: 'u' }), time: 'soon' }, 'TEP4103', 'time'],
  [
    'a bad due date',
    cloudEvent('task.created', { task_id: 1, user_id: 'u', due_date: 'tomorrow' }),
    'TEP4104',
    'data.due_at',
  ],
  [
    'a bad priority',
    cloudEvent('task.created', { task_id: 1, user_id: 'u', priority: 'top' }),
    'TEP4104',
    'data.priority',
  ],
  ['no task', cloudEvent('task.created', { user_id: 'u' }), 'TEP4104', 'data.task_id'],
  ['no user', cloudEvent('task.created', { task_id: 1 }), 'TEP4104', 'data.user_id'],
  ['no data', { ...cloudEvent('task.created', {}), data: undefined }, 'TEP4104', 'data'],
])('%s is invalid, naming code and field', (_, body, code, field) => {
  expect(normalise(body)).toMatchObject({ outcome: 'invalid', code, ...(field ? { field } : {}) })
})

test('an unknown type is neither an event nor an error', () => {
  expect(normalise(cloudEvent('task.archived', { task_id: 1, user_id: 'u' }))).toEqual({
    outcome: 'unknown',
    type: 'com.taskmanager.task.archived',
  })
})

test('an integer priority follows the chosen scale and is flagged', () => {
  const body = cloudEvent('task.created', { task_id: 1, user_id: 'u', priority: 4 })
  const seeds = normalise(body)
  const calendar = normalise(body, {}, { priorityScale: 'rfc5545' })
  expect(seeds).toMatchObject({ legacy: { ambiguousPriority: true }, event: { data: { task: { priority: 'low' } } } })
  expect(calendar).toMatchObject({ event: { data: { task: { priority: 'high' } } } })
})

test('10,000 arbitrary bodies: no throw, and whatever is accepted is a valid event that normalises to itself', () => {
  expect(fuzz(10_000)).toEqual({ event: expect.any(Number), unknown: expect.any(Number), invalid: expect.any(Number) })
})

test('envelopes nested without end are given up on', () => {
  let body: unknown = { event_type: 'created' }
  for (let i = 0; i < 50; i++) body = wrap(body)
  expect(unwrap(body).kind).toBe('unreadable')
})
