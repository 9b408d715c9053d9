/** The proxy sub-resource of pods: k8s.io/kubernetes/pkg/registry/core/pod/rest/subresources.go, ProxyREST. */
import type { Context } from '../context.ts'
import { child, type JsonObject } from '../json.ts'
import type { KubeRequest } from '../request.ts'
import { type KubeResponse, statusResponse } from '../response.ts'
import { badRequest, notImplemented, StatusError } from '../status.ts'
import { find } from './read.ts'

/** `[scheme:]name[:port]`, then whatever path the pod's own server knows. */
const PATH = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/(?:(https?):)?([^/:]+)(?::([^/]*))?\/proxy(\/.*)?$/

/** The answer of the server in a pod; `undefined` at once when the request is none for a pod. */
export function podProxy(
  context: Context,
  request: KubeRequest,
  signal: AbortSignal,
): Promise<KubeResponse> | undefined {
  const [path = '', query] = request.url.split('?')
  const match = PATH.exec(path.replaceAll('%3A', ':'))
  if (!match) return undefined
  const [, namespace = '', scheme = 'http', name = '', port = '', rest = '/'] = match
  const target = { namespace, scheme, name, port, path: query === undefined ? rest : `${rest}?${query}` }
  return proxied(context, request, target, signal).catch(error => {
    if (error instanceof StatusError) return statusResponse(error.status)
    const { message, cause } = error as Error & { cause?: Error }
    return statusResponse(unreachable(cause?.message ?? message).status)
  })
}

interface Target {
  namespace: string
  scheme: string
  name: string
  port: string
  path: string
}

async function proxied(
  context: Context,
  request: KubeRequest,
  { namespace, scheme, name, port, path }: Target,
  signal: AbortSignal,
): Promise<KubeResponse> {
  const pod = find(context, context.registry.byPath('', 'v1', 'pods')!, namespace, name)
  if (request.method !== 'GET' || scheme !== 'http') throw notImplemented(`${request.method} pods/proxy by ${scheme}`)
  const wanted = port ? Number(port) || port : firstPort(pod.object)
  const local = wanted === undefined ? undefined : context.podPort?.(namespace, name, wanted)
  if (local === undefined) throw unreachable(`dial tcp: port ${wanted ?? '(none)'} of pod ${name} is not open`)
  return forward(`http://127.0.0.1:${local}${path}`, request, signal)
}

async function forward(url: string, { headers }: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
  if (!URL.canParse(url)) throw badRequest('the request has no valid path')
  const accept = headers?.['accept']
  const answer = await fetch(url, { signal, redirect: 'manual', ...(accept && { headers: { accept } }) })
  return {
    kind: 'bytes',
    status: answer.status,
    headers: { 'content-type': answer.headers.get('content-type') ?? 'application/octet-stream' },
    bytes: (answer.body ?? []) as AsyncIterable<Uint8Array>,
  }
}

const firstPort = (pod: JsonObject): number | undefined =>
  ((child(pod, 'spec')['containers'] ?? []) as { ports?: { containerPort: number }[] }[]).flatMap(
    ({ ports = [] }) => ports,
  )[0]?.containerPort

const unreachable = (why: string): StatusError =>
  new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${why}`)
