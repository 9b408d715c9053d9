/** From a request to its verb: the API server without its sockets. */
import { CORE_SCHEMA, load } from 'js-yaml'
import type { Context } from './context.ts'
import { aggregated, group, groupList, legacyVersions, resourceList, version } from './discovery/discovery.ts'
import { openApiDocument, openApiIndex } from './discovery/openapi.ts'
import { isObject, type JsonObject } from './json.ts'
import type { ResourceType } from './kinds/registry.ts'
import { type Form, negotiate } from './print/negotiate.ts'
import { flag, type KubeRequest, parseResourcePath, type ResourcePath, writeOptions } from './request.ts'
import { type KubeResponse, objectResponse, statusResponse, textResponse } from './response.ts'
import { badRequest, methodNotAllowed, noSuchPath, notImplemented, PageNotFound, StatusError } from './status.ts'
import { deleteOptions, remove } from './verbs/delete.ts'
import { podLog } from './verbs/log.ts'
import { patch } from './verbs/patch.ts'
import { find, get, list, requestedVersion, selectorOf } from './verbs/read.ts'
import { scaleOf, writeScale } from './verbs/scale.ts'
import { watch } from './verbs/watch.ts'
import { create, update, type Written } from './verbs/write.ts'

interface Call {
  request: KubeRequest
  query: URLSearchParams
  type: ResourceType
  path: ResourcePath
  signal: AbortSignal
}

/** Answers one request; every failure becomes a Status. */
export function dispatch(context: Context, request: KubeRequest, signal: AbortSignal): KubeResponse {
  try {
    const url = URL.parse(request.url, 'http://localhost')
    if (!url) throw badRequest('the request has no valid path')
    return document(context, request, url) ?? resource(context, request, url, signal)
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

function resource(context: Context, request: KubeRequest, url: URL, signal: AbortSignal): KubeResponse {
  const path = parseResourcePath(url.pathname)
  const type = path && context.registry.byPath(path.group, path.version, path.plural)
  const nothing = () => noPath(context, url.pathname.split('/').slice(1))
  if (!path || !type) throw nothing()
  if (path.namespace !== undefined && !type.namespaced) throw nothing()
  if (path.namespace === undefined && type.namespaced && path.name !== undefined) throw nothing()
  const call: Call = { request, query: url.searchParams, type, path, signal }
  if (type.builtIn?.createOnly) return review(call)
  if (path.name === undefined) return collection(context, call)
  if (path.subresource !== undefined && path.subresource !== 'status')
    return subresource(context, call, path.name, path.subresource)
  if (path.subresource === 'status' && !type.status) throw nothing()
  return single(context, call, path.name)
}

const formOf = ({ request, query }: Call): Form => negotiate(request.headers?.['accept'], query)
const isWatch = (query: URLSearchParams) => query.has('watch') && flag(query, 'watch')

function collection(context: Context, call: Call): KubeResponse {
  const { request, query, type, path } = call
  switch (request.method) {
    case 'GET':
      return isWatch(query)
        ? watch(context, type, path.namespace, query, formOf(call))
        : list(context, type, path.namespace, query, formOf(call))
    case 'POST': {
      if (type.namespaced && path.namespace === undefined) throw methodNotAllowed()
      const written = create(
        context,
        type,
        path.namespace,
        parseBody(request),
        writeOptions(query, request.headers, 'CreateOptions'),
      )
      return answer(call, written)
    }
    case 'DELETE': {
      if (type.namespaced && path.namespace === undefined) throw methodNotAllowed()
      if (type.builtIn?.singly) throw methodNotAllowed()
      const options = deleteOptions(parseBody(request), query)
      const selected = selectorOf(query, type)
      const items = context.store.list(type.table, path.namespace).filter(selected)
      for (const entry of items) remove(context, type, entry, options)
      return objectResponse({
        kind: type.listKind,
        apiVersion: type.apiVersion,
        metadata: { resourceVersion: String(context.store.version) },
        items: items.map(entry => entry.object),
      })
    }
    default:
      throw methodNotAllowed()
  }
}

function single(context: Context, call: Call, name: string): KubeResponse {
  const { request, query, type, path } = call
  const subresource = path.subresource === 'status' ? 'status' : ''
  switch (request.method) {
    case 'GET':
      if (!isWatch(query)) {
        requestedVersion(query)
        return get(context, type, path.namespace, name, formOf(call))
      }
      query.set('fieldSelector', `metadata.name=${name}`)
      return watch(context, type, path.namespace, query, formOf(call))
    case 'PUT': {
      const body = parseBody(request)
      const options = writeOptions(query, request.headers, 'UpdateOptions')
      const there = context.store.get(type.table, path.namespace ?? '', name) !== undefined
      if (!there && !subresource && type.builtIn?.createOnUpdate)
        return answer(call, create(context, type, path.namespace, body, options))
      const entry = find(context, type, path.namespace, name)
      requireVersion(type, name, body)
      return answer(call, update(context, type, entry, body, { ...options, subresource, applied: false }))
    }
    case 'PATCH': {
      const mediaType = mediaTypeOf(request)
      const options = writeOptions(query, request.headers, 'PatchOptions')
      if (mediaType === 'application/apply-patch+yaml' && !query.get('fieldManager'))
        throw new StatusError(
          422,
          'Invalid',
          'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
          {
            group: 'meta.k8s.io',
            kind: 'PatchOptions',
            causes: [
              {
                reason: 'FieldValueRequired',
                message: 'Required value: is required for apply patch',
                field: 'fieldManager',
              },
            ],
          },
        )
      if (options.force && mediaType !== 'application/apply-patch+yaml')
        throw new StatusError(
          422,
          'Invalid',
          'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
          {
            group: 'meta.k8s.io',
            kind: 'PatchOptions',
            causes: [
              {
                reason: 'FieldValueForbidden',
                message: 'Forbidden: may not be specified for non-apply patch',
                field: 'force',
              },
            ],
          },
        )
      return answer(
        call,
        patch(context, type, { namespace: path.namespace, name, subresource }, mediaType, parseBody(request), options),
      )
    }
    case 'DELETE': {
      if (subresource) throw methodNotAllowed()
      const options = deleteOptions(parseBody(request), query)
      return objectResponse(remove(context, type, find(context, type, path.namespace, name), options))
    }
    default:
      throw methodNotAllowed()
  }
}

/** Custom resources, CRDs and disruption budgets can be replaced only by who has read them. */
function requireVersion(type: ResourceType, name: string, body: unknown): void {
  const unconditional = type.builtIn && !type.builtIn.conditionalUpdate
  const metadata = isObject(body) && isObject(body['metadata']) ? body['metadata'] : {}
  if (unconditional || metadata['resourceVersion']) return
  const kind = type.group ? `${type.plural}.${type.group}` : type.plural
  throw new StatusError(
    422,
    'Invalid',
    `${kind} "${name}" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`,
    {
      name,
      group: type.group,
      kind: type.kind,
      causes: [
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: 0: must be specified for an update',
          field: 'metadata.resourceVersion',
        },
      ],
    },
  )
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
    if (request.method !== 'GET') throw methodNotAllowed()
    return podLog(context, find(context, type, path.namespace, name), query, call.signal)
  }
  if (subresource === 'scale' && type.scale) {
    const entry = find(context, type, path.namespace, name)
    if (request.method === 'GET') return objectResponse(scaleOf(entry, type))
    if (request.method !== 'PUT' && request.method !== 'PATCH') throw methodNotAllowed()
    const mediaType = request.method === 'PUT' ? undefined : mediaTypeOf(request)
    return answer(
      call,
      writeScale(
        context,
        type,
        entry,
        mediaType,
        parseBody(request),
        writeOptions(query, request.headers, mediaType === undefined ? 'UpdateOptions' : 'PatchOptions'),
      ),
    )
  }
  if (unserved.has(subresource)) throw notImplemented(`the sub-resource ${type.plural}/${subresource}`)
  throw noSuchPath()
}

/** Everybody with a token may do everything. */
function review({ request, type }: Call): KubeResponse {
  if (request.method !== 'POST') throw methodNotAllowed()
  const body = parseBody(request)
  if (!isObject(body)) throw badRequest('the body of the request must be a SelfSubjectAccessReview')
  return objectResponse(
    {
      ...body,
      apiVersion: type.apiVersion,
      kind: type.kind,
      status: { allowed: true, reason: 'every authenticated user may do everything here' },
    },
    201,
  )
}

function answer(call: Call, written: Written): KubeResponse {
  const warnings = written.warnings.map(text => `299 - ${JSON.stringify(text)}`).join(', ')
  const form = formOf(call)
  const body =
    form.as === 'PartialObjectMetadata'
      ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: written.object['metadata'] }
      : written.object
  return objectResponse(body, written.created ? 201 : 200, warnings ? { warning: warnings } : {})
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
