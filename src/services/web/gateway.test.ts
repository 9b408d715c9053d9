import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttp } from '../../kit/http.ts'
import { createLogger } from '../../kit/log.ts'
import { serveGateway } from './gateway.ts'

/** The gateway before some services, for as long as it is asked. */
async function through<T>(env: Record<string, string>, ask: (base: string) => Promise<T>): Promise<T> {
  const { app } = createHttp({ service: 'web', log: createLogger('web', 'silent') })
  await serveGateway(app, env)
  const base = await app.listen({ port: 0, host: '127.0.0.1' })
  try {
    return await ask(base)
  } finally {
    await app.close()
  }
}

test('a service that cannot be reached is a passing trouble, named, with when to ask again; one that hangs up, too', async () => {
  const hangsUp = createServer(request => request.socket.destroy())
  await new Promise<void>(up => hangsUp.listen(0, '127.0.0.1', up))
  const env = {
    REALTIME_URL: 'http://127.0.0.1:1',
    BACKEND_URL: `http://127.0.0.1:${(hangsUp.address() as AddressInfo).port}`,
  }
  await through(env, async base => {
    for (const [path, service] of [
      ['/api/v1/events/stream', 'realtime'],
      ['/api/v1/tasks', 'backend'],
    ] as const) {
      const answer = await fetch(base + path)
      expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '1'])
      const { code, detail } = (await answer.json()) as { code: string; detail: string }
      expect([code, detail]).toEqual(['TEP4211', expect.stringContaining(`The ${service} service`)])
    }
  })
  hangsUp.close()
})

test('the first prefix that fits decides who answers; who is switched off is not there', async () => {
  const told = createServer((request, response) => void response.end(request.url))
  await new Promise<void>(up => told.listen(0, '127.0.0.1', up))
  await through({ BACKEND_URL: `http://127.0.0.1:${(told.address() as AddressInfo).port}` }, async base => {
    expect(await (await fetch(`${base}/api/v1/tasks?q=a%20b`)).text()).toBe('/api/v1/tasks?q=a%20b')
    expect((await fetch(`${base}/nothing`)).status).toBe(404)
  })
  told.close()
})
