import { isApiAllowed } from './api-rules.ts'
import { converse } from './conversation-api.ts'
import { actorsUnplaced, bindings, DaprError, notImplemented } from './errors.ts'
import { type ApiRequest, json, noContent, type Reply, readBody } from './http.ts'
import { findTarget, type InvokeContext, invoke } from './invoke.ts'
import { deleteJob, getJob, scheduleJob } from './jobs-api.ts'
import { metadataOf } from './metadata-api.ts'
import { type PublishContext, publish, publishBulk } from './publish.ts'
import type { Runtime } from './runtime.ts'
import { getBulkSecret, getSecret, type SecretsContext } from './secrets-api.ts'
import { deleteState, getBulkState, getState, type StateContext, saveState, transactState } from './state-api.ts'

export type Handler = (request: ApiRequest) => Promise<Reply | undefined>

type Parts = readonly string[]
interface Route {
  methods: readonly string[]
  /** `{x}` is one segment; a last `*` is the rest, at least one. */
  pattern: string
  handle: (request: ApiRequest, parts: Parts) => Promise<Reply | undefined> | Reply
}

const WRITE = ['POST', 'PUT'] as const

function match(pattern: string, segments: Parts): Parts | undefined {
  const wanted = pattern.split('/')
  const open = wanted.at(-1) === '*'
  if (open ? segments.length < wanted.length : segments.length !== wanted.length) return undefined
  const parts: string[] = []
  for (const [at, part] of wanted.entries()) {
    if (part === '*') parts.push(segments.slice(at).join('/'))
    else if (part.startsWith('{')) parts.push(segments[at]!)
    else if (part !== segments[at]) return undefined
  }
  return parts
}

const segmentsOf = (request: ApiRequest): Parts =>
  request.url.pathname
    .split('/')
    .filter(part => part !== '')
    .map(part => decodeURIComponent(part))

function health(runtime: Runtime, request: ApiRequest): Reply {
  const problems = runtime.unhealthy()
  if (problems.length > 0) {
    throw new DaprError(500, 'ERR_HEALTH_NOT_READY', `dapr is not ready: [${problems.join('; ')}]`)
  }
  const wanted = request.url.searchParams.get('appid')
  if (wanted !== null && wanted !== runtime.options.identity.appId) {
    throw new DaprError(500, 'ERR_HEALTH_APPID_NOT_MATCH', 'dapr app-id does not match')
  }
  return noContent
}

function outboundHealth(runtime: Runtime): Reply {
  if (runtime.outboundReady) return noContent
  throw new DaprError(500, 'ERR_OUTBOUND_HEALTH_NOT_READY', 'dapr outbound is not ready')
}

const INVOKE = 'v1.0/invoke/{app}/method/*'
/** What Go's router answers where not even invocation is left to fall back to. */
const NO_ROUTE: Reply = {
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: '404 page not found\n',
}

/** What is not served here answers as a daprd without that component would, or says so. */
const UNSERVED = ['configuration', 'crypto', 'lock', 'subtlecrypto', 'unlock', 'workflows']

function routes(runtime: Runtime, invocation: InvokeContext, extended: Map<string, string>, shutdown: () => void) {
  const { options, components } = runtime
  const { identity, clock, resources, jobs } = options
  const resiliency = () => runtime.resiliency
  const publishing: PublishContext = {
    appId: identity.appId,
    clock,
    components,
    resiliency,
    tracing: () => runtime.tracing,
  }
  const state: StateContext = { ...publishing, namespace: identity.namespace }
  const secrets: SecretsContext = { components, resources, configuration: () => runtime.configuration }
  const getMetadata = (): Reply => {
    const features = runtime.configuration?.spec?.features ?? []
    return json(
      metadataOf({
        ...options,
        appId: identity.appId,
        components,
        subscriptions: runtime.subscriptions,
        resiliencies: runtime.resiliency.names,
        enabledFeatures: features.filter(one => one.enabled).map(one => one.name),
        extended,
      }),
    )
  }
  const open: Route[] = [
    { methods: ['GET'], pattern: 'v1.0/healthz', handle: request => health(runtime, request) },
    { methods: ['GET'], pattern: 'v1.0/healthz/outbound', handle: () => outboundHealth(runtime) },
    { methods: ['GET'], pattern: 'v1.0/metadata', handle: getMetadata },
    {
      methods: ['PUT'],
      pattern: 'v1.0/metadata/{key}',
      handle: async (request, [key]) => {
        extended.set(key!, (await readBody(request)).toString())
        return noContent
      },
    },
  ]
  const jobRoutes = ['v1.0', 'v1.0-alpha1'].flatMap((version): Route[] => {
    const pattern = `${version}/jobs/{name}`
    return [
      { methods: ['POST'], pattern, handle: (request, [name]) => scheduleJob(jobs, identity, request, name!) },
      { methods: ['GET'], pattern, handle: (_, [name]) => getJob(jobs, identity, name!) },
      { methods: ['DELETE'], pattern, handle: (_, [name]) => deleteJob(jobs, identity, name!) },
    ]
  })
  const api: Route[] = [
    ...open,
    ...['v1.0', 'v1.0-alpha1'].map(
      (version): Route => ({
        methods: WRITE,
        pattern: `${version}/publish/bulk/{pubsub}/*`,
        handle: (request, [pubsub, topic]) => publishBulk(publishing, request, pubsub!, topic!),
      }),
    ),
    {
      methods: WRITE,
      pattern: 'v1.0/publish/{pubsub}/*',
      handle: (request, [pubsub, topic]) => publish(publishing, request, pubsub!, topic!),
    },
    { methods: WRITE, pattern: 'v1.0/state/{store}', handle: (request, [store]) => saveState(state, request, store!) },
    {
      methods: WRITE,
      pattern: 'v1.0/state/{store}/bulk',
      handle: (request, [store]) => getBulkState(state, request, store!),
    },
    {
      methods: WRITE,
      pattern: 'v1.0/state/{store}/transaction',
      handle: (request, [store]) => transactState(state, request, store!),
    },
    {
      methods: ['GET'],
      pattern: 'v1.0/state/{store}/{key}',
      handle: (request, [store, key]) => getState(state, request, store!, key!),
    },
    {
      methods: ['DELETE'],
      pattern: 'v1.0/state/{store}/{key}',
      handle: (request, [store, key]) => deleteState(state, request, store!, key!),
    },
    {
      methods: ['GET'],
      pattern: 'v1.0/secrets/{store}/bulk',
      handle: (request, [store]) => getBulkSecret(secrets, store!, request.metadata['namespace']),
    },
    {
      methods: ['GET'],
      pattern: 'v1.0/secrets/{store}/{key}',
      handle: (request, [store, key]) => getSecret(secrets, store!, key!, request.metadata['namespace']),
    },
    ...jobRoutes,
    {
      methods: ['POST'],
      pattern: 'v1.0-alpha2/conversation/{name}/converse',
      handle: (request, [name]) => converse(components, request, name!),
    },
    {
      methods: WRITE,
      pattern: 'v1.0/bindings/{name}',
      handle: (_, [name]) => {
        // There are input bindings here, and no others.
        throw bindings.notFound(name!)
      },
    },
    {
      methods: ['POST'],
      pattern: 'v1.0/shutdown',
      handle: () => {
        shutdown()
        return noContent
      },
    },
  ]
  return { open, api, invocation }
}

/** The handlers of the two ports: the app's, and the public one with health and metadata only. */
export function handlers(
  runtime: Runtime,
  invocation: InvokeContext,
  shutdown: () => void,
): { api: Handler; publicApi: Handler } {
  const all = routes(runtime, invocation, new Map(), shutdown)
  const find = (list: readonly Route[], request: ApiRequest): Reply | Promise<Reply | undefined> | undefined => {
    const segments = segmentsOf(request)
    for (const route of list) {
      const parts = route.methods.includes(request.method) ? match(route.pattern, segments) : undefined
      // A route that is closed is one that is not there.
      if (parts && isApiAllowed(runtime.configuration, route.pattern)) return route.handle(request, parts)
    }
    // daprd takes what it has no route for, a wrong method too, for an invocation.
    return undefined
  }
  return {
    async api(request) {
      const found = await find(all.api, request)
      if (found !== undefined) return found
      if (!isApiAllowed(runtime.configuration, INVOKE)) return NO_ROUTE
      const [version, group] = segmentsOf(request)
      if (version === 'v1.0' && group === 'actors') throw actorsUnplaced()
      if (!findTarget(request) && version?.startsWith('v1.0') && UNSERVED.includes(group ?? '')) throw notImplemented()
      return invoke(all.invocation, request)
    },
    publicApi: async request => (await find(all.open, request)) ?? { status: 404 },
  }
}
