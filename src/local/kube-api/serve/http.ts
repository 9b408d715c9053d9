/** The API over HTTPS on 127.0.0.1: authentication, chunked watches and logs, and nothing else. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { KubeRequest } from '../request.ts'
import { jsonOf, type KubeResponse, statusResponse } from '../response.ts'
import { StatusError, unauthorized } from '../status.ts'
import { selfSignedCertificate } from './certificate.ts'
import { decodeProtobuf } from './protobuf.ts'

const bodyLimit = 3 * 1024 * 1024
const watchBacklog = 32 * 1024 * 1024

export interface Served {
  url: string
  port: number
  /** PEM, for the kubeconfig. */
  certificateAuthority: string
  close(): Promise<void>
}

type Handle = (request: KubeRequest, signal?: AbortSignal) => Promise<KubeResponse>

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Compares in constant time: the token is all that stands between a local user and every secret here. */
function userOf(authorization: string | undefined, tokens: readonly (readonly [Buffer, string])[]): string | undefined {
  const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return undefined
  const sent = digest(token)
  return tokens.find(([known]) => timingSafeEqual(known, sent))?.[1]
}

/**
 * Serves `handle` on 127.0.0.1. `port` 0 takes any free one; a taken port rejects with EADDRINUSE. `tokens` maps
 * bearer tokens to user names; health checks need none.
 */
export async function serve(
  handle: Handle,
  options: { port?: number; tokens: Readonly<Record<string, string>> },
): Promise<Served> {
  const tokens = Object.entries(options.tokens).map(([token, user]) => [digest(token), user] as const)
  const { certificate, key } = selfSignedCertificate(new Date())
  const sockets = new Set<Duplex>()
  const server = createServer(
    { cert: certificate, key },
    (request, response) => void answer(handle, tokens, request, response),
  )
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A client that goes away mid-handshake or mid-watch is no event worth a crash.
    socket.on('error', () => socket.destroy())
  })
  server.requestTimeout = 0
  // Longer than clients keep idle connections: otherwise they write into one that is just being closed.
  server.keepAliveTimeout = 120_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    certificateAuthority: certificate,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

async function answer(
  handle: Handle,
  tokens: readonly (readonly [Buffer, string])[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const controller = new AbortController()
  outgoing.on('close', () => controller.abort())
  try {
    const user = userOf(incoming.headers.authorization, tokens)
    const url = incoming.url ?? '/'
    if (user === undefined && !/^\/(healthz|livez|readyz)/.test(url)) {
      incoming.resume()
      return await send(statusResponse(unauthorized().status), outgoing, controller.signal)
    }
    const body = await readBody(incoming)
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
    )
    const request = {
      method: incoming.method ?? 'GET',
      url,
      headers,
      ...(body === '' ? {} : { body }),
      ...(user === undefined ? {} : { user }),
    }
    await send(await handle(request, controller.signal), outgoing, controller.signal)
  } catch (error) {
    if (controller.signal.aborted) return
    const failure =
      error instanceof StatusError
        ? error
        : new StatusError(500, 'InternalError', `Internal error occurred: ${String(error)}`)
    if (outgoing.headersSent) outgoing.destroy()
    else await send(statusResponse(failure.status), outgoing, controller.signal)
  }
}

async function readBody(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= bodyLimit) chunks.push(chunk)
  }
  if (size > bodyLimit)
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyLimit}`)
  const body = Buffer.concat(chunks)
  const protobuf = incoming.headers['content-type']?.startsWith('application/vnd.kubernetes.protobuf')
  return protobuf && size > 0 ? decodeProtobuf(body) : body.toString('utf8')
}

async function send(response: KubeResponse, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  outgoing.writeHead(response.status, response.headers)
  if (response.kind === 'object') outgoing.end(`${jsonOf(response)}\n`)
  else if (response.kind === 'text') outgoing.end(response.text)
  else if (response.kind === 'bytes') await pipe(response.bytes, outgoing, signal)
  else {
    outgoing.flushHeaders()
    const stop = response.start({
      push: frame => {
        outgoing.write(`{"type":"${frame.type}","object":${frame.json}}\n`)
        // A reader that has stopped reading is cut off and lists again, before it costs the memory of everybody.
        if (outgoing.writableLength > watchBacklog) outgoing.destroy()
      },
      end: () => outgoing.end(),
    })
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  }
}

/** Waits for a slow reader instead of buffering a log without end. */
async function pipe(bytes: AsyncIterable<Uint8Array>, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  outgoing.flushHeaders()
  for await (const chunk of bytes) {
    if (signal.aborted) return
    if (outgoing.write(chunk)) continue
    await new Promise<void>(resolve => {
      outgoing.once('drain', resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
  outgoing.end()
}
