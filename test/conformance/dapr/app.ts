/** The app beside a sidecar: answers by a script, remembers what came. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, JsonObject } from './row.ts'

export interface Received {
  method: string
  /** Without the query. */
  path: string
  query: string
  headers: Record<string, string>
  body: string
}

export interface App {
  readonly port: number
  readonly received: readonly Received[]
  /** Sets what is answered at a path. */
  script(path: string, answers: readonly Answer[]): void
  close(): Promise<void>
}

/** What the libraries of two languages do differently, and tracing. */
const INCIDENTAL = new Set([
  ...['host', 'user-agent', 'content-length', 'accept-encoding', 'connection', 'transfer-encoding', 'accept'],
  ...['traceparent', 'tracestate', 'grpc-trace-bin', 'accept-language', 'sec-fetch-mode'],
])

const headersOf = (raw: NodeJS.Dict<string | string[]>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(raw)
      .filter(([name]) => !INCIDENTAL.has(name))
      .map(([name, value]) => [name, String(value)])
      .toSorted(([a], [b]) => (a! < b! ? -1 : 1)),
  )

/** Listens on 127.0.0.1. `subscriptions` answers `/dapr/subscribe`; what no script knows is 200 for POST, else 404. */
export async function startApp(subscriptions: readonly JsonObject[]): Promise<App> {
  const received: Received[] = []
  const scripts = new Map<string, Answer[]>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const url = new URL(request.url ?? '/', 'http://app')
    const call: Received = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.search,
      headers: headersOf(request.headers),
      body: Buffer.concat(chunks).toString(),
    }
    if (url.pathname === '/dapr/subscribe') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(subscriptions))
      return
    }
    received.push(call)
    const script = scripts.get(url.pathname)
    const answer = script && (script.length > 1 ? script.shift() : script[0])
    if (!answer) {
      response.writeHead(request.method === 'POST' ? 200 : 404).end()
      return
    }
    if (answer.after) await sleep(answer.after)
    if (answer.hangUp) {
      request.socket.destroy()
      return
    }
    const body = answer.echo ? call : answer.body
    const isText = body === undefined || typeof body === 'string'
    response.writeHead(answer.status ?? 200, {
      ...(isText ? {} : { 'content-type': 'application/json' }),
      ...answer.headers,
    })
    response.end(isText ? body : JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    received,
    script: (path, answers) => void scripts.set(path, [...answers]),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
