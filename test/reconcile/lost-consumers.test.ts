/** A consumer that its sidecar has lost, through the whole reconciler: what the prober says of it is given. */
import { KubeClient } from '../../controller/kube/client.ts'
import type { Clock } from '../../controller/kube/clock.ts'
import { systemRandom } from '../../controller/kube/random.ts'
import type { Flow } from '../../controller/platform/flow/flow.ts'
import { KINDS, PLATFORM_LABEL } from '../../controller/platform/platform.ts'
import { Reconciler } from '../../controller/platform/reconciler.ts'
import { takeSnapshot } from '../../controller/platform/snapshot.ts'
import { platform, SPEC } from '../fault/scenarios.ts'
import { inProcess } from '../support/in-process.ts'
import { PlatformWorld } from '../support/platform-world.ts'
import { SETTINGS } from '../support/platforms.ts'

const FLOW: Flow = {
  verdict: { status: 'False', reason: 'NotDelivered', message: 'events of task-events do not reach backend-service' },
  notLoaded: [],
  lost: [{ app: 'backend-service', topic: 'task-events', since: 0, suspects: ['backend-1'] }],
}

let world: PlatformWorld
beforeEach(async () => {
  world = await PlatformWorld.open('todo')
  await world.client.create(platform('todo', SPEC), { reason: 'Test' })
  await world.settle()
  const labels = { [PLATFORM_LABEL]: 'todo', 'app.kubernetes.io/component': 'backend' }
  await world.client.create(
    {
      ...KINDS.pod,
      metadata: { name: 'backend-1', namespace: 'todo', labels },
      spec: { containers: [{ name: 'backend', image: 'x' }] },
    },
    { reason: 'Test' },
  )
})
afterEach(() => world.api.close())

async function reconcile(healAfterMs: number, now: number): Promise<{ pods: number; nextMs: number | undefined }> {
  const client = new KubeClient(inProcess(world.api, 'todo-event-platform'))
  const { cache } = await takeSnapshot(client, await world.platform(), new AbortController().signal)
  cache.upsert(await world.platform())
  const clock = { now: Date.now, monotonic: () => now, after: () => () => {}, turn: async () => {} } as Clock
  const options = { client, cache, record: () => {}, settings: SETTINGS, clock, random: systemRandom }
  const answer = await new Reconciler({ ...options, healAfterMs, flowOf: () => FLOW }).reconcile('todo/todo')
  const left = await world.api.client.list(KINDS.pod, 'todo')
  return { pods: left.length, nextMs: answer?.requeueAfterMs }
}

test('its pod goes when it has been away for long enough; until then the platform is looked at again in time', async () => {
  expect(await reconcile(60_000, 20_000)).toEqual({ pods: 1, nextMs: 40_000 })
  expect((await reconcile(60_000, 60_000)).pods).toBe(0)
})

test('a suspended platform’s pods are left alone, and so are all where it is switched off', async () => {
  expect((await reconcile(0, 600_000)).pods).toBe(1)
  await world.client.mergePatch(
    KINDS.platform,
    'todo',
    'todo',
    { spec: { suspend: true } },
    { fieldManager: 'people', reason: 'Test' },
  )
  expect((await reconcile(60_000, 600_000)).pods).toBe(1)
})
