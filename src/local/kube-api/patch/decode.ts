/** The text of a patch as data, and what kube-apiserver says of one it cannot read (apiserver/pkg/endpoints/handlers/patch.go). */
import { parseJson } from '../go-json.ts'
import { isObject, type JsonObject } from '../json.ts'
import { badRequest } from '../status.ts'

/** How Go names the kind of a value of JSON that it cannot put into a field. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return isObject(value) ? 'object' : typeof value === 'boolean' ? 'bool' : typeof value
}

/** A body from within this process is data already. */
function read(body: unknown, prefix: string): unknown {
  if (typeof body !== 'string') return body
  try {
    return parseJson(body)
  } catch (error) {
    throw badRequest(`${prefix}${(error as Error).message}`)
  }
}

const cannot = (value: unknown, wanted: string) =>
  `json: cannot unmarshal ${jsonKind(value)} into Go value of type ${wanted}`
const ANY_MAP = 'map[string]interface {}'

/** @param prefix of what is said of it: only JSON and merge patches have one */
export function decodeMap(body: unknown, prefix: '' | 'error decoding patch: '): JsonObject {
  const value = read(body, prefix)
  if (isObject(value)) return value as JsonObject
  throw badRequest(`${prefix}${cannot(value, ANY_MAP)}`)
}

export function decodeOperations(body: unknown): JsonObject[] {
  const prefix = 'error decoding patch: '
  const value = read(body, prefix)
  if (!Array.isArray(value)) throw badRequest(`${prefix}${cannot(value, '[]handlers.jsonPatchOp')}`)
  const stranger = value.find(each => !isObject(each)) as unknown
  if (stranger !== undefined) throw badRequest(`${prefix}${cannot(stranger, 'handlers.jsonPatchOp')}`)
  return value as JsonObject[]
}
