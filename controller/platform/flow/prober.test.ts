import { platformOf } from '../../../test/support/platforms.ts'
import { Cache } from '../../kube/cache.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { ManualClock } from '../../kube/test-support.ts'
import { INDEXES, project } from '../project.ts'
import type { AskPod, PodAddress } from './door.ts'
import { Prober } from './prober.ts'

const SPEC = {
  services: { recurring: { enabled: false }, notification: { enabled: false }, realtime: { enabled: false } },
}
const pod = (component: string, index: number, more: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `${component}-${index}`,
    namespace: 'todo',
    uid: `${component}-${index}`,
    resourceVersion: String(index),
    labels: { 'todo.events/platform': 'todo', 'app.kubernetes.io/component': component },
    ...metadata,
  },
  spec: {
    initContainers: [{ name: 'daprd' }],
    containers: [{ name: component, ports: [{ name: 'http', containerPort: 8080 }] }],
  },
  status: { podIP: `10.0.0.${index}`, ...more },
})

class World {
  readonly clock = new ManualClock()
  readonly cache = new Cache({ project, indexes: INDEXES })
  readonly asked: PodAddress[] = []
  readonly turned: string[] = []
  readonly troubled: string[] = []
  /** Pods that do not answer: never, or with an error at once. */
  readonly mute = new Set<string>()
  readonly broken = new Set<string>()
  readonly prober: Prober

  constructor() {
    this.cache.upsert(platformOf(SPEC, { resourceVersion: '1' }))
    for (const [index, component] of ['backend', 'audit', 'analytics'].entries())
      this.cache.upsert(pod(component, index + 1))
    const { cache, clock, ask } = this
    this.prober = new Prober({
      cache,
      clock,
      ask,
      version: '0.1.0',
      canarySeconds: 10,
      onTurn: key => this.turned.push(key),
      onTrouble: key => this.troubled.push(key),
    })
  }

  ask: AskPod = (address, signal) => {
    this.asked.push(address)
    const component = address.name.split('-')[0]!
    if (this.broken.has(component)) return Promise.reject(new Error('connect ECONNREFUSED'))
    if (this.mute.has(component))
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const topics = ['task-events', 'reminders', 'notifications']
    return Promise.resolve({
      app: `${component}-service`,
      received: topics.map(topic => ({ topic, secondsAgo: 1, latencySeconds: 0 })),
      ...(component === 'backend' && { published: topics.map(topic => ({ topic })) }),
      sidecar: {
        answers: true,
        components: ['kafka-pubsub', 'statestore'],
        failures: {},
        subscriptions: topics.map(topic => ({ pubsub: 'kafka-pubsub', topic, unserved: [] })),
      },
    })
  }

  get verdict() {
    return this.prober.flowOf(platformOf().metadata.uid).verdict
  }
}

let world: World
beforeEach(() => {
  world = new World()
})
afterEach(() => world.prober.stop())

test('every pod of a platform is asked at its address, and what comes of it is told once', async () => {
  world.prober.start()
  await world.clock.advance(60_000)
  expect(world.asked.slice(0, 3)).toEqual([
    { namespace: 'todo', name: 'backend-1', ip: '10.0.0.1', port: 8080 },
    { namespace: 'todo', name: 'audit-2', ip: '10.0.0.2', port: 8080 },
    { namespace: 'todo', name: 'analytics-3', ip: '10.0.0.3', port: 8080 },
  ])
  expect(world.verdict).toMatchObject({ status: 'True' })
  expect(world.turned).toEqual(['todo/todo'])
})

test('pods of others, of parts that have to do with no event, and those that go are not asked', async () => {
  world.cache.upsert(pod('web', 7))
  world.cache.upsert(pod('audit', 8, {}, { labels: { 'todo.events/platform': 'other' } }))
  world.cache.upsert(pod('audit', 9, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }))
  world.cache.upsert(pod('audit', 10, { podIP: undefined }))
  world.prober.start()
  await world.clock.advance(1)
  expect(world.asked.map(({ name }) => name)).toEqual(['backend-1', 'audit-2', 'analytics-3'])
})

test.each([
  ['does not answer', (each: World) => each.mute.add('audit'), 'no answer in time'],
  ['refuses', (each: World) => each.broken.add('audit'), 'connect ECONNREFUSED'],
])('a pod that %s holds up nobody else and is told with its reason', async (_name, harm, reason) => {
  world.prober.start()
  await world.clock.advance(30_000)
  harm(world)
  await world.clock.advance(60_000)
  expect(world.verdict).toEqual({
    status: 'False',
    reason: 'PodsDown',
    message: `no pod of audit-service answers: ${reason}`,
  })
  expect(world.turned).toEqual(['todo/todo', 'todo/todo'])
})

test('what the node says of a pod that does not answer says more than its silence', async () => {
  world.prober.start()
  await world.clock.advance(30_000)
  world.broken.add('audit')
  const waiting = { reason: 'CreateContainerConfigError', message: 'secret "todo-kafka-audit-service" not found' }
  world.cache.upsert(
    pod('audit', 2, { initContainerStatuses: [{ name: 'daprd', state: { waiting } }] }, { resourceVersion: '20' }),
  )
  await world.clock.advance(60_000)
  expect(world.verdict?.message).toBe(
    'no pod of audit-service answers: container daprd: CreateContainerConfigError (secret "todo-kafka-audit-service" not found)',
  )
})

test('words that count upwards are left out: the message would change while nothing does', async () => {
  world.prober.start()
  await world.clock.advance(30_000)
  world.broken.add('audit')
  for (let seconds = 10; seconds < 80; seconds += 10) {
    const waiting = { reason: 'CrashLoopBackOff', message: `back-off ${seconds}s restarting failed container` }
    const version = { resourceVersion: String(20 + seconds) }
    world.cache.upsert(pod('audit', 2, { containerStatuses: [{ name: 'audit', state: { waiting } }] }, version))
    await world.clock.advance(10_000)
  }
  expect(world.verdict?.message).toBe('no pod of audit-service answers: container audit: CrashLoopBackOff')
})

test('of many pods only some are asked at a time, and all of them in the end', async () => {
  for (let index = 10; index < 60; index++) world.cache.upsert(pod('audit', index))
  world.mute.add('audit')
  world.prober.start()
  await world.clock.advance(1)
  expect(world.asked.length).toBeLessThan(20)
  await world.clock.advance(60_000)
  expect(new Set(world.asked.map(({ name }) => name)).size).toBe(53)
})

test('a platform that is made again begins anew, and one that is gone is forgotten', async () => {
  world.prober.start()
  await world.clock.advance(30_000)
  world.cache.remove({ ...platformOf(SPEC, { resourceVersion: '2' }) })
  await world.clock.advance(10_000)
  expect(world.verdict).toBeUndefined()
})

test('a platform that cannot be understood is told of, and keeps no other from being looked at', async () => {
  const broken = platformOf({ kafka: undefined as never }, { namespace: 'other', uid: 'broken', resourceVersion: '3' })
  world.cache.upsert(broken)
  world.prober.start()
  await world.clock.advance(6_000)
  expect(world.troubled.slice(0, 2)).toEqual(['other/todo', 'other/todo'])
  expect(world.verdict?.status).toBe('True')
})

test('once stopped, nobody is asked any more', async () => {
  world.prober.start()
  await world.clock.advance(1)
  world.prober.stop()
  const { length } = world.asked
  await world.clock.advance(60_000)
  expect(world.asked).toHaveLength(length)
  expect(world.clock.timers).toBe(0)
})
