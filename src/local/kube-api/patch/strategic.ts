/**
 * Strategic merge patch, for built-in kinds only: a merge patch in which lists with a merge key merge item by item
 * (Kubernetes documentation, "strategic merge patch"; k8s.io/apimachinery/pkg/util/strategicpatch).
 */
import { goText } from '../go-text.ts'
import { canonical, clone, isObject, type Json, type JsonObject } from '../json.ts'
import { anything, fieldSchema, type Schema } from '../schema/schema.ts'
import { badRequest, StatusError } from '../status.ts'

const deletions = '$deleteFromPrimitiveList/'
const order = '$setElementOrder/'

/** The patched value; the target is not changed. Throws 400 for a directive it cannot follow. */
export function strategicMergePatch(target: Json | undefined, patch: Json, schema: Schema): Json {
  if (!isObject(patch)) return clone(patch)
  if (patch['$patch'] === 'replace') return withoutDirectives(patch)
  if (patch['$patch'] === 'delete') return {}
  const result: JsonObject = isObject(target) ? { ...target } : {}
  retain(result, patch)
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(order)) continue
    if (key.startsWith(deletions)) {
      const field = key.slice(deletions.length)
      const gone = new Set((value as Json[]).map(canonical))
      if (Array.isArray(result[field])) result[field] = result[field].filter(item => !gone.has(canonical(item)))
      continue
    }
    const field = fieldSchema(schema, key) ?? anything
    if (value === null) delete result[key]
    else if (Array.isArray(value)) result[key] = mergeList(result[key], value, field, patch[order + key])
    else result[key] = strategicMergePatch(result[key], value, field)
  }
  for (const [key, wanted] of Object.entries(patch)) {
    if (!key.startsWith(order)) continue
    const field = key.slice(order.length)
    if (Array.isArray(result[field]) && Array.isArray(wanted))
      result[field] = arranged(
        result[field],
        wanted,
        isObject(target) && Array.isArray(target[field]) ? target[field] : [],
        identity(fieldSchema(schema, field)?.['x-kubernetes-patch-merge-key']),
      )
  }
  return result
}

/** A patch that retains keys has to name all that it sets among them. */
function retain(result: JsonObject, patch: JsonObject): void {
  const retained = patch['$retainKeys']
  if (retained === undefined) return
  const names = (key: string) => key !== '$retainKeys' && !key.startsWith(deletions) && !key.startsWith(order)
  if (
    !Array.isArray(retained) ||
    Object.entries(patch).some(([key, value]) => value !== null && names(key) && !retained.includes(key))
  )
    throw badRequest('invalid patch format of retainKeys')
  for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key]
}

function withoutDirectives(value: JsonObject): JsonObject {
  const { $patch: _, ...rest } = value
  return clone(rest)
}

function mergeList(target: Json | undefined, patch: Json[], schema: Schema, elementOrder: Json | undefined): Json {
  const live = Array.isArray(target) ? target : []
  const items = patch.filter(item => !isDirective(item))
  if (schema['x-kubernetes-patch-strategy'] !== 'merge') return items.map(clone)
  const key = schema['x-kubernetes-patch-merge-key']
  const idOf = identity(key)
  const replaced = patch.some(item => isObject(item) && item['$patch'] === 'replace')
  const merged = new Map(replaced ? [] : live.map(item => [idOf(item), item]))
  for (const item of patch) {
    if (key !== undefined && isObject(item) && item['$patch'] === 'replace') continue
    requireKey(item, key)
    const id = idOf(item)
    if (isObject(item) && item['$patch'] === 'delete') merged.delete(id)
    else merged.set(id, strategicMergePatch(merged.get(id), item, schema.items ?? anything))
  }
  const wanted = Array.isArray(elementOrder) ? elementOrder : items
  return arranged([...merged.values()], wanted, replaced ? [] : live, idOf)
}

/** Who is asked for by its key has to have one. A fault of the server's own, in kube-apiserver's eyes. */
function requireKey(item: Json, key: string | undefined): void {
  if (key === undefined || (isObject(item) && item[key] !== undefined)) return
  throw new StatusError(500, '', `map: ${goText(item)} does not contain declared merge key: ${key}`)
}

const isDirective = (item: Json): boolean => isObject(item) && item['$patch'] !== undefined

const identity = (key: string | undefined) => (item: Json) =>
  canonical(key !== undefined && isObject(item) ? (item[key] ?? null) : item)

/**
 * The items that the patch names in its order, the others in the order they had: each of these before the first named one that
 * stood behind it (normalizeElementOrder).
 */
function arranged(items: Json[], wanted: Json[], live: Json[], idOf: (item: Json) => string): Json[] {
  const rankIn = (list: Json[]) => new Map(list.map((item, index) => [idOf(item), index]))
  const [asked, stood] = [rankIn(wanted), rankIn(live)]
  const by = (rank: Map<string, number>) => (a: Json, b: Json) => (rank.get(idOf(a)) ?? 0) - (rank.get(idOf(b)) ?? 0)
  const named = items.filter(item => asked.has(idOf(item))).sort(by(asked))
  const others = items.filter(item => !asked.has(idOf(item))).sort(by(stood))
  const result: Json[] = []
  for (const next of named) {
    const place = stood.get(idOf(next))
    while (place !== undefined && others[0] !== undefined && stood.get(idOf(others[0]))! < place)
      result.push(others.shift()!)
    result.push(next)
  }
  return [...result, ...others]
}
