import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Authenticate } from '../../kit/auth.ts'
import { admit, positionOf, wantsPresence } from './access.ts'
import { coalesce } from './coalesce.ts'
import { untilExpired } from './expiry.ts'
import type { Hub } from './hub.ts'
import type { Transport } from './outlet.ts'
import type { Presence } from './presence.ts'
import { formatPosition } from './stream.ts'

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Reverse proxies (nginx) would hold frames back.
  'x-accel-buffering': 'no',
}

/** Server-sent events (HTML Living Standard §9.2). Events have no name, so `onmessage` gets them; `hello` has one. */
function sseTransport(response: ServerResponse): Transport {
  const hold = coalesce(response)
  const write = (text: string): void => {
    hold()
    response.write(text)
  }
  return {
    hello: hello => write(`event: hello\nid: ${formatPosition(hello)}\ndata: ${JSON.stringify(hello)}\n\n`),
    frame: (position, event) => write(`id: ${formatPosition(position)}\ndata: ${event}\n\n`),
    presence: frame => write(`event: presence\ndata: ${JSON.stringify(frame)}\n\n`),
    ping: () => write(': ping\n\n'),
    pending: () => response.writableLength,
    close: why => (why === 'slow' ? response.destroy() : response.end()),
  }
}

export function serveStream(
  app: FastifyInstance,
  path: string,
  hub: Hub,
  presence: Presence,
  authenticate: Authenticate,
): void {
  app.get(path, async (request, reply) => {
    const query = new URL(request.url, 'http://service').searchParams
    const asked = { headers: request.headers, query }
    const { userId, expires } = await admit(authenticate, asked)
    const response = reply.raw
    // Only once the hub has let the client in: before, a refusal is still an ordinary answer.
    const begin = (): void => {
      reply.hijack()
      response.writeHead(200, { ...HEADERS, 'x-request-id': request.id })
    }
    const transport = sseTransport(response)
    const subscription = hub.follow(userId, positionOf(asked), {
      ...transport,
      presence: wantsPresence({ query }) ? transport.presence : () => {},
      hello(hello) {
        if (!response.headersSent) begin()
        transport.hello(hello)
      },
    })
    presence.join(userId, { client: subscription.client, transport: 'sse', since: new Date().toISOString() })
    const cancelExpiry = untilExpired(expires, () => transport.close('expired'))
    response.on('drain', () => subscription.drained())
    response.on('close', () => {
      cancelExpiry()
      subscription.end()
      presence.leave(userId, subscription.client)
    })
  })
}
