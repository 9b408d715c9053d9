/** Which releases of the services an operator (0.1.0 here) runs, through the API server. */
import { conditionOf } from '../../controller/kube/objects.ts'
import { KINDS } from '../../controller/platform/platform.ts'
import { NAMESPACE, platform, SPEC } from '../fault/scenarios.ts'
import { type Cluster, startCluster } from './cluster.ts'

let cluster: Cluster
beforeEach(async () => {
  cluster = await startCluster()
})
afterEach(() => cluster.close())

const create = async (version?: string): Promise<void> => {
  const { version: _pinned, ...spec } = SPEC
  await cluster.people.create(platform('todo', { ...spec, ...(version && { version }) }) as never)
  await cluster.rest()
}
const change = async (spec: object): Promise<void> => {
  await cluster.people.merge(KINDS.platform, NAMESPACE, 'todo', { spec })
  await cluster.rest()
}
const status = (type: string) => conditionOf(cluster.get(KINDS.platform, 'todo'), type)
const image = (): string => cluster.get(KINDS.deployment, 'todo-backend')!['spec'].template.spec.containers[0].image
const replicas = (): number => cluster.get(KINDS.deployment, 'todo-backend')!['spec'].replicas

test.each([
  ['0.2.0', /^0\.2\.0 is newer than this operator \(0\.1\.0\): upgrade the operator first/],
  ['1.0.0-rc.1', /^1\.0\.0-rc\.1 is newer than this operator/],
  ['0.0.9', /^0\.0\.9 is no longer supported: set 0\.1\.0 or newer/],
])('%s is refused with the way out, moves no pod, and keeps nothing else of the edit back', async (version, way) => {
  await create('0.1.0')
  const before = image()
  await change({ version, services: { backend: { replicas: 3 } } })
  expect([status('VersionSupported')?.status, status('VersionSupported')?.reason]).toEqual(['False', 'Unsupported'])
  expect(status('VersionSupported')?.message).toMatch(way)
  expect(status('Ready')).toMatchObject({ status: 'False', reason: 'SpecRefused' })
  expect([image(), replicas()]).toEqual([before, 3])
  await change({ version: '0.1.0' })
  expect([status('VersionSupported')?.status, status('Ready')?.status]).toEqual(['True', 'True'])
})

test('patch releases and candidates of this minor release run, and without a version it is the operator’s', async () => {
  await create()
  expect(image()).toMatch(/:0\.1\.0$/)
  for (const version of ['0.1.7', '0.1.8-rc.1']) {
    await change({ version })
    expect(status('Ready')?.status).toBe('True')
    expect(image().endsWith(`:${version}`)).toBe(true)
  }
})
