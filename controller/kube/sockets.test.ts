import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KubeConfig } from '@kubernetes/client-node'
import { KubeClient } from './client.ts'
import { systemClock } from './clock.ts'
import type { KubeError } from './errors.ts'
import { systemRandom } from './random.ts'
import { WIDGET, widget } from './test-support.ts'
import { kubeConfigTransport } from './transport.ts'
import { listWatch } from './watch.ts'

type Handle = (request: IncomingMessage, response: ServerResponse) => void

/** A server on a real socket; discovery and lists are answered, watches are the test's. */
async function serving(onWatch: Handle) {
  const tokens: (string | undefined)[] = []
  const watches = new Set<object>()
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization)
    const url = request.url ?? ''
    if (url === '/apis') response.end(JSON.stringify({ kind: 'APIGroupList', groups: [] }))
    else if (url.endsWith('/apis/test.dev/v1'))
      response.end(JSON.stringify({ resources: [{ name: 'widgets', kind: 'Widget', namespaced: true }] }))
    else if (!url.includes('watch=true'))
      response.end(JSON.stringify({ metadata: { resourceVersion: '5' }, items: [] }))
    else {
      watches.add(response)
      response.on('close', () => watches.delete(response))
      onWatch(request, response)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  let token = 0
  const config = {
    getCurrentCluster: () => ({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    applyToHTTPSOptions: async (options: { headers: Record<string, string> }) => {
      token += 1
      options.headers['authorization'] = `Bearer ${token}`
    },
  } as unknown as KubeConfig
  const close = () =>
    new Promise(resolve => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { client: new KubeClient(kubeConfigTransport(config), { timeoutMs: 500 }), tokens, watches, close }
}

const line = (name: string, version: number): string =>
  `${JSON.stringify({ type: 'ADDED', object: widget(name, version) })}\n`

/** Watches until `enough` objects came; tells what came and what went wrong. */
async function watched(onWatch: Handle, enough: number) {
  const { client, tokens, watches, close } = await serving(onWatch)
  const stop = new AbortController()
  const seen: string[] = []
  const troubles: KubeError['code'][] = []
  await listWatch(
    client,
    { kind: WIDGET, signal: stop.signal, clock: systemClock, random: systemRandom, streaming: false },
    {
      replace: () => {},
      upsert: ({ metadata }) => {
        seen.push(metadata.name)
        if (seen.length >= enough) stop.abort()
      },
      remove: () => {},
      trouble: ({ code }) => troubles.push(code),
    },
  )
  for (let tries = 0; watches.size > 0 && tries < 100; tries++) await new Promise(resolve => setTimeout(resolve, 10))
  const open = watches.size
  await close()
  return { seen, troubles, tokens, open }
}

const rest: Handle = (request, response) => {
  response.write(
    new URL(request.url!, 'http://x').searchParams.get('resourceVersion') === '6' ? line('b', 7) : line('b', 0),
  )
}

test.each<[string, Handle]>([
  ['reset', (_request, response) => response.write(line('a', 6), () => response.socket?.resetAndDestroy())],
  [
    'closed inside an event',
    (_request, response) => response.write(line('a', 6) + line('b', 7).slice(0, 20), () => response.socket?.destroy()),
  ],
  ['ended inside an event', (_request, response) => response.end(line('a', 6) + line('b', 7).slice(0, 20))],
])('a connection that is %s loses nothing and leaks no socket', async (_name, first) => {
  let watches = 0
  const { seen, troubles, open } = await watched(
    (request, response) => (watches++ === 0 ? first : rest)(request, response),
    2,
  )
  expect([seen, troubles, open]).toEqual([['a', 'b'], ['Unreachable'], 0])
})

test('a server that accepts and never answers is left, and asked again with the token of the moment', async () => {
  let watches = 0
  const { seen, tokens } = await watched(
    (_request, response) => void (watches++ > 0 && response.write(line('a', 6))),
    1,
  )
  expect(seen).toEqual(['a'])
  expect(new Set(tokens).size).toBe(tokens.length)
})

test('an object of 1.5 MB whose characters are cut by packets arrives whole', async () => {
  const large = widget('large', 6, { text: 'é😀'.repeat(250_000) })
  const { client, close } = await serving((_request, response) => {
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: large })}\n`)
    const cuts = Array.from({ length: 16 }, (_, index) => bytes.subarray(index * 100_001, (index + 1) * 100_001))
    for (const cut of cuts) response.write(cut)
  })
  const stop = new AbortController()
  const got = Promise.withResolvers<unknown>()
  const done = listWatch(
    client,
    { kind: WIDGET, signal: stop.signal, clock: systemClock, random: systemRandom, streaming: false },
    { replace: () => {}, upsert: got.resolve, remove: () => {} },
  )
  expect(await got.promise).toEqual(large)
  stop.abort()
  await done
  await close()
})

test('nobody there is Unreachable, to be tried again', async () => {
  const { client, close } = await serving(() => {})
  await close()
  await expect(client.get(WIDGET, 'a', 'b')).rejects.toMatchObject({ code: 'Unreachable', retry: 'backoff' })
})

test('requests that follow each other share a connection; a read on one that the server closed meanwhile is made again', async () => {
  const sockets = new Set<unknown>()
  let closing = false
  const server = createServer((request, response) => {
    if (closing && sockets.has(request.socket)) return request.socket.destroy()
    sockets.add(request.socket)
    const discovery = { resources: [{ name: 'widgets', kind: 'Widget', namespaced: true }] }
    response.end(JSON.stringify(request.url!.endsWith('/v1') ? discovery : widget('a', 1)))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const config = {
    getCurrentCluster: () => ({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    applyToHTTPSOptions: async () => {},
  } as unknown as KubeConfig
  const client = new KubeClient(kubeConfigTransport(config))
  const read = async () => (await client.get(WIDGET, 'a', 'a'))?.metadata.name
  expect([await read(), await read(), sockets.size]).toEqual(['a', 'a', 1])
  closing = true
  expect([await read(), sockets.size]).toEqual(['a', 2])
  await expect(client.apply(widget('a', 1), { fieldManager: 'me', reason: 'Test' })).rejects.toMatchObject({
    code: 'Unreachable',
  })
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})
