/**
 * Strategic merge patch, for built-in kinds only: a merge patch in which lists with a merge key merge item by item
 * (Kubernetes documentation, "strategic merge patch"; k8s.io/apimachinery/pkg/util/strategicpatch).
 */
import { canonical, clone, isObject, type Json, type JsonObject } from '../json.ts'
import { anything, fieldSchema, type Schema } from '../schema/schema.ts'
import { badRequest } from '../status.ts'

const deletions = '$deleteFromPrimitiveList/'
const order = '$setElementOrder/'

/** The patched value; the target is not changed. Throws 400 for a directive it cannot follow. */
export function strategicMergePatch(target: Json | undefined, patch: Json, schema: Schema): Json {
  if (!isObject(patch)) return clone(patch)
  if (patch['$patch'] === 'replace') return withoutDirectives(patch)
  if (patch['$patch'] === 'delete') return {}
  const result: JsonObject = isObject(target) ? { ...target } : {}
  const retained = patch['$retainKeys']
  if (Array.isArray(retained)) for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key]
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
      result[field] = reorder(result[field], wanted, fieldSchema(schema, field) ?? anything)
  }
  return result
}

function withoutDirectives(value: JsonObject): JsonObject {
  const { $patch: _, ...rest } = value
  return clone(rest)
}

function mergeList(target: Json | undefined, patch: Json[], schema: Schema, elementOrder: Json | undefined): Json {
  const live = Array.isArray(target) ? target : []
  if (schema['x-kubernetes-patch-strategy'] !== 'merge') return patch.filter(item => !isDirective(item)).map(clone)
  const key = schema['x-kubernetes-patch-merge-key']
  if (key === undefined) {
    const seen = new Set(live.map(canonical))
    return [...live, ...patch.filter(item => !seen.has(canonical(item)))]
  }
  let result = [...live]
  if (patch.some(item => isObject(item) && item['$patch'] === 'replace' && item[key] === undefined)) result = []
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`strategic merge patch: the items of a list keyed by ${key} must be objects`)
    if (item[key] === undefined) {
      if (isDirective(item)) continue
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    }
    const index = result.findIndex(other => isObject(other) && other[key] === item[key])
    if (item['$patch'] === 'delete') {
      if (index >= 0) result.splice(index, 1)
    } else if (index < 0) result.push(strategicMergePatch(undefined, item, schema.items ?? anything))
    else result[index] = strategicMergePatch(result[index], item, schema.items ?? anything)
  }
  return elementOrder === undefined ? result : reorder(result, elementOrder as Json[], schema)
}

const isDirective = (item: Json): boolean =>
  isObject(item) && item['$patch'] !== undefined && Object.keys(item).length === 1

/** The named items in the order asked for, the others after the neighbour they had. */
function reorder(list: Json[], wanted: Json[], schema: Schema): Json[] {
  const key = schema['x-kubernetes-patch-merge-key']
  const idOf = (item: Json) => canonical(key !== undefined && isObject(item) ? (item[key] ?? null) : item)
  const rank = new Map(wanted.map((item, index) => [idOf(item), index]))
  const named = list.filter(item => rank.has(idOf(item))).sort((a, b) => rank.get(idOf(a))! - rank.get(idOf(b))!)
  return list.map(item => (rank.has(idOf(item)) ? named.shift()! : item))
}
