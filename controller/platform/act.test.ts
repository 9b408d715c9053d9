import { openKubeApi } from '../../src/local/kube-api/index.ts'
import { inProcess } from '../../test/support/in-process.ts'
import { platformOf } from '../../test/support/platforms.ts'
import { Applier } from '../kube/apply.ts'
import { Cache } from '../kube/cache.ts'
import { KubeClient } from '../kube/client.ts'
import { systemClock } from '../kube/clock.ts'
import type { EventInput } from '../kube/events.ts'
import { act } from './act.ts'
import type { Step } from './plan.ts'
import { FIELD_MANAGER } from './platform.ts'

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
  const cache = new Cache()
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
  expect(place.cache.get(SECRET, 'default', 'token')).toEqual(live)
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
