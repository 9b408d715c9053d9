/** What the chart's hooks and `helm test` run in the controller's image, against the embedded API server. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runCommand } from '../controller/commands/index.ts'
import { systemClock } from '../controller/kube/clock.ts'
import type { KubeObject } from '../controller/kube/objects.ts'
import { crdOf, RELEASE_ANNOTATION } from '../src/contracts/platform/crd.ts'
import { type KubeApi, openKubeApi } from '../src/local/kube-api/index.ts'
import { inProcess } from './support/in-process.ts'
import { platformOf } from './support/platforms.ts'

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }
const PLATFORM = { apiVersion: 'todo.events/v1alpha1', kind: 'TodoEventPlatform' }
const NAME = 'todoeventplatforms.todo.events'

let api: KubeApi
beforeEach(async () => {
  api = await openKubeApi({ store: 'memory' })
  for (const name of ['todo', 'other'])
    await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as never)
})
afterEach(() => api.close())

async function run(command: string, ...flags: string[]): Promise<{ code: number; said: string }> {
  const said: string[] = []
  const code = await runCommand(['node', 'controller', command, ...flags], {
    transport: inProcess(api),
    clock: systemClock,
    version: '0.2.0',
    say: line => said.push(line),
  })
  return { code, said: said.join('\n') }
}
const crd = async (): Promise<KubeObject> => (await api.client.get(CRD, undefined, NAME)) as unknown as KubeObject
const chatOf = ({ spec }: KubeObject): unknown =>
  spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.chat

/** As an earlier release left it: without a field of today. */
async function install(release: string): Promise<void> {
  const older = structuredClone(crdOf(release)) as never as KubeObject
  delete older['spec'].versions[0].schema.openAPIV3Schema.properties.spec.properties.chat
  await api.client.apply(older as never, { fieldManager: 'helm', force: true })
}

test('apply-crds installs the CRD, and changes nothing the second time', async () => {
  expect(await run('apply-crds')).toEqual({ code: 0, said: `${NAME} installed: release 0.2.0 is served` })
  const { resourceVersion } = (await crd()).metadata
  expect((await run('apply-crds')).code).toBe(0)
  expect((await crd()).metadata.resourceVersion).toBe(resourceVersion)
})

test('apply-crds brings the CRD of an earlier release to this one, and keeps the platforms', async () => {
  await install('0.1.0')
  await api.client.create(platformOf() as never)
  expect(chatOf(await crd())).toBeUndefined()
  expect(await run('apply-crds')).toEqual({ code: 0, said: `${NAME} upgraded: release 0.2.0 is served` })
  expect(chatOf(await crd())).toBeDefined()
  expect((await crd()).metadata.annotations).toMatchObject({
    [RELEASE_ANNOTATION]: '0.2.0',
    'helm.sh/resource-policy': 'keep',
  })
  expect(await api.client.get(PLATFORM, 'todo', 'todo')).toBeDefined()
})

test('apply-crds leaves the CRD of a newer release as it is', async () => {
  await install('0.3.0')
  const before = await crd()
  const { code, said } = await run('apply-crds')
  expect([code, said]).toEqual([0, `${NAME} is of release 0.3.0, newer than 0.2.0: left as it is`])
  expect(await crd()).toEqual(before)
})

test('guard-uninstall lets the operator go where no platform lives, and where the CRD is gone', async () => {
  expect((await run('guard-uninstall')).code).toBe(0)
  await run('apply-crds')
  expect((await run('guard-uninstall')).code).toBe(0)
  await api.client.create(platformOf() as never)
  expect((await run('guard-uninstall', '--namespaces', 'other')).code).toBe(0)
})

test.each([[[]], [['--namespaces', 'other,todo']]])(
  'guard-uninstall %j refuses while a platform lives, with the command to run',
  async flags => {
    await run('apply-crds')
    await api.client.create(platformOf() as never)
    const { code, said } = await run('guard-uninstall', '--keep', 'helm rollback todo 3', ...flags)
    expect(code).toBe(1)
    expect(said).toMatch(
      /^TEP5301: .*\nkubectl delete tep todo --namespace todo\nOr keep the operator:\nhelm rollback todo 3$/,
    )
  },
)

test('guard-uninstall with --seconds waits for the last one to go', async () => {
  await run('apply-crds')
  await api.client.create(platformOf() as never)
  const waiting = run('guard-uninstall', '--seconds', '30')
  await api.client.delete(PLATFORM, 'todo', 'todo')
  expect(await waiting).toMatchObject({ code: 0, said: expect.stringMatching(/the operator may go$/) })
})

describe('check', () => {
  let server: Server
  let answers: Record<string, number>
  beforeEach(async () => {
    answers = { '/healthz/ready': 200, '/healthz/watches': 200 }
    server = createServer((request, response) => response.writeHead(answers[request.url!] ?? 404).end('text'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    await run('apply-crds')
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })
  const look = () =>
    run(
      'check',
      ...['--lease-namespace', 'todo', '--seconds', '0'],
      ...['--address', `http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    )
  const lease = (renewTime: Date) =>
    api.client.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'todo-event-platform', namespace: 'todo' },
      spec: {
        holderIdentity: 'pod-1',
        leaseDurationSeconds: 15,
        renewTime: renewTime.toISOString().replace('Z', '000Z'),
      },
    } as never)

  test('is content with a whole CRD, a leader and a Service that answers', async () => {
    await lease(new Date())
    const { code, said } = await look()
    expect([code, said.split('\n')[1]]).toEqual([0, 'ok: a pod leads (pod-1)'])
  })

  test.each([
    ['nobody leads', async () => {}, /nobody holds the Lease/],
    ['the leader is gone', () => lease(new Date(Date.now() - 60_000)), /nobody holds the Lease/],
    [
      'the CRD is old',
      async () => {
        await lease(new Date())
        await install('0.1.0')
      },
      /the CRD lacks spec\.chat/,
    ],
    [
      'a watch is stale',
      async () => {
        await lease(new Date())
        answers['/healthz/watches'] = 503
      },
      /watches answers 503/,
    ],
  ] as const)('fails when %s', async (_what, spoil, said) => {
    await spoil()
    const result = await look()
    expect(result.code).toBe(1)
    expect(result.said).toMatch(/TEP5303: not so/)
    expect(result.said).toMatch(said)
  })
})
