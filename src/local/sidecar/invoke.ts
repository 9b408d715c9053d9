/** Service invocation: dapr pkg/api/http/directmessaging.go. */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { posix } from 'node:path'
import type { Clock } from '../log/index.ts'
import { AppChannel } from './app-channel.ts'
import type { Identity } from './component.ts'
import { DaprError, invoke as errors } from './errors.ts'
import { guessType } from './guess-type.ts'
import { type ApiRequest, type Reply, readBody } from './http.ts'
import type { Mesh, Peer } from './mesh.ts'
import { type Resiliency, runWith, StatusError } from './resiliency.ts'

export interface InvokeContext {
  identity: Identity
  trustDomain: () => string
  clock: Clock
  mesh: Mesh
  /** The address of an app that has no sidecar in this process. */
  resolveApp: (appId: string, namespace: string) => { host: string; port: number } | undefined
  resiliency: () => Resiliency
}

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
]

/** The target and the method of a request, by header `dapr-app-id`, by `basic dapr-app-id:<id>`, or by its path. */
export function findTarget(request: ApiRequest): { appId: string; method: string } | undefined {
  const path = decodeURI(request.url.pathname)
  const wholePath = posix.normalize(path).replace(/^\//, '')
  const header = request.headers['dapr-app-id']
  if (typeof header === 'string' && header !== '') return { appId: header, method: wholePath }
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')
  if (basic) {
    const [name, appId, ...rest] = Buffer.from(basic[1]!, 'base64').toString().split(':')
    if (name?.toLowerCase() === 'dapr-app-id' && appId && rest.length === 0) return { appId, method: wholePath }
  }
  const match = /^\/+v1\.0\/+invoke\/+(.+?)\/method\/(.*)$/s.exec(path)
  if (!match) return undefined
  const method = posix.normalize(match[2]!)
  return { appId: decodeURIComponent(match[1]!), method: method === '.' ? '' : method.replace(/^\//, '') }
}

function forwardedHeaders(request: ApiRequest, context: InvokeContext, calleeId: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...request.headers }
  for (const name of [...HOP_BY_HOP, 'dapr-app-id', 'dapr-api-token']) delete headers[name]
  return {
    ...headers,
    'dapr-caller-app-id': context.identity.appId,
    'dapr-caller-namespace': context.identity.namespace,
    'dapr-callee-app-id': calleeId,
  }
}

function responseHeaders(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const result: OutgoingHttpHeaders = { ...headers }
  for (const name of HOP_BY_HOP) delete result[name]
  return result
}

/** An answer outside 200–399, kept whole so that a retry can replace it and the last one reaches the caller as it was. */
class AnswerError extends StatusError {
  readonly reply: Reply
  constructor(status: number, headers: OutgoingHttpHeaders, body: Buffer) {
    super(status, `the app answered ${status}`)
    // daprd takes JSON for the type of an answer that names none (invokev1 InvokeMethodResponse.ContentType).
    this.reply = {
      status,
      headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) },
      body,
    }
  }
}

function findPeer(context: InvokeContext, appId: string, namespace: string): Peer {
  const peer = context.mesh.pick(namespace, appId)
  if (peer) return peer
  const address = context.resolveApp(appId, namespace)
  if (!address) throw new Error(`failed to resolve address for '${appId}-dapr.${namespace}.svc.cluster.local'`)
  return { app: new AppChannel(address.host, address.port, undefined), refuse: () => undefined }
}

interface Exchange {
  peer: Peer
  path: string
  headers: OutgoingHttpHeaders
  /** Undefined: the body is streamed, so there is only one attempt. */
  body: Buffer | undefined
}

/** One attempt. Streams a good answer straight to the caller; rejects with `AnswerError` for one worth another attempt. */
function exchange(request: ApiRequest, { peer, path, headers, body }: Exchange, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = peer.app.open(request.method, path, headers, signal)
    const hangUp = (): void => void outgoing.destroy()
    request.response.once('close', hangUp)
    const done = (): void => {
      request.response.off('close', hangUp)
      resolve()
    }
    outgoing.on('error', error => {
      request.response.off('close', hangUp)
      reject(error)
    })
    outgoing.on('response', answer => {
      const status = answer.statusCode ?? 502
      const answerHeaders = responseHeaders(answer.headers)
      if (body !== undefined && (status < 200 || status > 399)) {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          request.response.off('close', hangUp)
          reject(new AnswerError(status, answerHeaders, Buffer.concat(chunks)))
        })
        return
      }
      answer.on('error', error => request.response.destroy(error))
      const pass = (guessed: OutgoingHttpHeaders = {}): void => {
        request.response.writeHead(status, { ...answerHeaders, ...guessed })
        request.response.flushHeaders()
        answer.pipe(request.response).on('close', done)
      }
      if (answerHeaders['content-type'] !== undefined) return pass()
      // The HTTP server of Go guesses it, once there is something to guess by.
      answer.once('readable', () => {
        const first = answer.read() as Buffer | null
        if (first === null) return pass()
        answer.unshift(first)
        pass({ 'content-type': guessType(first) })
      })
    })
    if (body === undefined) request.raw.pipe(outgoing)
    else outgoing.end(body)
  })
}

/** Answers by itself unless it returns a reply. */
export async function invoke(context: InvokeContext, request: ApiRequest): Promise<Reply | undefined> {
  const found = findTarget(request)
  if (!found) throw errors.noAppId()
  const [appId = '', namespace = context.identity.namespace] = found.appId.split('.')
  const caller = { ...context.identity, trustDomain: context.trustDomain() }
  const { retry, ...single } = context.resiliency().app(appId, found.method)
  const streamed = request.headers['transfer-encoding'] !== undefined
  // What is streamed is gone after one attempt.
  const policy = streamed || !retry ? single : { ...single, retry }
  const body = streamed ? undefined : await readBody(request)
  try {
    await runWith(policy, context.clock, new AbortController().signal, async signal => {
      const peer = findPeer(context, appId, namespace)
      const why = peer.refuse(caller, request.method, `/${found.method}`)
      if (why !== undefined) throw errors.denied(appId, why)
      const headers = forwardedHeaders(request, context, appId)
      await exchange(request, { peer, path: `/${found.method}${request.url.search}`, headers, body }, signal)
    })
    return undefined
  } catch (error) {
    if (request.response.headersSent) {
      // The answer had begun: it cannot be taken back, only cut off.
      request.response.destroy()
      return undefined
    }
    if (error instanceof AnswerError) return error.reply
    if (error instanceof DaprError) throw error
    throw errors.failed(found.appId, error)
  }
}
