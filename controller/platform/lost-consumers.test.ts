import type { KubeApi } from '../../src/local/kube-api/index.ts'
import { openKubeApi } from '../../src/local/kube-api/index.ts'
import { inProcess } from '../../test/support/in-process.ts'
import { platformOf } from '../../test/support/platforms.ts'
import { Cache } from '../kube/cache.ts'
import { KubeClient } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Flow } from './flow/flow.ts'
import { LostConsumers } from './lost-consumers.ts'
import { KINDS, PLATFORM_LABEL } from './platform.ts'
import { INDEXES, project } from './project.ts'

const MINUTE = 60_000
const platform = platformOf()
let api: KubeApi
let cache: Cache
let now: number
let events: string[]
let restarts: LostConsumers

const clock = { now: () => now, monotonic: () => now, after: () => () => {}, turn: async () => {} } as Clock
const pods = async (): Promise<string[]> =>
  (await api.client.list(KINDS.pod, 'todo')).map(({ metadata }) => metadata.name)
const addPod = async (name: string, component: string): Promise<void> => {
  const labels = { [PLATFORM_LABEL]: 'todo', 'app.kubernetes.io/component': component }
  const pod = await api.client.create({
    ...KINDS.pod,
    metadata: { name, namespace: 'todo', labels },
    spec: { containers: [{ name: component, image: 'x' }] },
  } as never)
  cache.upsert(project(pod as KubeObject))
}
const statusWith = (not: string[] = []) => ({
  conditions: ['KafkaReady', 'TopicsReady', 'MessagingReady', 'ServicesReady'].map(type => ({
    type,
    status: not.includes(type) ? ('False' as const) : ('True' as const),
    reason: 'X',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  })),
})
const lost = (app: string, ...suspects: string[]): Flow => ({
  notLoaded: [],
  lost: [{ app, topic: 'task-events', since: 0, suspects }],
})
const restart = (healAfterMs = MINUTE): LostConsumers =>
  new LostConsumers({
    client: new KubeClient(inProcess(api, 'operator')),
    cache,
    record: (_platform, { reason, message }) => void events.push(`${reason} ${message}`),
    clock,
    healAfterMs,
  })

beforeEach(async () => {
  api = await openKubeApi({ store: 'memory' })
  await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'todo' } } as never)
  cache = new Cache({ indexes: INDEXES })
  now = 0
  events = []
  restarts = restart()
  for (const name of ['audit-1', 'audit-2']) await addPod(name, 'audit')
  await addPod('analytics-1', 'analytics')
})
afterEach(() => api.close())

test('its pod is replaced when it has been away for long enough, with an Event, and the next one much later', async () => {
  now = MINUTE / 2
  expect(await restarts.restart(platform, lost('audit-service', 'audit-2', 'audit-1'), statusWith())).toEqual({
    failures: [],
    nextMs: MINUTE / 2,
  })
  expect(await pods()).toContain('audit-2')
  now = MINUTE
  const { nextMs } = await restarts.restart(platform, lost('audit-service', 'audit-2', 'audit-1'), statusWith())
  expect(await pods()).toEqual(['analytics-1', 'audit-1'])
  expect(events).toEqual([
    'ConsumerLost replaced Pod audit-2: events of task-events are published and have not reached audit-service for 60 s; its sidecar has lost its consumer',
  ])
  now += nextMs! - 1
  await restarts.restart(platform, lost('audit-service', 'audit-1'), statusWith())
  expect(await pods()).toContain('audit-1')
  now += 1
  const again = await restarts.restart(platform, lost('audit-service', 'audit-1'), statusWith())
  expect(await pods()).toEqual(['analytics-1'])
  expect(again.nextMs).toBe(2 * nextMs!)
})

test('one at a time: of two apps the other waits until all pods are there again', async () => {
  now = MINUTE
  const both: Flow = {
    notLoaded: [],
    lost: [...lost('analytics-service', 'analytics-1').lost, ...lost('audit-service', 'audit-1').lost],
  }
  await restarts.restart(platform, both, statusWith())
  expect(await pods()).toEqual(['audit-1', 'audit-2'])
  await restarts.restart(platform, both, statusWith(['ServicesReady']))
  expect(await pods()).toEqual(['audit-1', 'audit-2'])
  await restarts.restart(platform, both, statusWith())
  expect(await pods()).toEqual(['audit-2'])
})

test.each(['KafkaReady', 'TopicsReady', 'MessagingReady', 'ServicesReady'])(
  'nothing is restarted while %s is not True: the cause lies there',
  async type => {
    now = 10 * MINUTE
    await restarts.restart(platform, lost('audit-service', 'audit-1'), statusWith([type]))
    expect(await pods()).toHaveLength(3)
  },
)

test('nothing is restarted where it is switched off', async () => {
  now = 10 * MINUTE
  expect(await restart(0).restart(platform, lost('audit-service', 'audit-1'), statusWith())).toEqual({ failures: [] })
  expect(await pods()).toHaveLength(3)
})

test('a pod of the same name that is another one by now is left alone', async () => {
  now = MINUTE
  await api.client.delete(KINDS.pod as never, 'todo', 'audit-1')
  const stale = cache.get(KINDS.pod, 'todo', 'audit-1')!
  await addPod('audit-1', 'audit')
  cache.upsert({ ...stale, metadata: { ...stale.metadata, resourceVersion: '999999' } })
  expect((await restarts.restart(platform, lost('audit-service', 'audit-1'), statusWith())).failures).toEqual([])
  expect(await pods()).toContain('audit-1')
  expect(events).toEqual([])
})
