import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '../kube-api/api.ts'
import { type KubeApi, openKubeApi } from '../kube-api/index.ts'
import { type EmbeddedNode, startNode } from './index.ts'
import { DEPLOYMENT, type Deployment, JOB, POD, type Pod } from './types.ts'

/** An app as small as can be: serves its variables, tells when it is asked to stop, crashes when told to. */
const APP = `
import http from 'node:http'
const [mode] = process.argv.slice(2)
console.log('hello from ' + mode)
if (mode === 'migrate') process.exit(0)
if (mode === 'fail') process.exit(3)
process.on('SIGTERM', () => { console.log('bye'); process.exit(0) })
http.createServer((q, r) => r.end(JSON.stringify({ pid: process.pid, env: process.env }))).listen(Number(process.env.PORT), '127.0.0.1')
`

let folder: string
let api: KubeApi
let node: EmbeddedNode
const errors: unknown[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'node-'))
  writeFileSync(join(folder, 'app.mjs'), APP)
  api = await openKubeApi({ store: 'memory' })
  node = await startNode({
    client: api.client,
    folder: join(folder, 'pods'),
    images: { app: { command: process.execPath, args: [join(folder, 'app.mjs')] } },
    startSidecar: async () => ({ httpPort: 1, publicPort: 2, drain: async () => {}, stop: async () => {} }),
    onError: (_source, _key, error) => void errors.push(error),
  })
})

afterAll(async () => {
  await node.stop()
  await api.close()
  rmSync(folder, { recursive: true, force: true })
  expect(errors).toEqual([])
})

const probe = { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 }
const deployment = (
  name: string,
  more: { env?: object[]; replicas?: number; annotations?: Record<string, string> } = {},
): Deployment => ({
  ...DEPLOYMENT,
  metadata: { name, namespace: 'default' },
  spec: {
    replicas: more.replicas ?? 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, annotations: more.annotations ?? {} },
      spec: {
        terminationGracePeriodSeconds: 5,
        containers: [
          {
            name: 'app',
            image: 'registry.example.com/team/app:1',
            args: ['serve'],
            ports: [{ name: 'http', containerPort: 8080 }],
            env: [{ name: 'PORT', value: '8080' }, ...((more.env ?? []) as { name: string; value: string }[])],
            readinessProbe: probe,
          },
        ],
      },
    },
  },
})

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await look()
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  throw new Error(`${what} did not come`)
}

const podsOf = (name: string): Promise<Pod[]> => api.client.list<Pod>(POD, 'default', { labelSelector: `app=${name}` })
const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(each => each.type === 'Ready' && each.status === 'True') ?? false
const readyPod = (name: string): Promise<Pod> =>
  until(`a ready pod of ${name}`, async () => (await podsOf(name)).find(isReady))
const settled = (name: string, generation: number): Promise<Deployment> =>
  until(`deployment ${name}`, async () => {
    const found = await api.client.get<Deployment>(DEPLOYMENT, 'default', name)
    const { status, spec } = found!
    return (
      status?.observedGeneration === generation &&
      status.replicas === spec!.replicas &&
      status.availableReplicas === spec!.replicas &&
      status.updatedReplicas === spec!.replicas &&
      found
    )
  })
const apply = (object: KubeObject): Promise<KubeObject> =>
  api.client.apply(object, { fieldManager: 'test', force: true })
const service = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { selector: { app: name }, ports: [{ port: 8080, targetPort: 'http' }] },
})
const ask = async (port: number): Promise<{ pid: number; env: Record<string, string> }> =>
  (await fetch(`http://127.0.0.1:${port}/`)).json() as Promise<{ pid: number; env: Record<string, string> }>

test('a Deployment becomes ready pods that a Service leads to; killed, a pod starts again and is found again', async () => {
  await apply(service('web'))
  await apply(deployment('web'))
  await settled('web', 1)
  const port = await node.services.localPort('default', 'web', 8080)
  const { pid } = await ask(port)
  process.kill(pid, 'SIGKILL')
  const pod = await until('a restart', async () =>
    (await podsOf('web')).find(each => each.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(each)),
  )
  expect(pod.status?.containerStatuses?.[0]?.lastState).toMatchObject({ terminated: { exitCode: 137, signal: 9 } })
  expect((await ask(port)).pid).not.toBe(pid)
})

test('a pod that is deleted is stopped with grace and replaced', async () => {
  await apply(deployment('gone'))
  const before = await readyPod('gone')
  await api.client.delete(POD, 'default', before.metadata.name)
  const after = await until('another pod', async () =>
    (await podsOf('gone')).find(pod => isReady(pod) && pod.metadata.uid !== before.metadata.uid),
  )
  expect(after.metadata.name).not.toBe(before.metadata.name)
  await until('the old pod to go', async () => (await podsOf('gone')).length === 1)
})

test('a new template rolls: the old pod leaves only when the new one is ready', async () => {
  await apply(deployment('roll', { env: [{ name: 'COLOUR', value: 'red' }] }))
  await settled('roll', 1)
  const seen: number[] = []
  const stop = api.client.watch<Pod>(POD, { namespace: 'default', labelSelector: 'app=roll' }, async event => {
    if (event.type !== 'SYNCED') seen.push((await podsOf('roll')).filter(isReady).length)
  })
  await apply(deployment('roll', { env: [{ name: 'COLOUR', value: 'blue' }] }))
  await settled('roll', 2)
  stop()
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(1)
  await apply(service('roll'))
  expect((await ask(await node.services.localPort('default', 'roll', 8080))).env['COLOUR']).toBe('blue')
})

test('a container whose Secret is missing waits and says so, and starts when the Secret comes', async () => {
  const env = [
    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'late', key: 'password' } } },
    { name: 'URL', value: 'http://$(NAME):$(PASSWORD)@web.default.svc:8080/$$(x)' },
  ]
  await apply(deployment('secretive', { env: [{ name: 'NAME', value: 'me' }, ...env] }))
  const waiting = await until('the wait', async () =>
    (await podsOf('secretive')).find(
      pod => pod.status?.containerStatuses?.[0]?.state['waiting']?.['reason'] === 'CreateContainerConfigError',
    ),
  )
  expect(waiting.status?.containerStatuses?.[0]?.state['waiting']?.['message']).toBe('secret "late" not found')
  await apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'late', namespace: 'default' },
    stringData: { password: 'pw' },
  })
  await apply(service('secretive'))
  await settled('secretive', 1)
  const port = await node.services.localPort('default', 'secretive', 8080)
  const web = await node.services.localPort('default', 'web', 8080)
  expect((await ask(port)).env).toMatchObject({ PASSWORD: 'pw', URL: `http://me:pw@127.0.0.1:${web}/$(x)` })
})

test('an annotated pod gets a sidecar, and its app learns where, but not the token between them', async () => {
  await apply(service('dapr'))
  await apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'dapr-token', namespace: 'default' },
    stringData: { token: 'token' },
  })
  await apply(
    deployment('dapr', {
      annotations: {
        'dapr.io/enabled': 'true',
        'dapr.io/app-id': 'dapr-app',
        'dapr.io/app-port': '8080',
        'dapr.io/api-token-secret': 'dapr-token',
        'dapr.io/app-token-secret': 'dapr-token',
      },
    }),
  )
  await settled('dapr', 1)
  const pod = await readyPod('dapr')
  expect(pod.status?.containerStatuses?.map(status => status.name)).toEqual(['app', 'daprd'])
  const { env } = await ask(await node.services.localPort('default', 'dapr', 8080))
  expect(env['DAPR_HTTP_PORT']).toBe('1')
  expect(Object.keys(env).filter(name => name.endsWith('_API_TOKEN'))).toEqual([])
  const ports = JSON.parse(pod.metadata.annotations!['embedded.todo.events/ports']!)
  expect(ports).toEqual({ 3500: 1, 3501: 2, 8080: expect.any(Number) })
  expect(node.addressOfApp('dapr-app', 'default')).toEqual({ host: '127.0.0.1', port: expect.any(Number) })
  expect(node.addressOfApp('dapr-app', 'elsewhere')).toBeUndefined()
})

test('logs are read from the start, by tail, and of the run before', async () => {
  await apply(deployment('logs'))
  const pod = await readyPod('logs')
  const read = async (options: { previous?: boolean; tailLines?: number }): Promise<string> => {
    const stream = node.podLogs(
      { namespace: 'default', pod: pod.metadata.name },
      { follow: false, previous: false, timestamps: false, ...options },
      new AbortController().signal,
    )
    const chunks: Uint8Array[] = []
    for await (const chunk of stream!) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }
  expect(await read({})).toBe('hello from serve\n')
  process.kill(Number(String(pod.status!.containerStatuses![0]!.containerID).replace('process://', '')), 'SIGTERM')
  await until('the restart', async () =>
    (await podsOf('logs')).find(each => each.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(each)),
  )
  expect(await read({ previous: true, tailLines: 1 })).toBe('bye\n')
  expect(
    node.podLogs(
      { namespace: 'default', pod: 'nobody' },
      { follow: false, previous: false, timestamps: false },
      new AbortController().signal,
    ),
  ).toBeUndefined()
})

const job = (name: string, mode: string): KubeObject => ({
  ...JOB,
  metadata: { name, namespace: 'default' },
  spec: {
    backoffLimit: 1,
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'app:1', args: [mode] }] } },
  },
})

test('a Job completes, or fails after its tries', async () => {
  await apply(job('fine', 'migrate'))
  await apply(job('broken', 'fail'))
  const condition = (name: string): Promise<string> =>
    until(`the end of ${name}`, async () => {
      const found = await api.client.get<KubeObject<unknown, { conditions?: { type: string }[] }>>(JOB, 'default', name)
      return found?.status?.conditions?.[0]?.type
    })
  expect(await condition('fine')).toBe('Complete')
  expect(await condition('broken')).toBe('Failed')
})

test('scaled to none, nothing runs', async () => {
  await apply(deployment('small'))
  await settled('small', 1)
  await apply(deployment('small', { replicas: 0 }))
  await until('no pods', async () => (await podsOf('small')).length === 0)
})
