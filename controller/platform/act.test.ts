import { openKubeApi } from '../../src/local/kube-api/index.ts'
import { inProcess } from '../../test/support/in-process.ts'
import { platformOf } from '../../test/support/platforms.ts'
import { Applier } from '../kube/apply.ts'
import { Cache } from '../kube/cache.ts'
import { KubeClient } from '../kube/client.ts'
import { systemClock } from '../kube/clock.ts'
import type { EventInput } from '../kube/events.ts'
import { act } from './act.ts'
import { FORGOTTEN } from './owned.ts'
import type { Step } from './plan.ts'
import { FIELD_MANAGER, HASH_ANNOTATION } from './platform.ts'
import { type Cached, driftOfChild, project } from './project.ts'

const SECRET = { apiVersion: 'v1', kind: 'Secret' }
const secret = (name: string, token: string) => ({
  ...SECRET,
  metadata: { namespace: 'default', name },
  data: { token: Buffer.from(token).toString('base64') },
})
const create = (object: Step['object']): Step => ({
  action: 'create',
  part: 'foundation',
  object,
  reason: 'ChildMissing',
  drift: [],
})

async function actors() {
  const api = await openKubeApi({ store: 'memory' })
  const client = new KubeClient(inProcess(api))
  const events: EventInput[] = []
  const cache = new Cache({ project })
  const applier = new Applier(client, FIELD_MANAGER, systemClock)
  return {
    api,
    client,
    cache,
    applier,
    events,
    record: (_about: unknown, event: EventInput) => void events.push(event),
  }
}

test('a secret made by chance is not replaced by another when the cache has not caught up', async () => {
  const place = await actors()
  await place.api.client.create(secret('token', 'in use'))
  const failures = await act(place, platformOf(), [create(secret('token', 'fresh'))], new Set(['token']))
  const live = await place.client.get(SECRET, 'default', 'token')
  expect([failures, live!['data']]).toEqual([[], secret('', 'in use').data])
  expect(place.cache.get(SECRET, 'default', 'token')).toEqual(project(live!))
})

test('what was written is in the cache at once, one failure keeps nothing else back, and each reason is one Event', async () => {
  const place = await actors()
  const nowhere = { ...secret('lost', 'x'), metadata: { namespace: 'no-such-namespace', name: 'lost' } }
  const failures = await act(place, platformOf(), [create(secret('a', '1')), create(nowhere), create(secret('b', '2'))])
  expect(failures.map(({ object }) => object.metadata.name)).toEqual(['lost'])
  expect(place.cache.list(SECRET).map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
  expect(place.events).toEqual([
    { type: 'Normal', reason: 'ChildMissing', message: 'Secret a created; Secret b created' },
  ])
  const [held] = place.cache.list(SECRET)
  await act(place, platformOf(), [{ action: 'delete', part: undefined, object: held!, reason: 'NoLongerWanted' }])
  expect(place.cache.list(SECRET).map(({ metadata }) => metadata.name)).toEqual(['b'])
})

test('a change is told by its fields, though the cache keeps none of a child that is as it should be', async () => {
  const place = await actors()
  const wanted = (text: string, hash: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name: 'a', annotations: { [HASH_ANNOTATION]: hash } },
    data: { text },
  })
  await act(place, platformOf(), [create(wanted('one', '1'))])
  const child = place.cache.get({ apiVersion: 'v1', kind: 'ConfigMap' }, 'default', 'a') as Cached
  expect(driftOfChild(wanted('one', '1'), child)).toEqual([])
  const drift = driftOfChild(wanted('two', '2'), child)
  expect(drift).toBe(FORGOTTEN)
  const update = {
    action: 'update',
    part: 'foundation',
    reason: 'SpecChanged',
    uid: child.metadata.uid,
    drift,
  } as const
  const step: Step = { ...update, object: wanted('two', '2') }
  await act(place, platformOf(), [step])
  const live = await place.client.get(step.object, 'default', 'a')
  expect(live!['data']).toEqual({ text: 'two' })
  expect(place.events.at(-1)).toEqual({
    type: 'Normal',
    reason: 'SpecChanged',
    message: `ConfigMap a: data.text, metadata.annotations.${HASH_ANNOTATION}`,
  })
  // Somebody has done it already, or it is gone: nothing is written.
  const version = live!.metadata.resourceVersion
  await act(place, platformOf(), [step])
  expect((await place.client.get(step.object, 'default', 'a'))!.metadata.resourceVersion).toBe(version)
  await place.client.delete(step.object, 'default', 'a', { reason: 'Test' })
  await act(place, platformOf(), [step])
  expect(await place.client.get(step.object, 'default', 'a')).toBeUndefined()
})

test('a plan that the watch has overtaken writes nothing: the child is as wanted by now, is gone, or is going', async () => {
  const place = await actors()
  const step = create(secret('late', '1'))
  await act(place, platformOf(), [step])
  const version = async (): Promise<string | undefined> =>
    (await place.client.get(SECRET, 'default', 'late'))?.metadata.resourceVersion
  const made = await version()
  place.events.length = 0
  await act(place, platformOf(), [step])
  expect([await version(), place.events]).toEqual([made, []])

  const live = place.cache.get(SECRET, 'default', 'late')!
  const changed = secret('late', '2')
  const update = { action: 'update', part: 'foundation', reason: 'SpecChanged', object: changed } as const
  const drift = driftOfChild(changed, live as Cached)
  place.cache.remove(live)
  await act(place, platformOf(), [{ ...update, uid: live.metadata.uid, drift }])
  place.cache.upsert({ ...live, metadata: { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } })
  await act(place, platformOf(), [{ ...update, uid: live.metadata.uid, drift }])
  expect([await version(), place.events]).toEqual([made, []])
})
