import type { KubeObject } from './objects.ts'

type Json = unknown
type Fields = Record<string, unknown>

const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Metadata that a desired object carries to be addressed; never owned. */
const ADDRESS = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
])

/**
 * Paths where the live object does not say what is desired, or where `manager` still owns a field it no longer wants:
 * empty means that an apply would change nothing. Fields nobody mentions (defaults, other managers') are not looked at.
 */
export function driftOf(desired: KubeObject, live: KubeObject, manager: string): string[] {
  const drift: string[] = []
  compare(withoutAddress(desired), live, '', drift)
  const entry = live.metadata.managedFields?.find(
    ({ manager: name, operation, subresource }) => name === manager && operation === 'Apply' && !subresource,
  )
  if (!entry) drift.push('metadata.managedFields')
  else unwanted(entry.fieldsV1 ?? {}, desired, '', drift)
  return drift
}

function withoutAddress({ apiVersion: _apiVersion, kind: _kind, metadata, ...rest }: KubeObject): Record<string, Json> {
  return { ...rest, metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !ADDRESS.has(key))) }
}

function compare(desired: Json, live: Json, path: string, drift: string[]): void {
  if (isObject(desired)) {
    if (!isObject(live)) {
      if (Object.keys(desired).length > 0 || live !== undefined) drift.push(path)
      return
    }
    for (const [key, value] of Object.entries(desired)) {
      if (value !== undefined) compare(value, live[key], path ? `${path}.${key}` : key, drift)
    }
  } else if (Array.isArray(desired)) {
    compareList(desired, live, path, drift)
  } else if (desired !== live) {
    drift.push(path)
  }
}

/** The key by which lists of objects are merged, where the items show one; other lists are compared as a whole. */
const itemKey = (item: Json): string | undefined => {
  if (!isObject(item)) return undefined
  if (typeof item['containerPort'] === 'number')
    return `containerPort=${item['containerPort']}/${item['protocol'] ?? 'TCP'}`
  if (typeof item['port'] === 'number') return `port=${item['port']}/${item['protocol'] ?? 'TCP'}`
  for (const key of ['name', 'uid', 'type']) if (typeof item[key] === 'string') return `${key}=${item[key]}`
  return undefined
}

function compareList(desired: Json[], live: Json, path: string, drift: string[]): void {
  if (!Array.isArray(live)) {
    if (desired.length > 0) drift.push(path)
    return
  }
  const keys = desired.map(itemKey)
  if (keys.every(key => key !== undefined) && new Set(keys).size === keys.length) {
    for (const [index, item] of desired.entries()) {
      const match = live.find(candidate => itemKey(candidate) === keys[index])
      if (match === undefined) drift.push(`${path}[${keys[index]}]`)
      else compare(item, match, `${path}[${keys[index]}]`, drift)
    }
    return
  }
  // A set (finalizers, say) may hold others' values beside ours; an atomic list that differs in order differs.
  const scalar = desired.every(item => !isObject(item) && !Array.isArray(item))
  if (scalar ? !desired.every(item => live.includes(item)) : desired.length !== live.length) drift.push(path)
  else if (!scalar)
    for (const [index, item] of desired.entries()) compare(item, live[index], `${path}[${index}]`, drift)
}

function unwanted(fields: Fields, desired: Json, path: string, drift: string[]): void {
  for (const [name, below] of Object.entries(fields)) {
    if (name === '.') continue
    const at = `${path}/${name}`
    const next = step(desired, name)
    if (next === undefined) drift.push(at)
    else if (isObject(below)) unwanted(below, next, at, drift)
  }
}

/** One step of a FieldsV1 path: `f:field`, `k:{key}` of a list item, `v:value` of a set, `i:index`. */
function step(value: Json, name: string): Json {
  const rest = name.slice(2)
  if (name.startsWith('f:')) return isObject(value) ? value[rest] : undefined
  if (!Array.isArray(value)) return undefined
  if (name.startsWith('i:')) return value[Number(rest)]
  const parsed = JSON.parse(rest) as Json
  if (name.startsWith('v:')) return value.find(item => item === parsed)
  return value.find(
    item =>
      isObject(item) &&
      isObject(parsed) &&
      Object.entries(parsed).every(([key, wanted]) => (item[key] ?? DEFAULT_KEYS[key]) === wanted),
  )
}

/** Keys of list items that the server fills in when a manifest leaves them out. */
const DEFAULT_KEYS: Record<string, Json> = { protocol: 'TCP' }
