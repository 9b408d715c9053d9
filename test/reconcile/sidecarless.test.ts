/** Pods that the injector missed, in simulated time. */
import { KINDS, PLATFORM_LABEL } from '../../controller/platform/platform.ts'
import { NAMESPACE, platform, SPEC } from '../fault/scenarios.ts'
import { type Cluster, startCluster } from './cluster.ts'

const POD = { apiVersion: 'v1', kind: 'Pod' }

let cluster: Cluster
beforeEach(async () => {
  cluster = await startCluster()
  await cluster.people.create(platform('todo', SPEC as never) as never)
  await cluster.rest()
})
afterEach(() => cluster.close())

const start = (name: string, component: string, ...more: string[]): Promise<unknown> =>
  cluster.people.create({
    ...POD,
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: { [PLATFORM_LABEL]: 'todo', 'app.kubernetes.io/component': component },
      annotations: { 'dapr.io/enabled': String(component !== 'web' && component !== 'migrations') },
    },
    spec: {
      // On no node: nobody has to wait for a kubelet when it is deleted.
      containers: [{ name: component, image: 'x' }],
      initContainers: more.map(container => ({ name: container, image: 'x', restartPolicy: 'Always' })),
    },
  } as never)
const pods = (): string[] => cluster.list(POD).map(({ metadata }) => metadata.name)

test('a pod without a sidecar is deleted, so that its Deployment makes another; one with it, and one that needs none, stay', async () => {
  await start('backend-1', 'backend')
  await start('audit-1', 'audit', 'daprd')
  await start('web-1', 'web')
  await start('migrations-1', 'migrations')
  await cluster.rest()
  expect(pods().sort()).toEqual(['audit-1', 'migrations-1', 'web-1'])
})

test('while the injector stays away, pods are replaced ever more slowly, and at once when it has been back', async () => {
  const deletedAt: number[] = []
  const until = cluster.elapsed() + 600_000
  for (let number = 0; cluster.elapsed() < until; ) {
    if (pods().length === 0) {
      deletedAt.push(cluster.elapsed())
      await start(`backend-${number++}`, 'backend')
    }
    await cluster.pass(1_000)
  }
  const pauses = deletedAt.slice(2).map((at, index) => Math.round((at - deletedAt[index + 1]!) / 1_000))
  for (const [index, pause] of pauses.entries()) expect(pause).toBeGreaterThan((pauses[index - 1] ?? 5) * 1.5)
  expect(pauses.length).toBeGreaterThan(3)

  await start('backend-good', 'backend', 'daprd')
  await cluster.people.delete(POD as never, NAMESPACE, pods().find(name => name !== 'backend-good')!)
  await cluster.pass(2_000)
  await start('backend-bad', 'backend')
  await cluster.pass(2_000)
  expect(pods()).toEqual(['backend-good'])
})

test('a suspended platform’s pods are left alone', async () => {
  await cluster.people.merge(KINDS.platform, NAMESPACE, 'todo', { spec: { suspend: true } })
  await cluster.rest()
  await start('backend-1', 'backend')
  await cluster.rest()
  expect(pods()).toEqual(['backend-1'])
})
