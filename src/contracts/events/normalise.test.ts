import fc from 'fast-check'
import { isUuid } from './identifiers.ts'
import { createEvent, normalise, type TodoEvent, violations } from './index.ts'
import { unwrap } from './unwrap.ts'

const at = '2025-12-15T10:30:00'
const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e'
const eventId = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
const task003 = {
  task_id: uuid,
  title: 'Buy groceries',
  completed: false,
  due_date: '2025-12-20T18:00:00Z',
  priority: 1,
  recurrence_rule: 'FREQ=WEEKLY;BYDAY=MO',
  tags: ['shopping', 'personal'],
  user_id: 'user-123',
}
const reminder003 = {
  task_id: uuid,
  title: 'Buy groceries',
  due_at: '2025-12-20T18:00:00',
  remind_at: '2025-12-20T17:00:00',
  user_id: 'u',
}
const cloudEvent = (type: string, data: object) => ({
  specversion: '1.0',
  type: `com.taskmanager.${type}`,
  source: '/tasks/backend-service',
  id: eventId,
  time: `${at}.123456Z`,
  datacontenttype: 'application/json',
  data,
})

interface Case {
  name: string
  topic: string
  payload: object
  seed: string
  type: string
  data: object
}

/** One row for each shape the seed documents publish, with the fields that must survive. */
const cases: Case[] = [
  {
    name: '000 created',
    seed: '000',
    topic: 'task-events',
    type: 'task.created',
    payload: {
      event_type: 'created',
      task_id: 1,
      user_id: 'u',
      task_data: { title: 'a', description: 'b' },
      timestamp: `${at}.5`,
    },
    data: { legacy_task_id: '1', user_id: 'u', task: { title: 'a', description: 'b' } },
  },
  {
    name: '000 curl',
    seed: '000',
    topic: 'task-events',
    type: 'task.created',
    payload: { event_type: 'created', task_id: 1, user_id: 'test' },
    data: { legacy_task_id: '1', user_id: 'test', task: {} },
  },
  {
    name: '000 completed',
    seed: '000',
    topic: 'task-events',
    type: 'task.completed',
    payload: { event_type: 'completed', task_id: 1, user_id: 'u', task_data: { title: 'a' }, timestamp: at },
    data: { task: { title: 'a', completed: true, status: 'done' } },
  },
  {
    name: '000 reminder',
    seed: '000',
    topic: 'reminders',
    type: 'reminder.scheduled',
    payload: { task_id: 7, user_id: 'u', title: 't', due_at: '2025-12-20T18:00:00', remind_at: '2025-12-20T17:00:00' },
    data: { legacy_task_id: '7', remind_at: '2025-12-20T17:00:00.000Z', due_at: '2025-12-20T18:00:00.000Z' },
  },
  {
    name: '000 job',
    seed: '000',
    topic: 'reminders',
    type: 'reminder.triggered',
    payload: { task_id: 7, user_id: 'u', type: 'reminder' },
    data: { legacy_task_id: '7' },
  },
  {
    name: '001 task',
    seed: '001',
    topic: 'task.created',
    type: 'task.created',
    payload: {
      event_id: eventId,
      event_type: 'task.created',
      timestamp: at,
      user_id: 'u',
      task_id: uuid,
      data: { title: 'a' },
    },
    data: { task_id: uuid, task: { title: 'a' } },
  },
  {
    name: '001 reminder',
    seed: '001',
    topic: 'reminder.due',
    type: 'reminder.triggered',
    payload: { event_id: eventId, event_type: 'reminder.due', timestamp: at, user_id: 'u', task_id: uuid, data: {} },
    data: { task_id: uuid },
  },
  {
    name: '001 recurring',
    seed: '001',
    topic: 'recurring.trigger',
    type: 'recurrence.triggered',
    payload: {
      event_id: eventId,
      event_type: 'recurring.trigger',
      timestamp: at,
      user_id: 'u',
      task_id: uuid,
      data: { recurring_id: eventId },
    },
    data: { series_id: eventId },
  },
  {
    name: '001 over HTTP',
    seed: '001',
    topic: 'evolution-todo.tasks.created',
    type: 'task.created',
    payload: { task_id: uuid, user_id: 'u', title: 'a' },
    data: { task: { title: 'a' } },
  },
  {
    name: '002 created',
    seed: '002',
    topic: 'task-events',
    type: 'task.created',
    payload: cloudEvent('task.created', {
      task_id: 1,
      user_id: 'u',
      title: 'a',
      description: '',
      priority: 'medium',
      tags: [],
      due_date: null,
      completed: false,
    }),
    data: { legacy_task_id: '1', task: { title: 'a', due_at: null, priority: 'medium', completed: false } },
  },
  {
    name: '002 updated',
    seed: '002',
    topic: 'task-events',
    type: 'task.updated',
    payload: cloudEvent('task.updated', { task_id: 1, user_id: 'u', changes: { due_date: '2026-01-01', title: 'b' } }),
    data: { changes: { due_at: { to: '2026-01-01' }, title: { to: 'b' } } },
  },
  {
    name: '002 completed',
    seed: '002',
    topic: 'task-events',
    type: 'task.completed',
    payload: cloudEvent('task.completed', { task_id: 1, user_id: 'u', is_recurring: true }),
    data: { is_recurring: true, task: { completed: true } },
  },
  {
    name: '002 curl',
    seed: '002',
    topic: 'task-events',
    type: 'task.created',
    payload: {
      specversion: '1.0',
      type: 'com.taskmanager.task.created',
      source: '/tasks/test',
      id: 'test-123',
      time: '2024-01-15T10:00:00Z',
      data: { task_id: 1, user_id: 'test-user', title: 'Test Task' },
    },
    data: { user_id: 'test-user', task: { title: 'Test Task' } },
  },
  {
    name: '002 reminder',
    seed: '002',
    topic: 'reminders',
    type: 'reminder.scheduled',
    payload: cloudEvent('reminder.scheduled', {
      task_id: 1,
      user_id: 'u',
      title: 't',
      due_at: at,
      remind_at: at,
      remind_before_minutes: 30,
    }),
    data: { offset: 'PT30M', remind_at: `${at}.000Z` },
  },
  {
    name: '002 triggered',
    seed: '002',
    topic: 'reminders',
    type: 'reminder.triggered',
    payload: cloudEvent('reminder.triggered', { task_id: 1, user_id: 'u', title: 't', triggered_at: `${at}.123456` }),
    data: { triggered_at: `${at}.123Z` },
  },
  {
    name: '002 ui',
    seed: '002',
    topic: 'task-updates',
    type: 'ui.task_list_changed',
    payload: cloudEvent('ui.task_list_changed', {
      user_id: 'u',
      action: 'add',
      task_id: 1,
      task_snapshot: { title: 'a', completed: false },
    }),
    data: { action: 'add', task: { title: 'a' } },
  },
  {
    name: '002 ui refresh',
    seed: '002',
    topic: 'task-updates',
    type: 'ui.task_list_changed',
    payload: cloudEvent('ui.task_list_changed', {
      user_id: 'u',
      action: 'refresh',
      task_id: null,
      task_snapshot: null,
    }),
    data: { action: 'refresh' },
  },
  {
    name: '003 task',
    seed: '003',
    topic: 'task-events',
    type: 'task.completed',
    payload: {
      event_id: eventId,
      event_type: 'task.completed',
      timestamp: `${at}Z`,
      data: task003,
      metadata: { source: 'chat-api', correlation_id: uuid },
    },
    data: {
      task_id: uuid,
      task: {
        due_at: '2025-12-20T18:00:00.000Z',
        priority: 'high',
        recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=MO' },
        tags: ['shopping', 'personal'],
      },
    },
  },
  {
    name: '003 command line',
    seed: '003',
    topic: 'task-events',
    type: 'task.created',
    payload: { event_type: 'task.created', data: { task_id: '123', title: 'Test' } },
    data: { legacy_task_id: '123', user_id: 'unknown' },
  },
  {
    name: '003 reminder',
    seed: '003',
    topic: 'reminders',
    type: 'reminder.triggered',
    payload: { event_id: eventId, event_type: 'reminder.due', timestamp: at, data: reminder003 },
    data: { remind_at: '2025-12-20T17:00:00.000Z' },
  },
  {
    name: '003 sync',
    seed: '003',
    topic: 'task-updates',
    type: 'ui.task_list_changed',
    payload: {
      event_id: eventId,
      event_type: 'sync.task_changed',
      timestamp: at,
      data: { task_id: uuid, change_type: 'deleted', task: { id: uuid, title: 'a' }, user_id: 'u' },
    },
    data: { action: 'remove', task_id: uuid, task: { title: 'a' } },
  },
  {
    name: '004 task',
    seed: '004',
    topic: 'task-events',
    type: 'task.created',
    payload: {
      event_type: 'created',
      task_id: 5,
      task_data: { id: 5, user_id: 'u', title: 'a', completed: false },
      user_id: 'u',
      timestamp: at,
    },
    data: { legacy_task_id: '5', task: { title: 'a', completed: false } },
  },
  {
    name: '004 reminder',
    seed: '004',
    topic: 'task-events',
    type: 'reminder.triggered',
    payload: {
      event_type: 'reminder.due',
      task_data: { task_id: 5, user_id: 'u', type: 'reminder' },
      user_id: 'u',
      timestamp: at,
    },
    data: { legacy_task_id: '5', user_id: 'u' },
  },
]

const wrap = (data: unknown) => ({
  specversion: '1.0',
  id: crypto.randomUUID(),
  source: 'backend',
  type: 'com.dapr.event.sent',
  datacontenttype: 'application/json',
  pubsubname: 'kafka-pubsub',
  topic: 'task-events',
  time: '2026-01-01T00:00:00Z',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data,
})

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
      wrap(payload),
      wrap(JSON.stringify(payload)),
      JSON.stringify(payload),
      { ...wrap(undefined), data_base64: Buffer.from(JSON.stringify(payload)).toString('base64') },
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

const anyBody = fc.oneof(
  fc.anything({ withBigInt: false, withNullPrototype: true }),
  fc.json(),
  fc.record(
    {
      specversion: fc.constantFrom('1.0', 1),
      type: fc.oneof(
        fc.constantFrom(...cases.map(row => `com.taskmanager.${row.type}`), 'com.dapr.event.sent'),
        fc.string(),
      ),
      id: fc.anything(),
      source: fc.anything(),
      time: fc.anything(),
      data: fc.oneof(
        fc.object({
          key: fc.constantFrom('task_id', 'user_id', 'title', 'priority', 'tags', 'due_date', 'task', 'changes'),
        }),
        fc.json(),
      ),
      event_type: fc.constantFrom('created', 'reminder.due', 'sync.task_changed', '__proto__', 'constructor'),
      task_data: fc.object(),
    },
    { requiredKeys: [] },
  ),
  fc
    .tuple(
      fc.constantFrom(...cases),
      fc.object({ key: fc.constantFrom('event_type', 'data', 'task_data', 'task_id', 'timestamp', 'id', 'time') }),
    )
    .map(([row, noise]) => ({ ...row.payload, ...noise })),
)

test('10,000 arbitrary bodies: no throw, and whatever is accepted is a valid event that normalises to itself', () => {
  fc.assert(
    fc.property(
      anyBody,
      fc.constantFrom('task-events', 'reminders', 'task-updates', 'task.created', ''),
      (body, topic) => {
        const result = normalise(body, { topic })
        if (result.outcome !== 'event') return
        expect(violations(result.type, result.event.data, 'consume')).toEqual([])
        const again = normalise(JSON.stringify(result.event), { topic })
        expect(again.outcome === 'event' && again.event.id).toBe(result.event.id)
      },
    ),
    { numRuns: 10_000 },
  )
})

test('envelopes nested without end are given up on', () => {
  let body: unknown = { event_type: 'created' }
  for (let i = 0; i < 50; i++) body = wrap(body)
  expect(unwrap(body).kind).toBe('unreadable')
})
