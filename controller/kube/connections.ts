import http from 'node:http'
import https from 'node:https'
import { createSecureContext, type SecureContext } from 'node:tls'

/** Shorter than the 90 s after which kube-apiserver closes a connection that nobody uses (its server's IdleTimeout). */
const IDLE_MS = 45_000

const CREDENTIALS = ['ca', 'cert', 'key', 'pfx', 'passphrase'] as const

/**
 * Connections that are used again. client-node's own agent opens one for each request, and reads the certificates into a
 * context for each: most of what a start cost. Rotated certificates begin new ones.
 */
export class Connections {
  readonly #plain = new http.Agent({ keepAlive: true, timeout: IDLE_MS })
  #id = ''
  #secure: { agent: https.Agent; secureContext: SecureContext } | undefined

  /** The options of a request as KubeConfig makes them, with connections of ours; a proxy keeps its own agent. */
  reused(options: https.RequestOptions, protocol: string): https.RequestOptions {
    if (protocol === 'http:') return { ...options, agent: this.#plain }
    if (options.agent && Object.getPrototypeOf(options.agent) !== https.Agent.prototype) return options
    const credentials = Object.fromEntries(CREDENTIALS.map(name => [name, options[name]]))
    const id = CREDENTIALS.map(name => String(options[name])).join('\n')
    if (!this.#secure || id !== this.#id) {
      const secureContext = createSecureContext(credentials)
      this.#secure = { agent: new https.Agent({ keepAlive: true, timeout: IDLE_MS }), secureContext }
      this.#id = id
    }
    return { ...options, ...Object.fromEntries(CREDENTIALS.map(name => [name, undefined])), ...this.#secure }
  }
}

/** The server closed a connection at the very moment of its next use: nothing of the request was answered. */
export const wasClosedWhileIdle = (sent: http.ClientRequest, error: NodeJS.ErrnoException): boolean =>
  sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
