import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type KubeApi, openKubeApi } from '../../../src/local/kube-api/index.ts'
import { inProcess } from '../../../test/support/in-process.ts'
import { KubeClient } from '../../kube/client.ts'
import { type AskPod, askDirectly, askThroughApiServer } from './door.ts'

const REPORT = { app: 'audit-service', received: [], sidecar: { answers: false, reason: 'down' } }
let server: Server
let port: number
let api: KubeApi
let answer: { status: number; body: string }
let asked: string[]
let ports: Map<number | string, number>

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  })
  await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
  port = (server.address() as AddressInfo).port
  api = await openKubeApi({
    store: 'memory',
    podPort: (_namespace, pod, wanted) => (pod === 'audit-1' ? ports.get(wanted) : undefined),
  })
  await api.client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'audit-1', namespace: 'default' },
    spec: { containers: [{ name: 'audit', image: 'audit:1' }] },
  })
})
beforeEach(() => {
  answer = { status: 200, body: JSON.stringify(REPORT) }
  asked = []
  ports = new Map([[8080, port]])
})
afterAll(async () => {
  api.close()
  server.closeAllConnections()
  await new Promise(done => server.close(done))
})

const never = new AbortController().signal
async function closedPort(): Promise<number> {
  const other = createServer()
  await new Promise<void>(up => other.listen(0, '127.0.0.1', up))
  const free = (other.address() as AddressInfo).port
  await new Promise(done => other.close(done))
  return free
}
const doors: [name: string, ask: () => ReturnType<AskPod>][] = [
  ['directly', () => askDirectly({ namespace: 'default', name: 'audit-1', ip: '127.0.0.1', port }, never)],
  [
    'through the API server',
    () =>
      askThroughApiServer(new KubeClient(inProcess(api)))(
        { namespace: 'default', name: 'audit-1', ip: '10.0.0.1', port: 8080 },
        never,
      ),
  ],
]

test.each(doors)('%s, a pod is asked one thing, and its answer comes back', async (_name, ask) => {
  expect(await ask()).toEqual(REPORT)
  expect(asked).toEqual(['GET /healthz/events'])
})

test.each(doors)('%s, an answer that is an error or no report is no answer', async (_name, ask) => {
  for (const bad of [
    { status: 503, body: '{}' },
    { status: 200, body: '<html>' },
    { status: 200, body: '{"app":"x"}' },
    { status: 200, body: 'null' },
  ]) {
    answer = bad
    await expect(ask()).rejects.toThrow()
  }
})

test('a pod that is not there, and one that does not listen, are told apart', async () => {
  const ask = askThroughApiServer(new KubeClient(inProcess(api)))
  const address = { namespace: 'default', name: 'audit-1', ip: '', port: 8080 }
  await expect(ask({ ...address, name: 'nobody' }, never)).rejects.toMatchObject({ code: 'NotFound' })
  ports = new Map()
  await expect(ask(address, never)).rejects.toThrow(/error trying to reach service/)
  ports = new Map([[8080, await closedPort()]])
  await expect(ask(address, never)).rejects.toThrow(/error trying to reach service: .*ECONNREFUSED/)
})
