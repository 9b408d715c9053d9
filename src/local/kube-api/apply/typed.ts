/**
 * Values seen through their schema: which paths they have, how two differ, how one merges into another.
 * The rules are those of sigs.k8s.io/structured-merge-diff (typed); what the schema leaves open is deduced there and
 * here alike: maps merge key by key, lists are atomic.
 */
import { canonical, equal, isObject, type Json, type JsonObject } from '../json.ts'
import { anything, fieldSchema, isNamedField, type Schema } from '../schema/schema.ts'
import { emptySet, type FieldSet, isEmpty } from './field-set.ts'

type Shape = 'leaf' | 'map' | 'list'

function shape(value: Json | undefined, schema: Schema): Shape {
  if (Array.isArray(value)) {
    const listType = schema['x-kubernetes-list-type']
    return listType === 'map' || listType === 'set' ? 'list' : 'leaf'
  }
  if (isObject(value)) return schema['x-kubernetes-map-type'] === 'atomic' ? 'leaf' : 'map'
  return 'leaf'
}

/** The path element of a list item, `undefined` when it has none of its list's keys. */
export function itemElement(item: Json, schema: Schema): string | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return `v:${canonical(item)}`
  const key: JsonObject = {}
  for (const name of schema['x-kubernetes-list-map-keys'] ?? []) {
    const value = isObject(item) ? (item[name] ?? schema.items?.properties?.[name]?.default) : undefined
    if (value !== undefined && value !== null) key[name] = value
  }
  return Object.keys(key).length > 0 ? `k:${canonical(key)}` : undefined
}

/**
 * List items by their path element, in order; of repeated items the first counts. Ownership of an update must not fail
 * on a list that validation is about to refuse, or lets pass: an item without keys is known by its index.
 */
function itemsOf(list: Json, schema: Schema): Map<string, Json> {
  const items = new Map<string, Json>()
  for (const [index, item] of (list as Json[]).entries()) {
    const element = itemElement(item, schema) ?? `i:${index}`
    if (!items.has(element)) items.set(element, item)
  }
  return items
}

/** The paths that a manager who applies `value` owns. */
export function fieldSetOf(value: Json, schema: Schema): FieldSet {
  const set = emptySet()
  collect(value, schema, set)
  return set
}

function collect(value: Json, schema: Schema, into: FieldSet): void {
  const kind = shape(value, schema)
  if (kind === 'leaf') {
    into.member = true
    return
  }
  if (kind === 'map') {
    const fields = value as JsonObject
    for (const key of Object.keys(fields)) {
      const entry = fields[key]!
      const node = emptySet()
      collect(entry, fieldSchema(schema, key) ?? anything, node)
      const emptyMap = isObject(entry) && Object.keys(entry).length === 0
      if (emptyMap || !isNamedField(schema, key)) node.member = true
      if (!isEmpty(node)) into.children.set(`f:${key}`, node)
    }
    return
  }
  for (const [element, item] of itemsOf(value, schema)) {
    const node = emptySet(true)
    collect(item, schema.items ?? anything, node)
    into.children.set(element, node)
  }
}

export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

/** Which paths were added, changed or removed between two values. */
export function compare(before: Json | undefined, after: Json | undefined, schema: Schema): Comparison {
  const result = { added: emptySet(), modified: emptySet(), removed: emptySet() }
  walk(before, after, schema, result)
  return result
}

function walk(before: Json | undefined, after: Json | undefined, schema: Schema, into: Comparison): void {
  if (before === after) return
  const kind = shape(after === undefined ? before : after, schema)
  const other = before === undefined || after === undefined ? kind : shape(before, schema)
  if (kind === 'leaf' || kind !== other) {
    if (before === undefined) into.added.member = true
    else if (after === undefined) into.removed.member = true
    else if (!equal(before, after)) into.modified.member = true
    return
  }
  if (before === undefined) into.added.member = true
  if (after === undefined) into.removed.member = true
  if (kind === 'map') {
    const old = (before ?? {}) as JsonObject
    const next = (after ?? {}) as JsonObject
    const field = (key: string): void =>
      walkInto(own(old, key), own(next, key), fieldSchema(schema, key) ?? anything, `f:${key}`, into)
    for (const key of Object.keys(old)) field(key)
    for (const key of Object.keys(next)) if (!Object.hasOwn(old, key)) field(key)
    return
  }
  const old = before === undefined ? new Map<string, Json>() : itemsOf(before, schema)
  const next = after === undefined ? new Map<string, Json>() : itemsOf(after, schema)
  for (const element of new Set([...old.keys(), ...next.keys()]))
    walkInto(old.get(element), next.get(element), schema.items ?? anything, element, into)
}

const own = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

function walkInto(
  before: Json | undefined,
  after: Json | undefined,
  schema: Schema,
  element: string,
  into: Comparison,
): void {
  // Most fields of most writes are what they were.
  if (before === after) return
  const nested = { added: emptySet(), modified: emptySet(), removed: emptySet() }
  walk(before, after, schema, nested)
  for (const part of ['added', 'modified', 'removed'] as const)
    if (!isEmpty(nested[part])) into[part].children.set(element, nested[part])
}

/** `config` merged into `live`: what the configuration does not mention stays. Neither is changed. */
export function merge(live: Json | undefined, config: Json, schema: Schema): Json {
  const kind = shape(config, schema)
  if (live === undefined || kind === 'leaf' || shape(live, schema) !== kind) return config
  if (kind === 'list') return mergeLists(live as Json[], config as Json[], schema)
  const result: JsonObject = { ...(live as JsonObject) }
  for (const [key, entry] of Object.entries(config as JsonObject))
    result[key] = merge(result[key], entry, fieldSchema(schema, key) ?? anything)
  return result
}

/** Keeps the configuration's order for its own items and leaves the others where they stand between them. */
function mergeLists(live: Json[], config: Json[], schema: Schema): Json[] {
  const [left, right] = [itemsOf(live, schema), itemsOf(config, schema)]
  const [leftOrder, rightOrder] = [[...left.keys()], [...right.keys()]]
  const result: Json[] = []
  const merged = new Set<string>()
  let [l, r] = [0, 0]
  while (l < leftOrder.length || r < rightOrder.length) {
    const [mine, theirs] = [leftOrder[l], rightOrder[r]]
    if (mine !== undefined && (!right.has(mine) || merged.has(mine))) {
      if (!merged.has(mine)) result.push(left.get(mine)!)
      l++
      continue
    }
    result.push(merge(left.get(theirs!), right.get(theirs!)!, schema.items ?? anything))
    merged.add(theirs!)
    r++
  }
  return result
}

/** `value` without the paths in `set`. */
export function withoutItems(value: Json, set: FieldSet, schema: Schema): Json {
  const kind = shape(value, schema)
  if (kind === 'leaf' || set.children.size === 0) return value
  if (kind === 'list') {
    const kept: Json[] = []
    for (const [element, item] of itemsOf(value, schema)) {
      const node = set.children.get(element)
      if (node?.member) continue
      kept.push(node ? withoutItems(item, node, schema.items ?? anything) : item)
    }
    return kept
  }
  const result: JsonObject = {}
  for (const [key, entry] of Object.entries(value as JsonObject)) {
    const node = set.children.get(`f:${key}`)
    if (node?.member) continue
    result[key] = node ? withoutItems(entry, node, fieldSchema(schema, key) ?? anything) : entry
  }
  return result
}
