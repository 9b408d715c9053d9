import { startTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { createEvent, type TodoEvent, uuidv7 } from '../contracts/events/index.ts'
import { loadConfig } from './config.ts'
import { type RunningService, startService } from './service.ts'
import { type Handler, subscribe } from './subscriber.ts'

let testDb: TestDatabase
let service: RunningService
let calls: string[] = []
let failures = 0
let after: string[] = []

const handler: Handler = async (event, { sql, afterCommit }) => {
  calls.push(event.id)
  await sql.query(
    "INSERT INTO recurring.occurrences (series_id, index, user_id) VALUES (gen_random_uuid(), 0, current_setting('app.user_id'))",
  )
  afterCommit(() => {
    after.push(event.id)
  })
  if (failures > 0) {
    failures--
    throw new Error('handler broke')
  }
}

beforeAll(async () => {
  testDb = await startTestDatabase()
  const config = loadConfig({
    APP_ID: 'tests',
    DATABASE_URL: testDb.url,
    PORT: '0',
    LOG_LEVEL: 'silent',
    APP_API_TOKEN: 'from-dapr',
  })
  service = await startService('recurring', config, ({ app, db, dapr, log, metrics }) =>
    subscribe(app, {
      consumer: 'tests',
      topics: ['task-events'],
      handlers: { 'task.created': handler },
      db,
      dapr,
      log,
      metrics,
      appApiToken: 'from-dapr',
    }),
  )
})
afterAll(async () => {
  await service?.stop()
  await testDb?.stop()
})
beforeEach(() => {
  calls = []
  after = []
  failures = 0
})

const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`http://127.0.0.1:${service.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json', 'dapr-api-token': 'from-dapr', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { ...((await response.json()) as { status?: string }), code: response.status }
}
const deliver = (body: unknown, headers?: Record<string, string>) => post('/events/task-events', body, headers)
const created = (): TodoEvent =>
  createEvent({
    type: 'task.created',
    appId: 'backend-service',
    data: { task_id: uuidv7(), user_id: 'anna', version: 1 },
  })
const effects = async (): Promise<number> => (await testDb.query('SELECT 1 FROM recurring.occurrences')).length
const failuresOf = (id: string) =>
  testDb.query<{ code: string; reason: string; attempts: number; dead_lettered_at: Date | null }>(
    'SELECT * FROM messaging.inbox_failures WHERE event_id = $1',
    [id],
  )

test('an event has its effect once, however often and however concurrently it is delivered', async () => {
  const event = created()
  const before = await effects()
  const replies = await Promise.all(Array.from({ length: 8 }, () => deliver(event)))
  expect(replies.every(({ code, status }) => code === 200 && status === 'SUCCESS')).toBe(true)
  expect((await effects()) - before).toBe(1)
  expect(after).toEqual([event.id])
})

test('a handler that throws asks for another delivery and leaves no half effect; the next one succeeds', async () => {
  const event = created()
  const before = await effects()
  failures = 2
  expect((await deliver(event)).status).toBe('RETRY')
  expect((await deliver(event)).status).toBe('RETRY')
  expect(await effects()).toBe(before)
  expect(after).toEqual([])
  expect(await failuresOf(event.id)).toMatchObject([
    { code: 'TEP4105', reason: 'handler broke', attempts: 2, dead_lettered_at: null },
  ])
  expect((await deliver(event)).status).toBe('SUCCESS')
  expect((await effects()) - before).toBe(1)
})

test('a dead letter keeps the reason that was recorded when it failed', async () => {
  const event = created()
  failures = 1
  await deliver(event)
  expect((await post('/dead-letters/task-events', { ...event, topic: 'task-events.tests.dlq' })).status).toBe('SUCCESS')
  expect(await failuresOf(event.id)).toMatchObject([{ reason: 'handler broke', dead_lettered_at: expect.any(Date) }])
})

test('an invalid event of a known type is dropped, its reason stored first, with the field', async () => {
  const event = { ...created(), data: { user_id: 'anna' } }
  expect((await deliver(event)).status).toBe('DROP')
  expect(await failuresOf(event.id)).toMatchObject([
    { code: 'TEP4104', reason: expect.stringContaining('data.task_id') },
  ])
  for (const body of ['', 'not json', '[]', '{"a":1}', '{"data":"\u0000"}'])
    expect((await deliver(body)).status).toBe('DROP')
})

test('an unknown type, and a type nobody here handles, are acknowledged', async () => {
  expect((await deliver({ ...created(), type: 'com.taskmanager.task.archived' })).status).toBe('SUCCESS')
  expect((await deliver(createEvent({ type: 'user.erased', appId: 'web', data: { user_id: 'anna' } }))).status).toBe(
    'SUCCESS',
  )
  expect((await post('/events/ignored', '')).status).toBe('SUCCESS')
  expect(calls).toEqual([])
})

test('a seed’s event comes in at the seed’s route, is counted, and is one with its redelivery', async () => {
  const event = {
    event_type: 'created',
    task_id: 41,
    user_id: 'anna',
    task_data: { title: 'a' },
    timestamp: '2025-12-15T10:30:00',
  }
  expect((await post('/task-events', event, { 'content-type': 'application/json' })).status).toBe('SUCCESS')
  expect(
    (await post('/events/task', { specversion: '1.0', type: 'com.dapr.event.sent', id: 'x', source: 'y', data: event }))
      .status,
  ).toBe('SUCCESS')
  expect(calls).toHaveLength(1)
  const metrics = await fetch(`http://127.0.0.1:${service.port}/metrics`).then(response => response.text())
  expect(metrics).toMatch(/legacy_events_total\{seed="000",shape="task",service="recurring"\} 2/)
})

test('without the sidecar’s token nothing is taken', async () => {
  expect((await deliver(created(), { 'dapr-api-token': 'guess' })).code).toBe(401)
  expect(calls).toEqual([])
})

test('with the inbox unreachable an event is asked for again', async () => {
  await testDb.query('ALTER TABLE messaging.inbox RENAME TO inbox_away')
  const event = created()
  expect((await deliver(event)).status).toBe('RETRY')
  await testDb.query('ALTER TABLE messaging.inbox_away RENAME TO inbox')
  expect((await deliver(event)).status).toBe('SUCCESS')
})
