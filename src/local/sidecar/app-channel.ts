import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'

export interface AppResponse {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

export interface AppRequest {
  method: string
  path: string
  headers?: OutgoingHttpHeaders
  body?: string | Uint8Array
  signal?: AbortSignal
}

/** Go sends header values as the bytes they are; Node wants one character per byte. */
export const headerBytes = (value: string): string => Buffer.from(value).toString('latin1')

/**
 * A server closes what has been idle for five seconds (Node's default), perhaps while a request is on its way, which Go's client
 * would send again: this end closes first.
 */
const IDLE_MS = 4_000

/** The way to the app beside this sidecar. */
export class AppChannel {
  readonly host: string
  readonly port: number
  readonly token: string | undefined
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_MS })

  constructor(host: string, port: number, token: string | undefined) {
    this.host = host
    this.port = port
    this.token = token
  }

  /** Starts a request whose body the caller writes; the app's token goes with it as `dapr-api-token`. */
  open(method: string, path: string, headers: OutgoingHttpHeaders, signal?: AbortSignal) {
    return httpRequest({
      host: this.host,
      port: this.port,
      agent: this.#agent,
      method,
      path: path.startsWith('/') ? path : `/${path}`,
      headers: this.token ? { ...headers, 'dapr-api-token': this.token } : headers,
      ...(signal && { signal }),
    })
  }

  /** @throws Error when the app cannot be reached or hangs up before it answered */
  async call({ method, path, headers = {}, body, signal }: AppRequest): Promise<AppResponse> {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
      const outgoing = this.open(method, path, { ...headers, ...length }, signal)
      outgoing.on('error', reject)
      outgoing.on('response', response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      })
      outgoing.end(body)
    })
  }

  /** Whether something listens on the app's port. */
  async reachable(): Promise<boolean> {
    return new Promise(resolve => {
      const socket = connect(this.port, this.host)
      const settle = (answer: boolean) => () => {
        socket.destroy()
        resolve(answer)
      }
      socket.on('connect', settle(true))
      socket.on('error', settle(false))
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
