/** JSON patch (RFC 6902) with JSON pointers (RFC 6901). */
import { clone, equal, isObject, type Json } from '../json.ts'
import { badRequest, StatusError } from '../status.ts'

/** kube-apiserver does not say which operation did not fit. */
const unprocessable = () =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})

function pointer(text: unknown, field: string): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/')))
    throw badRequest(`json patch: ${field} must be a JSON pointer, not ${JSON.stringify(text)}`)
  return text
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function index(part: string, length: number): number {
  if (!/^(0|[1-9]\d*)$/.test(part) || Number(part) > length) throw unprocessable()
  return Number(part)
}

function read(root: Json, path: readonly string[]): Json {
  let current: Json | undefined = root
  for (const part of path) {
    if (Array.isArray(current)) current = current[index(part, current.length - 1)]
    else current = isObject(current) && Object.hasOwn(current, part) ? current[part] : undefined
    if (current === undefined) throw unprocessable()
  }
  return current!
}

function write(root: Json, path: readonly string[], value: Json, insert: boolean): Json {
  const last = path.at(-1)
  if (last === undefined) return value
  const parent = read(root, path.slice(0, -1))
  if (Array.isArray(parent)) {
    const position = last === '-' ? parent.length : index(last, insert ? parent.length : parent.length - 1)
    parent.splice(position, insert ? 0 : 1, value)
  } else if (isObject(parent)) parent[last] = value
  else throw unprocessable()
  return root
}

function remove(root: Json, path: readonly string[]): void {
  read(root, path)
  const parent = read(root, path.slice(0, -1))
  const last = path.at(-1)
  if (last === undefined) throw unprocessable()
  if (Array.isArray(parent)) parent.splice(Number(last), 1)
  else if (isObject(parent)) delete parent[last]
}

/**
 * The patched value; the target is not changed. Throws 400 for a malformed patch, 422 for a path that is not there or
 * a `test` that fails: then nothing of the patch has happened.
 */
export function jsonPatch(target: Json, patch: unknown): Json {
  if (!Array.isArray(patch)) throw badRequest('json patch: the body must be a list of operations')
  if (patch.length > 10_000)
    throw new StatusError(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is 10000, got ${patch.length}`,
    )
  let root = clone(target)
  for (const operation of patch as unknown[]) {
    if (!isObject(operation)) throw badRequest('json patch: each operation must be an object')
    const path = pointer(operation['path'], 'path')
    switch (operation['op']) {
      case 'add':
      case 'replace':
        if (operation['value'] === undefined) throw badRequest(`json patch: ${operation['op']} needs a value`)
        if (operation['op'] === 'replace') read(root, path)
        root = write(root, path, clone(operation['value']), operation['op'] === 'add')
        break
      case 'remove':
        remove(root, path)
        break
      case 'copy':
      case 'move': {
        const from = pointer(operation['from'], 'from')
        const value = clone(read(root, from))
        if (operation['op'] === 'move') remove(root, from)
        root = write(root, path, value, true)
        break
      }
      case 'test':
        if (!equal(read(root, path), operation['value'])) throw unprocessable()
        break
      default:
        throw unprocessable()
    }
  }
  return root
}
