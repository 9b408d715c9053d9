import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type EventLog, openLog } from '../log/index.ts'
import { eventually } from '../log/testing.ts'
import {
  type JobScheduler,
  memoryDaprResources,
  openJobScheduler,
  type Sidecar,
  type SidecarOptions,
  startSidecar,
} from './index.ts'

export interface Call {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

export type Answer = { status?: number; body?: unknown; headers?: Record<string, string> } | undefined

/** A small app: records what it gets and answers what the test says. */
export interface TestApp {
  port: number
  calls: Call[]
  /** Calls of one path, as parsed JSON. */
  events(path: string): Record<string, unknown>[]
  answer: (call: Call) => Answer | Promise<Answer>
  close(): Promise<void>
}

export async function startApp(answer: TestApp['answer'] = () => undefined): Promise<TestApp> {
  const app: TestApp = {
    port: 0,
    calls: [],
    answer,
    events: path =>
      app.calls.filter(call => call.path === path && call.method === 'POST').map(call => JSON.parse(call.body)),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = request
    const call = { method, path: url, headers, body: Buffer.concat(chunks).toString() }
    app.calls.push(call)
    const given = await app.answer(call)
    if (given === undefined && url === '/dapr/subscribe') response.writeHead(404).end()
    else {
      const body = given?.body
      response.writeHead(given?.status ?? 200, given?.headers)
      response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  app.port = (server.address() as AddressInfo).port
  return app
}

export const kafkaComponent = (metadata: Record<string, string> = {}, extra: object = {}) => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'kafka-pubsub' },
  spec: {
    type: 'pubsub.kafka',
    version: 'v1',
    metadata: Object.entries({
      brokers: 'todo-kafka-bootstrap.default.svc:9092',
      authType: 'none',
      initialOffset: 'oldest',
      backOffDuration: '10ms',
      ...metadata,
    }).map(([name, value]) => ({ name, value })),
  },
  ...extra,
})

export const component = (name: string, type: string, metadata: object[] = [], version = 'v1') => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: { name },
  spec: { type, version, metadata },
})

export const subscription = (topic: string, spec: object = {}, extra: object = {}) => ({
  apiVersion: 'dapr.io/v2alpha1',
  kind: 'Subscription',
  metadata: { name: `on-${topic}` },
  spec: { pubsubname: 'kafka-pubsub', topic, routes: { default: `/events/${topic}` }, ...spec },
  ...extra,
})

export const resiliency = (policies: object, targets: object) => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Resiliency',
  metadata: { name: 'resiliency' },
  spec: { policies, targets },
})

export interface Place {
  log: EventLog
  jobs: JobScheduler
  resources: ReturnType<typeof memoryDaprResources>
  sidecar: Sidecar
  lines: Record<string, unknown>[]
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  publish(topic: string, data: unknown, query?: string, contentType?: string): Promise<Response>
  start(more?: Partial<SidecarOptions>): Promise<Sidecar>
  healthy(sidecar?: Sidecar): Promise<void>
  close(): Promise<void>
}

/** A sidecar over an in-memory log with one topic `t` of one partition. */
export async function startPlace(
  objects: object[],
  options: Partial<SidecarOptions> & { app?: TestApp } = {},
): Promise<Place> {
  const log = options.log ?? openLog({ file: ':memory:' })
  const cluster = log.cluster('default/todo')
  if (!cluster.running) cluster.start()
  if (!cluster.describeTopic('t')) cluster.createTopic({ name: 't' })
  const jobs = options.jobs ?? openJobScheduler({ file: ':memory:', ...(options.clock && { clock: options.clock }) })
  const resources = memoryDaprResources(objects)
  const lines: Record<string, unknown>[] = []
  const sidecars: Sidecar[] = []
  const { app, ...rest } = options
  const start = async (more: Partial<SidecarOptions> = {}): Promise<Sidecar> => {
    const sidecar = await startSidecar({
      appId: 'app',
      namespace: 'default',
      podName: 'app-0',
      env: {},
      ...(app && { appPort: app.port }),
      resources,
      log,
      jobs,
      resolveApp: () => undefined,
      logger: line => lines.push(line as Record<string, unknown>),
      ...rest,
      ...more,
    })
    sidecars.push(sidecar)
    return sidecar
  }
  const sidecar = await start()
  const base = `http://127.0.0.1:${sidecar.httpPort}`
  const call: Place['call'] = (method, path, body, headers) => {
    const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    return fetch(base + path, { method, ...(content !== undefined && { body: content }), ...(headers && { headers }) })
  }
  return {
    log,
    jobs,
    resources,
    sidecar,
    lines,
    call,
    publish: (topic, data, query = '', contentType = 'application/json') =>
      call('POST', `/v1.0/publish/kafka-pubsub/${topic}${query}`, data, { 'content-type': contentType }),
    start,
    healthy: async (one = sidecar) => {
      const url = `http://127.0.0.1:${one.publicPort}/v1.0/healthz`
      await eventually(async () => (await fetch(url)).status === 204)
    },
    close: async () => {
      await Promise.all(sidecars.map(one => one.stop()))
      await log.close()
      await jobs.close()
      await app?.close()
    },
  }
}
