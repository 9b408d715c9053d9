/** The main job on a cluster: `test/cluster/main.ts` brings the platform up and starts this with the addresses. */
import { mainJob } from '../support/main-job.ts'
import { condition, viewOf } from '../support/place.ts'
import { NAMESPACE } from './bring-up.ts'
import { ClusterPlace } from './place.ts'

let place: ClusterPlace
const { settled } = viewOf(() => place)

beforeAll(async () => {
  place = await ClusterPlace.open(process.env['KUBECONFIG']!, NAMESPACE)
})

afterAll(() => place.close())

test('the applied platform is Ready for the very generation it has, and so is every part in its inventory', async () => {
  const found = await settled()
  expect(condition(found, 'Ready')).toMatchObject({ status: 'True', observedGeneration: found.metadata.generation })
  expect(found.status.services.ready).toBe('7/7')
  for (const { group, kind, name, namespace } of found.status.inventory) {
    const versions: Record<string, string> = {
      '': 'v1',
      'dapr.io': kind === 'Subscription' ? 'dapr.io/v2alpha1' : 'dapr.io/v1alpha1',
    }
    const live = await place.cluster.get(versions[group] ?? `${group}/v1`, kind, name, namespace)
    expect([kind, name, live?.metadata.name]).toEqual([kind, name, name])
  }
})

mainJob(() => place)
