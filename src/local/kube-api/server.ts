/** From a request to its verb: the API server without its sockets. */
import { CORE_SCHEMA, load } from 'js-yaml'
import { type Context, timestamp } from './context.ts'
import { decodeBody } from './decode/body.ts'
import { aggregated, group, groupList, legacyVersions, resourceList, version } from './discovery/discovery.ts'
import { OPENAPI_V2, olderDocument, openApiDocument, openApiIndex } from './discovery/openapi.ts'
import { fieldForbidden, fieldInvalid, fieldRequired } from './field-errors.ts'
import { child, isObject, type JsonObject } from './json.ts'
import type { ResourceType } from './kinds/registry.ts'
import { type Form, negotiate, presentList, wantsYaml } from './print/negotiate.ts'
import {
  flag,
  type KubeRequest,
  parseResourcePath,
  type ResourcePath,
  type WriteOptions,
  writeOptions,
} from './request.ts'
import {
  jsonResponse,
  type KubeResponse,
  objectResponse,
  statusResponse,
  textResponse,
  yamlResponse,
} from './response.ts'
import {
  badRequest,
  invalid,
  methodNotAllowed,
  methodNotSupported,
  noSuchPath,
  notFound,
  notImplemented,
  PageNotFound,
  StatusError,
} from './status.ts'
import { deleteOptions, remove } from './verbs/delete.ts'
import { podLog } from './verbs/log.ts'
import { patch } from './verbs/patch.ts'
import { find, get, list, requestedVersion, selectorOf } from './verbs/read.ts'
import { readScale, writeScale } from './verbs/scale.ts'
import { watch } from './verbs/watch.ts'
import { create, update, type Written } from './verbs/write.ts'

interface Call {
  request: KubeRequest
  query: URLSearchParams
  type: ResourceType
  path: ResourcePath
  signal: AbortSignal
  warn: WriteOptions['warn']
}

/** Answers one request; every failure becomes a Status. */
export function dispatch(context: Context, request: KubeRequest, signal: AbortSignal): KubeResponse {
  const warnings = new Set<string>()
  const plain = respond(context, request, signal, text => warnings.add(text))
  const answer = wantsYaml(request.headers?.['accept']) ? yamlResponse(plain) : plain
  if (warnings.size === 0) return answer
  const warning = [...warnings].map(text => `299 - ${JSON.stringify(text)}`).join(', ')
  return { ...answer, headers: { ...answer.headers, warning } }
}

function respond(
  context: Context,
  request: KubeRequest,
  signal: AbortSignal,
  warn: (text: string) => void,
): KubeResponse {
  try {
    const url = URL.parse(request.url, 'http://localhost')
    if (!url) throw badRequest('the request has no valid path')
    return document(context, request, url) ?? resource(context, request, url, signal, warn)
  } catch (error) {
    if (error instanceof StatusError) return statusResponse(error.status)
    if (error instanceof PageNotFound) return textResponse('404 page not found\n', 404)
    // A defect of this server, or of its disk: said as what it is, and survived.
    process.stderr.write(
      `kube-api: ${request.method} ${request.url.split('?')[0]}: ${error instanceof Error ? error.stack : String(error)}\n`,
    )
    return statusResponse(
      new StatusError(
        500,
        'InternalError',
        `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
      ).status,
    )
  }
}

/** Paths that are no resources: discovery, OpenAPI, version, health. */
function document(context: Context, request: KubeRequest, url: URL): KubeResponse | undefined {
  const { registry } = context
  const path = url.pathname.replace(/\/$/, '')
  const parts = path.split('/').slice(1)
  const found = (body: JsonObject | undefined, headers = {}) => {
    if (!body) throw noPath(context, parts)
    return objectResponse(body, 200, headers)
  }
  if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return textResponse('ok')
  const isDocument =
    path === '/version' ||
    parts[0] === 'openapi' ||
    (parts[0] === 'api' && parts.length <= 2) ||
    (parts[0] === 'apis' && parts.length <= 3)
  if (!isDocument) return undefined
  // The lists of groups and a group by itself are answered whatever the method is.
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const isGroups = parts[0] === 'apis' ? parts.length <= 2 : parts[0] === 'api' && parts.length === 1
  if (!isRead && !isGroups) throw methodNotAllowed()
  if (path === '/version') return objectResponse(version)
  if (path === '/openapi/v3') return found(openApiIndex(registry), { 'content-type': 'text/plain; charset=utf-8' })
  if (path.startsWith('/openapi/v3/')) {
    const document = openApiDocument(registry, path.slice('/openapi/v3/'.length))
    return document ? objectResponse(document) : { kind: 'text', status: 404, headers: {}, text: '' }
  }
  if (path === '/openapi/v2')
    return { kind: 'text', status: 200, headers: { 'content-type': OPENAPI_V2 }, text: olderDocument() }
  if (parts[0] === 'openapi') throw new PageNotFound()
  const wanted = /g=apidiscovery\.k8s\.io;v=(v2(?:beta1)?);as=APIGroupDiscoveryList/.exec(
    request.headers?.['accept'] ?? '',
  )?.[1]
  if (parts.length === 1) {
    if (wanted)
      return objectResponse(aggregated(registry, parts[0] === 'api', wanted), 200, {
        'content-type': `application/json;g=apidiscovery.k8s.io;v=${wanted};as=APIGroupDiscoveryList`,
      })
    return objectResponse(parts[0] === 'api' ? legacyVersions() : groupList(registry))
  }
  if (parts[0] === 'api') return found(resourceList(registry, '', parts[1]!))
  return found(parts.length === 2 ? group(registry, parts[1]!) : resourceList(registry, parts[1]!, parts[2]!))
}

/** Under the groups of the server itself a Status says so, elsewhere nothing answers. */
function noPath({ registry }: Context, parts: readonly string[]): Error {
  const [root, group] = parts
  const own = root === 'api' || (root === 'apis' && registry.types().some(type => type.builtIn && type.group === group))
  return own ? noSuchPath() : new PageNotFound()
}

function resource(
  context: Context,
  request: KubeRequest,
  url: URL,
  signal: AbortSignal,
  warn: (text: string) => void,
): KubeResponse {
  const path = parseResourcePath(url.pathname)
  const type = path && context.registry.byPath(path.group, path.version, path.plural)
  const nothing = () => noPath(context, url.pathname.split('/').slice(1))
  if (!path || !type) throw nothing()
  if (path.namespace !== undefined && !type.namespaced) throw nothing()
  if (path.namespace === undefined && type.namespaced && path.name !== undefined) throw nothing()
  const call: Call = { request, query: url.searchParams, type, path, signal, warn }
  if (type.deprecation) warn(type.deprecation)
  if (type.builtIn?.createOnly) return review(context, call)
  if (path.name === undefined) return collection(context, call)
  if (path.subresource !== undefined && path.subresource !== 'status')
    return subresource(context, call, path.name, path.subresource)
  if (path.subresource === 'status' && !type.status) throw noSubresource(type, path.name) ?? nothing()
  return single(context, call, path.name)
}

const VERBS: Readonly<Record<string, readonly [ofOne: string, ofAll: string]>> = {
  GET: ['get', 'list'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['delete', 'deletecollection'],
}

/** Custom resources have one handler, which knows its verbs; of built-in kinds there is no such route. */
function notSupported({ request, path, type }: Call): StatusError {
  const verbs = VERBS[request.method]
  if (type.builtIn || !verbs) return methodNotAllowed()
  return methodNotSupported(type, verbs[path.name === undefined ? 1 : 0])
}

const formOf = ({ request, query, type, path }: Call): Form =>
  negotiate(request.headers?.['accept'], query, type, path.name === undefined)
const isWatch = (query: URLSearchParams) => query.has('watch') && flag(query, 'watch')

function collection(context: Context, call: Call): KubeResponse {
  const { request, query, type, path } = call
  const form = formOf(call)
  switch (request.method) {
    case 'GET':
      return path.watch || isWatch(query)
        ? watch(context, type, path.namespace, query, form)
        : list(context, type, path.namespace, query, form)
    case 'POST': {
      if (type.namespaced && path.namespace === undefined) throw notSupported(call)
      const { object, problems } = decodeBody(request.body, mediaTypeOf(request), type, context.registry)
      const options = { ...writeOptions(call, 'CreateOptions'), problems }
      return answer(form, create(context, type, path.namespace, object, options))
    }
    case 'DELETE': {
      if (type.namespaced && path.namespace === undefined) throw notSupported(call)
      if (type.builtIn?.singly) throw notSupported(call)
      const options = deleteOptions(parseBody(request), query)
      const selected = selectorOf(query, type)
      const items = context.store.list(type.table, path.namespace).filter(selected)
      for (const entry of items) remove(context, type, entry, options)
      return jsonResponse(
        presentList(items, type, form, context.now(), { resourceVersion: String(context.store.version) }),
      )
    }
    default:
      throw notSupported(call)
  }
}

const PATCH_OPTIONS = { group: 'meta.k8s.io', plural: '', kind: 'PatchOptions' }

function single(context: Context, call: Call, name: string): KubeResponse {
  const { request, query, type, path } = call
  const form = formOf(call)
  const subresource = path.subresource === 'status' ? 'status' : ''
  switch (request.method) {
    case 'GET':
      if (!path.watch) {
        requestedVersion(query)
        return get(context, type, path.namespace, name, form)
      }
      query.set('fieldSelector', `metadata.name=${name}`)
      return watch(context, type, path.namespace, query, form)
    case 'PUT': {
      const { object, problems } = decodeBody(request.body, mediaTypeOf(request), type, context.registry)
      const options = { ...writeOptions(call, 'UpdateOptions'), problems }
      const there = context.store.get(type.table, path.namespace ?? '', name) !== undefined
      if (!there && !subresource && type.builtIn?.createOnUpdate)
        return answer(form, create(context, type, path.namespace, object, options))
      const entry = find(context, type, path.namespace, name)
      requireVersion(type, name, object)
      return answer(form, update(context, type, entry, object, { ...options, subresource, how: 'sent' }))
    }
    case 'PATCH': {
      const mediaType = mediaTypeOf(request)
      const options = writeOptions(call, 'PatchOptions')
      if (mediaType === 'application/apply-patch+yaml' && !query.get('fieldManager'))
        throw invalid(PATCH_OPTIONS, '', [fieldRequired('fieldManager', 'is required for apply patch')])
      if (options.force && mediaType !== 'application/apply-patch+yaml')
        throw invalid(PATCH_OPTIONS, '', [fieldForbidden('force', 'may not be specified for non-apply patch')])
      return answer(
        form,
        patch(context, type, { namespace: path.namespace, name, subresource }, mediaType, request.body, options),
      )
    }
    case 'DELETE': {
      if (subresource) throw notSupported(call)
      const options = deleteOptions(parseBody(request), query)
      return objectResponse(remove(context, type, find(context, type, path.namespace, name), options))
    }
    default:
      throw notSupported(call)
  }
}

/** Custom resources, CRDs and disruption budgets can be replaced only by who has read them. */
function requireVersion(type: ResourceType, name: string, body: unknown): void {
  const unconditional = type.builtIn && !type.builtIn.conditionalUpdate
  const metadata = isObject(body) && isObject(body['metadata']) ? body['metadata'] : {}
  if (unconditional || metadata['resourceVersion']) return
  throw invalid({ ...type, kind: type.plural }, name, [
    fieldInvalid('metadata.resourceVersion', 0, 'must be specified for an update'),
  ])
}

const unserved = new Set([
  'exec',
  'attach',
  'portforward',
  'proxy',
  'eviction',
  'binding',
  'ephemeralcontainers',
  'resize',
  'token',
  'finalize',
  'approval',
])

function subresource(context: Context, call: Call, name: string, subresource: string): KubeResponse {
  const { request, query, type, path } = call
  if (subresource === 'log' && type.builtIn?.log) {
    if (request.method !== 'GET') throw notSupported(call)
    return podLog(context, find(context, type, path.namespace, name), query, call.signal)
  }
  if (subresource === 'scale' && type.scale) {
    const entry = find(context, type, path.namespace, name)
    if (request.method === 'GET') return objectResponse(readScale(entry, type))
    if (request.method !== 'PUT' && request.method !== 'PATCH') throw notSupported(call)
    const mediaType = request.method === 'PUT' ? undefined : mediaTypeOf(request)
    return answer(
      formOf(call),
      writeScale(
        context,
        type,
        entry,
        mediaType,
        mediaType === undefined ? parseBody(request) : request.body,
        writeOptions(call, mediaType === undefined ? 'UpdateOptions' : 'PatchOptions'),
      ),
    )
  }
  if (unserved.has(subresource)) throw notImplemented(`the sub-resource ${type.plural}/${subresource}`)
  throw noSubresource(type, name) ?? noSuchPath()
}

/** A custom resource without the sub-resource is told to be missing itself (customresource_handler.go). */
const noSubresource = (type: ResourceType, name: string) => (type.builtIn ? undefined : notFound(type, name))

/** What is asked about the one who asks: everybody with a token may do everything. */
function review(context: Context, { request, type }: Call): KubeResponse {
  if (request.method !== 'POST') throw methodNotAllowed()
  const { object } = decodeBody(request.body, mediaTypeOf(request), type, context.registry)
  const username = request.user ?? 'system:anonymous'
  const status =
    type.kind === 'SelfSubjectReview'
      ? { userInfo: { username, uid: username, groups: ['system:masters', 'system:authenticated'] } }
      : { allowed: true, reason: 'every authenticated user may do everything here' }
  const metadata = { ...child(object, 'metadata'), creationTimestamp: timestamp(context.now()) }
  return objectResponse({ ...object, apiVersion: type.apiVersion, kind: type.kind, metadata, status }, 201)
}

function answer(form: Form, written: Written): KubeResponse {
  const body =
    form.as === 'PartialObjectMetadata'
      ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: written.object['metadata'] }
      : written.object
  return objectResponse(body, written.created ? 201 : 200)
}

const mediaTypeOf = (request: KubeRequest) =>
  (request.headers?.['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()

/** The body as data: JSON, or YAML where the content type allows it. Throws 400, or 415 for protobuf and the like. */
function parseBody(request: KubeRequest): unknown {
  const { body } = request
  if (typeof body !== 'string') return body
  if (body.trim() === '') return undefined
  const yaml = mediaTypeOf(request).includes('yaml')
  const mediaType = mediaTypeOf(request)
  if (mediaType !== '' && !mediaType.includes('json') && !yaml)
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format (${mediaType}) - accepted media types include: application/json, application/yaml`,
    )
  try {
    return yaml && !body.trimStart().startsWith('{') ? load(body, { schema: CORE_SCHEMA }) : JSON.parse(body)
  } catch (error) {
    throw badRequest(`the body of the request could not be read: ${(error as Error).message}`)
  }
}
