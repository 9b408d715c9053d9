import { Registry } from 'prom-client'
import { type FakeDapr, startFakeDapr } from '../../test/support/fake-dapr.ts'
import { startTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { createEvent, type TodoEvent, uuidv7 } from '../contracts/events/index.ts'
import { loadConfig } from './config.ts'
import { daprClient } from './dapr.ts'
import { type Database, openDatabase } from './db.ts'
import { createLogger } from './log.ts'
import { append } from './outbox.ts'
import { type Relay, startRelay } from './relay.ts'

let testDb: TestDatabase
let db: Database
let dapr: FakeDapr
let relays: Relay[] = []
const log = createLogger('test', 'silent')

beforeAll(async () => {
  testDb = await startTestDatabase()
  db = openDatabase({ url: testDb.url, service: 'backend', log })
})
beforeEach(async () => {
  dapr = await startFakeDapr()
})
afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.stop()
  await dapr.stop()
  await testDb.query('DELETE FROM messaging.outbox')
})
afterAll(async () => {
  await db.close()
  await testDb.stop()
})

const start = (metrics = new Registry()): Relay => {
  const client = daprClient(loadConfig({ APP_ID: 'backend-service', DAPR_HTTP_PORT: String(dapr.port) }))
  const relay = startRelay({
    databaseUrl: testDb.url,
    service: 'backend',
    dapr: client,
    log,
    metrics,
    sweepMs: 20,
  })
  relays.push(relay)
  return relay
}

const taskEvent = (user: string, version: number): TodoEvent =>
  createEvent({ type: 'task.updated', appId: 'backend-service', data: { task_id: uuidv7(), user_id: user, version } })

const put = (...events: TodoEvent[]): Promise<void> => db.tx({ userId: 'any' }, sql => append(sql, events))
const unpublished = async (): Promise<number> =>
  Number(
    (await testDb.query<{ count: string }>('SELECT count(*) FROM messaging.outbox WHERE published_at IS NULL'))[0]!
      .count,
  )
const versions = (user: string): (number | undefined)[] =>
  dapr.published.filter(({ key }) => key === user).map(({ event }) => (event.data as { version?: number }).version)
const idle = async (): Promise<void> => {
  while ((await unpublished()) > 0) await new Promise(resolve => setTimeout(resolve, 10))
}

test('one user’s events leave in order, one a request; users go side by side', async () => {
  const events = [1, 2, 3, 4].flatMap(version => ['a', 'b', 'c'].map(user => taskEvent(user, version)))
  await put(...events)
  start()
  await idle()
  for (const user of ['a', 'b', 'c']) expect(versions(user)).toEqual([1, 2, 3, 4])
  for (const keys of dapr.requests) expect(new Set(keys).size).toBe(keys.length)
  expect(dapr.requests.length).toBeLessThan(events.length)
  expect(dapr.published[0]!.event).toEqual(events[0])
  await put(taskEvent('d', 1))
  await idle()
  expect(dapr.published).toHaveLength(events.length + 1)
})

test('a transaction that rolls back publishes nothing', async () => {
  start()
  const failing = db.tx({ userId: 'a' }, async sql => {
    await append(sql, [taskEvent('rolled-back', 1)])
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  await put(taskEvent('committed', 1))
  await idle()
  expect(dapr.published.map(({ key }) => key)).toEqual(['committed'])
})

test('a broker that is away loses nothing: everything arrives in order once it is back', async () => {
  dapr.down = true
  start()
  await put(taskEvent('a', 1), taskEvent('a', 2), taskEvent('b', 1))
  await new Promise<void>(resolve => {
    const timer = setInterval(async () => {
      const [row] = await testDb.query<{ attempts: number }>('SELECT max(attempts) AS attempts FROM messaging.outbox')
      if (row!.attempts > 1) {
        clearInterval(timer)
        resolve()
      }
    }, 20)
  })
  expect(await unpublished()).toBe(3)
  dapr.down = false
  await idle()
  expect(versions('a')).toEqual([1, 2])
  expect(versions('b')).toEqual([1])
})

test('an hour’s outage: its depth and age are told; afterwards all of it leaves, each key in order, and the figures with it', async () => {
  const users = Array.from({ length: 40 }, (_, n) => `user-${n}`)
  for (let version = 1; version <= 30; version++) await put(...users.map(user => taskEvent(user, version)))
  // The clock of the database is not ours to turn: the rows are made an hour old instead.
  await testDb.query("UPDATE messaging.outbox SET created_at = now() - interval '1 hour', attempts = 720")
  await testDb.query(
    `INSERT INTO messaging.inbox_failures (consumer, fingerprint, topic, type, code, reason, body, dead_lettered_at)
     VALUES ('audit-service', gen_random_uuid(), 'task-events', 'x', 'TEP4110', 'no', '{}', now())`,
  )
  dapr.down = true
  const metrics = new Registry()
  const relay = start(metrics)
  const value = async (name: string): Promise<number | undefined> =>
    Number(new RegExp(`^${name}(?:{.*})? (\\S+)$`, 'm').exec(await metrics.metrics())?.[1])
  while ((await value('outbox_publish_failures_total'))! < 2) await new Promise(resolve => setTimeout(resolve, 10))
  expect(await value('outbox_unpublished_events')).toBe(1_200)
  expect(await value('outbox_oldest_unpublished_seconds')).toBeGreaterThanOrEqual(3_600)
  expect(await value('dead_letters')).toBe(1)
  dapr.down = false
  await idle()
  const all = Array.from({ length: 30 }, (_, n) => n + 1)
  for (const user of users) expect(versions(user)).toEqual(all)
  await relay.stop()
  expect(await value('outbox_unpublished_events')).toBe(0)
  expect(await value('outbox_oldest_unpublished_seconds')).toBe(0)
  await testDb.query('DELETE FROM messaging.inbox_failures')
})

test('a key that fails blocks only itself, and keeps its order', async () => {
  dapr.refusedKeys.add('bad')
  start()
  await put(taskEvent('bad', 1), taskEvent('good', 1), taskEvent('bad', 2), taskEvent('good', 2))
  await dapr.waitFor(2, ({ key }) => key === 'good')
  expect(versions('bad')).toEqual([])
  dapr.refusedKeys.clear()
  await idle()
  expect(versions('bad')).toEqual([1, 2])
})

test('after a crash between publishing and marking, the same event goes out again under its own id', async () => {
  dapr.loseAnswers = true
  const event = taskEvent('a', 1)
  await put(event)
  const first = start()
  await dapr.waitFor(1)
  await first.stop()
  relays = []
  expect(await unpublished()).toBe(1)
  dapr.loseAnswers = false
  start()
  await idle()
  expect(dapr.published.length).toBeGreaterThan(1)
  expect(new Set(dapr.published.map(({ event: sent }) => sent.id))).toEqual(new Set([event.id]))
})

test('of two relays one leads, and the other takes over', async () => {
  const [first, second] = [start(), start()]
  while (!first.isLeader() && !second.isLeader()) await new Promise(resolve => setTimeout(resolve, 10))
  const [leader, follower] = first.isLeader() ? [first, second] : [second, first]
  expect(follower.isLeader()).toBe(false)
  await leader.stop()
  await put(taskEvent('a', 1))
  await idle()
  expect(follower.isLeader()).toBe(true)
})

test('the relay survives the loss of its database connection', async () => {
  const relay = start()
  while (!relay.isLeader()) await new Promise(resolve => setTimeout(resolve, 10))
  await testDb.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'outbox-relay'")
  await put(taskEvent('a', 1))
  await idle()
  expect(versions('a')).toEqual([1])
})

test('leadership changes in the midst of a batch, again and again: nothing is missing, and each key is in order but for repetitions', async () => {
  const users = Array.from({ length: 50 }, (_, n) => `user-${n}`)
  const all = Array.from({ length: 60 }, (_, n) => n + 1)
  for (const version of all) await put(...users.map(user => taskEvent(user, version)))
  start()
  start()
  for (let change = 1; change <= 3; change++) {
    const before = dapr.published.length
    while (dapr.published.length < before + 400 && (await unpublished()) > 0)
      await new Promise(resolve => setTimeout(resolve, 1))
    const cut = await testDb.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
       WHERE application_name = 'outbox-relay' AND locktype = 'advisory' AND granted`,
    )
    expect(cut).toHaveLength(1)
  }
  await idle()
  for (const user of users) expect([...new Set(versions(user))]).toEqual(all)
})
