import { startTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { createEvent, type TodoEvent, uuidv7 } from '../contracts/events/index.ts'
import { loadConfig } from './config.ts'
import { type RunningService, startService } from './service.ts'
import { type Handler, subscribe, type Together } from './subscriber.ts'

let testDb: TestDatabase
let service: RunningService
let calls: string[] = []
let failures = 0
let poisoned = ''
let taken: string[][] = []
let after: string[] = []

const handler: Handler = async (event, { sql, afterCommit }) => {
  calls.push(event.id)
  if (event.data.user_id === poisoned) throw new Error('poison')
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

const together: Together = {
  async together(events) {
    taken.push(events.map(({ id }) => id))
  },
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
      handlers: { 'task.created': handler, 'task.updated': together, 'task.deleted': together },
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
  poisoned = ''
  taken = []
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
const created = (user = 'anna', type: 'task.created' | 'task.updated' | 'task.deleted' = 'task.created'): TodoEvent =>
  createEvent({ type, appId: 'backend-service', data: { task_id: uuidv7(), user_id: user, version: 1 } }) as TodoEvent
/** As Dapr sends several. @returns the status of each */
const deliverAll = async (events: readonly unknown[], path = '/events/task-events'): Promise<string[]> => {
  const entries = events.map((event, index) => ({
    entryId: String(index),
    event,
    contentType: 'application/cloudevents+json',
    metadata: {},
  }))
  const body = { id: 'x', entries, topic: 'task-events', pubsubname: 'kafka-pubsub', type: 'com.dapr.event.sent.bulk' }
  const { statuses = [] } = (await post(path, body, { 'content-type': 'application/json' })) as {
    statuses?: { entryId: string; status: string }[]
  }
  expect(statuses.map(({ entryId }) => entryId)).toEqual(entries.map(({ entryId }) => entryId))
  return statuses.map(({ status }) => status)
}
const usersOf = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (
      await testDb.query<{ user_id: string; n: number }>(
        'SELECT user_id, count(*)::int AS n FROM recurring.occurrences GROUP BY user_id',
      )
    ).map(({ user_id: id, n }) => [id, n]),
  )
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

test('events of a bulk have their effect once each, as the person they are of, in that person’s order', async () => {
  const [one, two, three] = [created('bert'), created('cleo'), created('bert')]
  const seen = created('cleo')
  await deliver(seen)
  calls = []
  expect(await deliverAll([one, two, three, one, seen])).toEqual(Array(5).fill('SUCCESS'))
  expect(await usersOf()).toMatchObject({ bert: 2, cleo: 2 })
  expect(calls.filter(id => id !== two.id)).toEqual([one.id, three.id])
  expect(after).toEqual(expect.arrayContaining([one.id, two.id, three.id]))
})

test('one that fails in a bulk is asked for again, and takes no other along', async () => {
  poisoned = 'dora'
  const [good, bad, later] = [created('emil'), created('dora'), created('emil')]
  const broken = { ...created(), data: { user_id: 'anna' } }
  const unknown = { ...created(), type: 'com.taskmanager.task.archived' }
  expect(await deliverAll([good, bad, later, broken, unknown, 'no json'])).toEqual([
    'SUCCESS',
    'RETRY',
    'SUCCESS',
    'DROP',
    'SUCCESS',
    'DROP',
  ])
  expect(await usersOf()).toMatchObject({ emil: 2 })
  expect(after).toEqual([good.id, later.id])
  expect(await failuresOf(bad.id)).toMatchObject([{ reason: 'poison', attempts: 1, user_id: 'dora' }])
  poisoned = ''
  expect(await deliverAll([bad])).toEqual(['SUCCESS'])
  expect(await usersOf()).toMatchObject({ dora: 1 })
})

test('a handler for several gets neighbours of one person at once, and nobody else’s', async () => {
  const [a, b, c] = [created('finn', 'task.updated'), created('gerd', 'task.updated'), created('finn', 'task.deleted')]
  const [alone, d] = [created('finn'), created('finn', 'task.updated')]
  expect(await deliverAll([a, b, c, alone, d])).toEqual(Array(5).fill('SUCCESS'))
  expect(taken).toEqual([[a.id, c.id], [d.id], [b.id]])
  expect(await deliver(created('finn', 'task.updated'))).toMatchObject({ status: 'SUCCESS' })
})

test('bulks with the same events at the same time: each event has its effect once', async () => {
  const events = Array.from({ length: 12 }, (_, index) => created(`user-${index % 3}`))
  const replies = await Promise.all([events, events.toReversed(), events].map(each => deliverAll(each)))
  expect(new Set(replies.flat())).toEqual(new Set(['SUCCESS']))
  expect(await usersOf()).toMatchObject({ 'user-0': 4, 'user-1': 4, 'user-2': 4 })
})

test('with the inbox unreachable every event of a bulk is asked for again', async () => {
  await testDb.query('ALTER TABLE messaging.inbox RENAME TO inbox_away')
  const events = [created('hugo'), created('ines')]
  expect(await deliverAll(events)).toEqual(['RETRY', 'RETRY'])
  await testDb.query('ALTER TABLE messaging.inbox_away RENAME TO inbox')
  expect(await deliverAll(events)).toEqual(['SUCCESS', 'SUCCESS'])
  expect(await deliverAll(events, '/events/ignored')).toEqual(['SUCCESS', 'SUCCESS'])
})
