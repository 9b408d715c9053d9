import http from 'node:http'
import https from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { Connections, wasClosedWhileIdle } from './connections.ts'
import { KubeError } from './errors.ts'

export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query below the server's address. */
  path: string
  body?: unknown
  contentType?: string
  accept?: string
  signal?: AbortSignal
}

export interface Response {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Bytes as they arrive; reading to the end or `destroy` frees the socket. */
  body: AsyncIterable<Uint8Array> & { destroy(error?: Error): void }
}

/** Sends one request. Rejects with `KubeError` Unreachable when no answer arrives. */
export type Transport = (request: Request) => Promise<Response>

/** The kernel asks a silent peer after this time whether it is there; without it a dead one is found by our timeouts alone. */
const KEEP_ALIVE_MS = 15_000

/** HTTP/1.1 with the address, TLS and credentials of a kubeconfig; credentials are asked for at each request, so a rotated token is used. */
export function kubeConfigTransport(config: KubeConfig): Transport {
  const cluster = config.getCurrentCluster()
  if (!cluster)
    throw new KubeError('Unreachable', 'the kubeconfig names no current cluster: set current-context', 'never')
  const base = new URL(cluster.server)
  const connections = new Connections()
  const transport = async (request: Request, again = false): Promise<Response> => {
    const given: https.RequestOptions = { headers: {} }
    await config.applyToHTTPSOptions(given)
    const options = connections.reused(given, base.protocol)
    const payload = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body))
    const headers: http.OutgoingHttpHeaders = {
      ...(options.headers as http.OutgoingHttpHeaders),
      accept: request.accept ?? 'application/json',
    }
    if (payload) {
      headers['content-type'] = request.contentType ?? 'application/json'
      headers['content-length'] = payload.byteLength
    }
    return new Promise<Response>((resolve, reject) => {
      let answered = false
      const fail = (error: NodeJS.ErrnoException): void => {
        // A write may have been made: whoever wrote looks first.
        if (!answered && !again && request.method === 'GET' && wasClosedWhileIdle(sent, error)) {
          resolve(transport(request, true))
          return
        }
        reject(
          new KubeError('Unreachable', `${request.method} ${request.path}: ${error.message}`, 'backoff', {}, error),
        )
      }
      const sent = (base.protocol === 'https:' ? https : http).request(
        {
          ...options,
          protocol: base.protocol,
          hostname: base.hostname,
          port: base.port || undefined,
          path: base.pathname.replace(/\/$/, '') + request.path,
          method: request.method,
          headers,
          signal: request.signal,
        },
        answer => {
          answered = true
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer })
        },
      )
      sent.on('error', fail)
      sent.on('socket', socket => socket.setKeepAlive(true, KEEP_ALIVE_MS))
      sent.end(payload)
    })
  }
  return request => transport(request)
}
