/**
 * JSON patch (RFC 6902) as kube-apiserver reads it (gopkg.in/evanphx/json-patch.v4, patch.go), which is milder than the RFC:
 * what is before the first slash of a path does not count, a field that is not there can be replaced, an index can be negative.
 */
import { clone, equal, isObject, type Json, type JsonObject } from '../json.ts'
import { StatusError } from '../status.ts'

/** kube-apiserver does not say which operation did not fit. */
const unprocessable = () =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})

const decodeKey = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~')

/** The object or list in which a path ends, and the key in it. */
function find(root: Json, path: Json | undefined): { parent: JsonObject | Json[]; key: string } {
  const parts = typeof path === 'string' ? path.split('/').slice(1).map(decodeKey) : []
  const key = parts.pop()
  if (key === undefined) throw unprocessable()
  let parent: Json | undefined = root
  for (const part of parts) parent = isContainer(parent) ? read(parent, part) : undefined
  if (!isContainer(parent)) throw unprocessable()
  return { parent, key }
}

const isContainer = (value: Json | undefined): value is JsonObject | Json[] => Array.isArray(value) || isObject(value)

/** Counted from the end when it is negative. `length` is how many places there are. */
function index(text: string, length: number): number {
  if (!/^[-+]?\d+$/.test(text)) throw unprocessable()
  const number = Number(text)
  const found = number < 0 ? number + length : number
  if (found < 0 || found >= length) throw unprocessable()
  return found
}

function read(parent: JsonObject | Json[], key: string): Json | undefined {
  if (Array.isArray(parent)) return parent[index(key, parent.length)]
  return Object.hasOwn(parent, key) ? parent[key] : undefined
}

function add(parent: JsonObject | Json[], key: string, value: Json): void {
  if (!Array.isArray(parent)) parent[key] = value
  else if (key === '-') parent.push(value)
  else parent.splice(index(key, parent.length + 1), 0, value)
}

function remove(parent: JsonObject | Json[], key: string): void {
  if (Array.isArray(parent)) parent.splice(index(key, parent.length), 1)
  else if (Object.hasOwn(parent, key)) delete parent[key]
  else throw unprocessable()
}

function replace(parent: JsonObject | Json[], key: string, value: Json): void {
  if (Array.isArray(parent)) parent[index(key, parent.length)] = value
  else parent[key] = value
}

/** @returns the whole as it is after one operation, changed in place but for a replacement of the whole itself */
function operate(root: Json, operation: JsonObject): Json {
  const { op, path, from } = operation
  const value = clone(operation['value'] ?? null)
  if (op === 'replace' && path === '') {
    if (!isContainer(value)) throw unprocessable()
    return value
  }
  if (op === 'test') {
    const target = path === '' ? undefined : find(root, path)
    if (!equal(target ? (read(target.parent, target.key) ?? null) : root, value)) throw unprocessable()
    return root
  }
  if (op === 'move' || op === 'copy') {
    const source = find(root, from)
    const found = read(source.parent, source.key) ?? null
    if (op === 'move') remove(source.parent, source.key)
    const { parent, key } = find(root, path)
    add(parent, key, clone(found))
    return root
  }
  const { parent, key } = find(root, path)
  if (op === 'add') add(parent, key, value)
  else if (op === 'remove') remove(parent, key)
  else if (op === 'replace') replace(parent, key, value)
  else throw unprocessable()
  return root
}

/**
 * The patched value; the target is not changed. Throws 413 for too many operations, 422 for a path that is not there or a
 * `test` that fails: then nothing of the patch has happened.
 */
export function jsonPatch(target: Json, operations: readonly JsonObject[]): Json {
  if (operations.length > 10_000)
    throw new StatusError(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is 10000, got ${operations.length}`,
    )
  return operations.reduce(operate, clone(target))
}
