import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppChannel } from './app-channel.ts'

test('a connection is closed by this end before a server of five seconds does, and a slow answer is waited for', async () => {
  const server = createServer(async (request, response) => {
    if (request.url === '/slow') await sleep(4_500)
    response.end('done')
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
  const channel = new AppChannel('127.0.0.1', (server.address() as AddressInfo).port, undefined)
  const open = (): Promise<number> =>
    new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))))
  try {
    expect((await channel.call({ method: 'GET', path: '/slow' })).body.toString()).toBe('done')
    expect(await open()).toBe(1)
    await sleep(4_800)
    expect(await open()).toBe(0)
  } finally {
    channel.close()
    server.close()
  }
}, 30_000)
