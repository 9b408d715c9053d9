/**
 * The body of a create or an update as an object of its kind, or what kube-apiserver says of one it cannot read
 * (apimachinery/pkg/runtime/serializer/json/json.go, apiserver/pkg/endpoints/handlers/rest.go transformDecodeError).
 */
import { YAMLException } from 'js-yaml'
import { parseJson } from '../go-json.ts'
import { isObject, type JsonObject } from '../json.ts'
import type { Registry, ResourceType } from '../kinds/registry.ts'
import { badRequest, unsupportedMediaType } from '../status.ts'
import { duplicateKeys } from './duplicates.ts'
import { decodeTyped, jsonKind } from './typed.ts'
import { parseYaml, yamlProblem } from './yaml.ts'

export interface DecodedBody {
  object: JsonObject
  /** What a strict reader objects to: keys that are there twice, and fields that a built-in kind does not have. */
  problems: string[]
}

const JSON_TYPES = ['application/json', 'application/yaml']
const PROTOBUF = 'application/vnd.kubernetes.protobuf'

/** The media types of objects of a kind: custom resources have no protobuf. */
export const mediaTypesOf = (type: ResourceType): string[] => [...JSON_TYPES, ...(type.builtIn ? [PROTOBUF] : [])]

/** What the body was, in a message: the beginning of JSON, the bytes of anything else. */
function summary(text: string): string {
  if (text === '') return '<empty>'
  const bytes = Buffer.from(text)
  const shown = bytes.subarray(0, 30).toString(text.startsWith('{') ? 'utf8' : 'hex')
  return bytes.length > 30 ? `${shown} ...` : shown
}

const unrecognised = (type: ResourceType, why: string, text: string) =>
  badRequest(`the object provided is unrecognized (must be of type ${type.kind}): ${why} (${summary(text)})`)

const META = "couldn't get version/kind; json parse error: "
const META_STRUCT =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

/** The text as data, and the keys that are there twice. */
function parse(text: string, mediaType: string, type: ResourceType): { value: unknown; problems: string[] } {
  const problems: string[] = []
  if (mediaType === 'application/yaml')
    try {
      const value = parseYaml(text, what =>
        problems.push(`error converting YAML to JSON: yaml: unmarshal errors:\n  ${what}`),
      )
      return { value, problems }
    } catch (error) {
      if (error instanceof YAMLException) throw unrecognised(type, yamlProblem(error), text)
      throw error
    }
  try {
    const value = parseJson(text)
    return { value, problems: duplicateKeys(text, value).map(path => `duplicate field ${JSON.stringify(path)}`) }
  } catch (error) {
    if (error instanceof SyntaxError) throw unrecognised(type, `${META}${error.message}`, text)
    throw error
  }
}

/** `apps/v1` and a kind, as the body has them. Throws 400 where they are no texts. */
function metaOf(value: JsonObject, type: ResourceType, text: () => string): { apiVersion: string; kind: string } {
  const { apiVersion = '', kind = '' } = value
  for (const [field, found] of Object.entries({ apiVersion, kind }))
    if (found !== null && typeof found !== 'string')
      throw unrecognised(
        type,
        `${META}json: cannot unmarshal ${jsonKind(found)} into Go struct field .${field} of type string`,
        text(),
      )
  return { apiVersion: (apiVersion as string | null) ?? '', kind: (kind as string | null) ?? '' }
}

const groupOf = (apiVersion: string) => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '')
const versionOf = (apiVersion: string) => apiVersion.split('/').at(-1)!
/** The package of a group's internal types; both groups of Events share one. */
const internalPackage = (apiVersion: string) => {
  const group = groupOf(apiVersion)
  return group === '' || group === 'events.k8s.io' ? 'core' : group.split('.')[0]!
}

/** 400 for what is of a kind and cannot be it. */
export const cannotHandle = (kind: string, apiVersion: string, type: ResourceType, why: string) =>
  badRequest(`${kind} in version ${JSON.stringify(versionOf(apiVersion))} cannot be handled as a ${type.kind}: ${why}`)

function decodeBuiltIn(value: JsonObject, type: ResourceType, registry: Registry, text: () => string): string[] {
  const meta = metaOf(value, type, text)
  // The URL says what the body leaves open.
  const kind = meta.kind || type.kind
  const apiVersion = meta.apiVersion || type.apiVersion
  const refuse = (why: string) => cannotHandle(kind, apiVersion, type, why)
  const said = registry.byKind(apiVersion, kind)
  if (!said?.builtIn)
    throw refuse(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    )
  const { error, unknown } = decodeTyped(value, said.builtIn.model)
  if (error !== undefined) throw refuse(error)
  if (said !== type)
    throw refuse(
      `converting (${versionOf(apiVersion)}.${kind}) to (${internalPackage(type.apiVersion)}.${type.kind}): unknown conversion`,
    )
  return unknown.map(path => `unknown field ${JSON.stringify(path)}`)
}

function checkCustom(value: JsonObject, type: ResourceType, text: () => string): void {
  const { apiVersion, kind } = metaOf(value, type, text)
  if (kind === '') throw unrecognised(type, `Object 'Kind' is missing in '${text()}'`, text())
  const metadata = value['metadata'] ?? {}
  const error = isObject(metadata)
    ? decodeTyped(metadata, 'V1ObjectMeta').error
    : `json: cannot unmarshal ${jsonKind(metadata)} into Go value of type v1.ObjectMeta`
  if (error !== undefined) throw cannotHandle(kind, apiVersion, type, error)
  if (apiVersion !== type.apiVersion)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${type.apiVersion})`,
    )
}

/** Decodes a body: text as it came, or data from within this process. Throws 400, or 415 for another media type. */
export function decodeBody(body: unknown, mediaType: string, type: ResourceType, registry: Registry): DecodedBody {
  if (mediaType !== '' && !mediaTypesOf(type).includes(mediaType) && !mediaType.endsWith('+json'))
    throw unsupportedMediaType(mediaTypesOf(type))
  const isText = typeof body === 'string' || body === undefined
  const { value, problems } = isText ? parse(body ?? '', mediaType, type) : { value: body as unknown, problems: [] }
  // Of data from within this process a text is made only when it is to be shown.
  const text = () => (isText ? (body ?? '') : JSON.stringify(body))
  if (!isObject(value))
    throw unrecognised(
      type,
      `${META}json: cannot unmarshal ${jsonKind(value)} into Go value of type ${META_STRUCT}`,
      text(),
    )
  if (type.builtIn) problems.push(...decodeBuiltIn(value, type, registry, text))
  else checkCustom(value, type, text)
  return { object: value, problems }
}
