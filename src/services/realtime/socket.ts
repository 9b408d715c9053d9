import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Authenticate } from '../../kit/auth.ts'
import { Problem, problemDetails } from '../../kit/problem.ts'
import { admit, BEARER_PROTOCOL, positionOf, wantsPresence } from './access.ts'
import { coalesce } from './coalesce.ts'
import { untilExpired } from './expiry.ts'
import type { Hub } from './hub.ts'
import type { CloseReason, Transport } from './outlet.ts'
import type { Presence } from './presence.ts'

/** Clients have nothing to say. */
const MAX_MESSAGE = 1024

/** 1001 going away, 1013 try again later (RFC 6455, IANA); 4401 is ours: come back with a fresh token. */
const CLOSE_CODES: Record<CloseReason, number> = { draining: 1001, slow: 1013, expired: 4401 }

/** One JSON object a message: `{type: "hello", …}`, `{type: "event", epoch, offset, event}`, or `{type: "presence", joined, left}`. */
function socketTransport(socket: WebSocket, stream: Duplex, isAlive: () => boolean): Transport {
  const hold = coalesce(stream)
  const send = (text: string): void => {
    hold()
    socket.send(text)
  }
  return {
    hello: hello => send(JSON.stringify({ type: 'hello', ...hello })),
    frame: ({ epoch, offset }, event) =>
      send(`{"type":"event","epoch":"${epoch}","offset":${offset},"event":${event}}`),
    presence: frame => send(JSON.stringify(frame)),
    ping: () => (isAlive() ? socket.ping() : socket.terminate()),
    pending: () => socket.bufferedAmount,
    close: why => (why === 'slow' ? socket.terminate() : socket.close(CLOSE_CODES[why], why)),
  }
}

function refuse(stream: Duplex, error: unknown): void {
  const problem = error instanceof Problem ? error : new Problem('TEP4201', 'The connection could not be made.')
  const body = JSON.stringify(problemDetails(problem))
  const head = `HTTP/1.1 ${problem.status} ${problem.status === 401 ? 'Unauthorized' : 'Error'}`
  stream.end(
    `${head}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

/** How long a client may take to answer a close. */
const CLOSE_PATIENCE = 2_000

/** Takes WebSocket upgrades of one path. Returns the function that ends the server side, politely and then not. */
export function serveSockets(
  server: Server,
  path: string,
  hub: Hub,
  presence: Presence,
  authenticate: Authenticate,
): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    handleProtocols: protocols => (protocols.has(BEARER_PROTOCOL) ? BEARER_PROTOCOL : false),
  })

  const attend = (socket: WebSocket, request: IncomingMessage, userId: string, expires: number): void => {
    const query = new URL(request.url ?? '/', 'http://service').searchParams
    let alive = true
    socket.on('pong', () => {
      alive = true
    })
    socket.on('error', () => socket.terminate())
    const isAlive = (): boolean => {
      const was = alive
      alive = false
      return was
    }
    const transport = socketTransport(socket, request.socket, isAlive)
    try {
      const subscription = hub.follow(userId, positionOf({ headers: request.headers, query }), {
        ...transport,
        presence: wantsPresence({ query }) ? transport.presence : () => {},
      })
      presence.join(userId, { client: subscription.client, transport: 'websocket', since: new Date().toISOString() })
      const cancelExpiry = untilExpired(expires, () => transport.close('expired'))
      socket.on('close', () => {
        cancelExpiry()
        subscription.end()
        presence.leave(userId, subscription.client)
      })
    } catch (error) {
      socket.close(1013, error instanceof Problem ? error.code : undefined)
    }
  }

  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    const url = new URL(request.url ?? '/', 'http://service')
    if (url.pathname !== path) {
      refuse(stream, new Problem('TEP4005', `There is no WebSocket at ${url.pathname}.`))
      return
    }
    stream.on('error', () => stream.destroy())
    admit(authenticate, { headers: request.headers, query: url.searchParams }).then(
      ({ userId, expires }) =>
        sockets.handleUpgrade(request, stream, head, socket => attend(socket, request, userId, expires)),
      error => refuse(stream, error),
    )
  }
  server.on('upgrade', onUpgrade)
  return () => {
    server.off('upgrade', onUpgrade)
    sockets.close()
    setTimeout(() => {
      for (const socket of sockets.clients) socket.terminate()
    }, CLOSE_PATIENCE).unref()
  }
}
