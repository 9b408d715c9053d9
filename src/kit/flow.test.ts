import Fastify, { type FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { type FakeDapr, startFakeDapr } from '../../test/support/fake-dapr.ts'
import { FLOW_PATH, type FlowReport } from '../contracts/flow.ts'
import { type Canary, startCanary } from './canary.ts'
import { loadConfig } from './config.ts'
import { daprClient } from './dapr.ts'
import { createLogger } from './log.ts'
import { subscribe } from './subscriber.ts'

const log = createLogger('test', 'silent')
const APP = 'audit-service'
let dapr: FakeDapr
let app: FastifyInstance
let metrics: Registry
const canaries: Canary[] = []

beforeEach(async () => {
  dapr = await startFakeDapr()
  app = Fastify()
  metrics = new Registry()
})
afterEach(async () => {
  for (const canary of canaries.splice(0)) await canary.stop()
  await app.close()
  await dapr.stop()
})

const client = () => daprClient(loadConfig({ APP_ID: APP, DAPR_HTTP_PORT: String(dapr.port) }))
/** A service that listens to two topics; its database would fail whoever used it. */
const consume = async (): Promise<number> => {
  const db = new Proxy({}, { get: () => () => Promise.reject(new Error('a canary needs no database')) }) as never
  const topics = ['task-events', 'reminders']
  subscribe(app, { consumer: APP, topics, handlers: {}, db, dapr: client(), log, metrics })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as { port: number }).port
}
const send = (isLeader = () => true, everyMs = 10): Canary => {
  const canary = startCanary({
    appId: 'backend-service',
    topics: ['task-events', 'reminders'],
    dapr: client(),
    isLeader,
    log,
    metrics: new Registry(),
    everyMs,
  })
  canaries.push(canary)
  return canary
}
const report = async (): Promise<FlowReport> => (await app.inject(FLOW_PATH)).json()
const until = async <T>(look: () => Promise<T | false | undefined> | T | false | undefined): Promise<T> => {
  for (;;) {
    const found = await look()
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

test('canaries go out on every topic, again and again, and each consumer tells the newest it had of each', async () => {
  const port = await consume()
  dapr.deliver('task-events', port)
  const canary = send()
  await dapr.waitFor(4)
  expect(new Set(dapr.published.map(({ topic }) => topic))).toEqual(new Set(['task-events', 'reminders']))
  expect(canary.published()).toEqual([{ topic: 'task-events' }, { topic: 'reminders' }])
  const { app: name, received } = await until(async () => {
    const found = await report()
    return found.received.length > 0 && found
  })
  expect([name, received.map(({ topic }) => topic)]).toEqual([APP, ['task-events']])
  expect(received[0]!.secondsAgo).toBeGreaterThanOrEqual(0)
  const text = await metrics.metrics()
  expect(text).toMatch(/canary_latency_seconds_count\{topic="task-events"\} [1-9]/)
  expect(text).toMatch(/canary_age_seconds\{topic="reminders"\} \d/)
  expect(text).not.toMatch(/events_consumed_total\{/)
})

test('all canaries of a topic have one key, so that they travel in one partition and no app has those of another’s', async () => {
  send()
  const sent = await dapr.waitFor(6)
  expect(new Set(sent.map(({ key }) => key)).size).toBe(1)
  expect(new Set(sent.map(({ event }) => event.id)).size).toBe(sent.length)
})

test('a topic that refuses the canary is told with the reason, and taken back when it takes one again', async () => {
  dapr.down = true
  const canary = send()
  const refused = await until(() => canary.published()?.find(({ error }) => error))
  expect(refused.error).toContain('ERR_PUBSUB_PUBLISH_MESSAGE')
  dapr.down = false
  await until(() => canary.published()?.every(({ error }) => error === undefined))
})

test('whoever does not publish sends none and tells of none, until it begins to', async () => {
  let leads = false
  const canary = send(() => leads, 60_000)
  await new Promise(resolve => setTimeout(resolve, 30))
  expect([canary.published(), dapr.published]).toEqual([undefined, []])
  leads = true
  canary.wake()
  await dapr.waitFor(2)
})

test('a service tells what its sidecar has loaded, what failed, and which routes of subscriptions it does not serve', async () => {
  await consume()
  const rules = (...paths: string[]): object => ({ rules: paths.map(path => ({ path })) })
  dapr.metadata = {
    components: [{ name: 'kafka-pubsub', type: 'pubsub.kafka' }],
    extended: { daprRuntimeVersion: '1.18.3', 'initError.statestore': 'no such host' },
    subscriptions: [
      { pubsubname: 'kafka-pubsub', topic: 'task-events', ...rules('/events/task-events', '/events/ignored') },
      { pubsubname: 'kafka-pubsub', topic: 'reminders', ...rules('/event/reminders') },
    ],
  }
  expect((await report()).sidecar).toEqual({
    answers: true,
    components: ['kafka-pubsub'],
    failures: { statestore: 'no such host' },
    subscriptions: [
      { pubsub: 'kafka-pubsub', topic: 'task-events', unserved: [] },
      { pubsub: 'kafka-pubsub', topic: 'reminders', unserved: ['/event/reminders'] },
    ],
  })
})

test('a reason that repeats an address does not give its password away', async () => {
  await consume()
  dapr.metadata = { extended: { 'initError.statestore': 'cannot reach postgresql://app:s3cret@db:5432/app' } }
  expect((await report()).sidecar).toMatchObject({
    failures: { statestore: 'cannot reach postgresql://app:…@db:5432/app' },
  })
})

test('a sidecar that does not answer is told as such', async () => {
  await consume()
  await dapr.stop()
  expect((await report()).sidecar).toMatchObject({ answers: false, reason: expect.stringContaining('ECONNREFUSED') })
  dapr = await startFakeDapr()
})
