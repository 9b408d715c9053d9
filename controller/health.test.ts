import type { AddressInfo } from 'node:net'
import { type Health, serveHealth } from './health.ts'

const healthy: Health = {
  ready: () => true,
  staleness: () => [{ kind: 'Kafka', seconds: 12 }],
  metrics: async () => 'workqueue_depth 0\n',
  metricsType: 'text/plain; version=0.0.4',
  view: () => undefined,
}

async function asked(health: Partial<Health>, path: string): Promise<{ status: number; type: string; text: string }> {
  const server = await serveHealth({ ...healthy, ...health }, '127.0.0.1', 0)
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() }
  } finally {
    server.close()
  }
}

test('it is alive whatever it knows of the cluster: a restart would teach it nothing', async () => {
  const lost = { ready: () => false, staleness: () => [{ kind: 'Kafka', seconds: 4_000 }] }
  expect(await asked(lost, '/healthz/live')).toMatchObject({ status: 200 })
})

test('it is ready when every kind was listed', async () => {
  expect(await asked({ ready: () => false }, '/healthz/ready')).toMatchObject({ status: 503 })
  expect(await asked({}, '/healthz/ready')).toMatchObject({ status: 200 })
})

test('watches that have not heard the server for longer than any watch lives are named', async () => {
  const staleness = (): ReturnType<Health['staleness']> => [
    { kind: 'Kafka', seconds: 329 },
    { kind: 'Secret', namespace: 'todo', seconds: 331.4 },
  ]
  const answer = await asked({ staleness }, '/healthz/watches')
  expect(answer.status).toBe(503)
  expect(answer.text).toContain('Secret in todo for 331 s')
  expect(answer.text).not.toContain('Kafka')
  expect(await asked({}, '/healthz/watches')).toMatchObject({ status: 200 })
})

test('metrics are served with their type, and nothing else is served', async () => {
  expect(await asked({}, '/metrics')).toEqual({ status: 200, type: healthy.metricsType, text: 'workqueue_depth 0\n' })
  expect(await asked({}, '/')).toMatchObject({ status: 404 })
})

test('a taken port is told to whoever starts it', async () => {
  const first = await serveHealth(healthy, '127.0.0.1', 0)
  await expect(serveHealth(healthy, '127.0.0.1', (first.address() as AddressInfo).port)).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
  first.close()
})
