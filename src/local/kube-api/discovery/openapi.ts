/** OpenAPI v3 documents, one per group and version: what `kubectl explain`, `diff` and client-side apply read. */
import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '../json.ts'
import type { Registry, ResourceType } from '../kinds/registry.ts'
import { definitions, type Schema } from '../schema/schema.ts'

const documentPath = (type: ResourceType) => (type.group ? `apis/${type.group}/${type.version}` : `api/${type.version}`)

/** `V1PodSpec` → `io.k8s.v1.PodSpec`: kubectl shows the part after the last dot. */
const schemaName = (model: string) =>
  model.replace(
    /^(.*?)V(\d+)(.*)$/,
    (_, before: string, version: string, rest: string) =>
      `io.k8s.${before ? `${before.toLowerCase()}.` : ''}v${version}.${rest}`,
  )
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/** The index: document paths with a hash, so that clients cache what has not changed. */
export function openApiIndex(registry: Registry): JsonObject {
  const paths: JsonObject = {}
  for (const type of registry.types()) {
    const path = documentPath(type)
    const hash = createHash('sha256').update(`${path} ${registry.revision}`).digest('hex').slice(0, 32).toUpperCase()
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }
  }
  return { paths }
}

/** The document at a path such as `apis/apps/v1`; `undefined` when nothing is served there. */
export function openApiDocument(registry: Registry, path: string): JsonObject | undefined {
  const types = registry.types().filter(type => documentPath(type) === path)
  if (types.length === 0) return undefined
  const schemas: JsonObject = {}
  const paths: JsonObject = {}
  for (const type of types) {
    const name = type.builtIn ? addBuiltIn(type.builtIn.model, schemas) : addCustom(type, schemas)
    const kind = [{ group: type.group, version: type.version, kind: type.kind }]
    ;(schemas[name] as JsonObject)['x-kubernetes-group-version-kind'] = kind
    const scope = type.namespaced ? '/namespaces/{namespace}' : ''
    const response = { 200: { description: 'OK', content: { 'application/json': { schema: reference(name) } } } }
    const operation = (action: string, parameters: readonly string[] = []) => ({
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': kind[0]!,
      parameters: parameters.map(parameter => ({ name: parameter, in: 'query', schema: { type: 'string' } })),
      responses: response,
    })
    const write = ['dryRun', 'fieldManager', 'fieldValidation']
    paths[`/${path}${scope}/${type.plural}`] = { get: operation('list'), post: operation('post', write) }
    paths[`/${path}${scope}/${type.plural}/{name}`] = {
      get: operation('get'),
      put: operation('put', write),
      patch: operation('patch', [...write, 'force']),
      delete: operation('delete', ['dryRun']),
    }
  }
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'v1.36.0' }, paths, components: { schemas } }
}

export const OPENAPI_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

/**
 * The older document without any definition, in protobuf (gnostic's OpenAPIv2.proto: swagger, info, paths). kubectl asks for it
 * where the newer ones know nothing of a kind, and only validates what it finds in it.
 */
export function olderDocument(): string {
  const field = (tag: number, text: string) => String.fromCharCode((tag << 3) | 2, text.length) + text
  return field(1, '2.0') + field(2, field(1, 'Kubernetes') + field(2, 'unversioned')) + field(8, '')
}

/** Copies a built-in definition and all it refers to into a document. */
function addBuiltIn(model: string, schemas: JsonObject): string {
  const name = schemaName(model)
  if (schemas[name]) return name
  const definition = structuredClone(definitions()[model]) as unknown as JsonObject
  schemas[name] = definition
  rewriteReferences(definition, schemas)
  return name
}

function rewriteReferences(value: Json, schemas: JsonObject): void {
  if (typeof value !== 'object' || value === null) return
  for (const entry of Object.values(value)) {
    if (typeof entry === 'object' && entry !== null && !Array.isArray(entry) && typeof entry['$ref'] === 'string') {
      const target = reference(addBuiltIn(entry['$ref'], schemas))
      delete entry['$ref']
      // Beside a reference nothing else is read in OpenAPI 3.0, so the description stands around it.
      entry['allOf'] = [target]
    } else rewriteReferences(entry, schemas)
  }
}

/** A field that every kind has. */
const common = (field: 'apiVersion' | 'kind') =>
  definitions()['V1ConfigMap']!.properties![field] as unknown as JsonObject

const METADATA =
  "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"

function addCustom(type: ResourceType, schemas: JsonObject): string {
  const name = `${type.group.split('.').reverse().join('.')}.${type.version}.${type.kind}`
  const schema = type.schema as Schema & { properties: Record<string, Schema> }
  schemas[name] = {
    ...(schema as unknown as JsonObject),
    type: 'object',
    properties: {
      ...(schema.properties as unknown as JsonObject),
      apiVersion: common('apiVersion'),
      kind: common('kind'),
      metadata: { description: METADATA, allOf: [reference(addBuiltIn('V1ObjectMeta', schemas))] },
    },
  }
  return name
}
