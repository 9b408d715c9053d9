/** Which old value an item of a list is a change of (apiserver/pkg/cel/common/equality.go). */
import { canonical, isObject, type Json } from '../json.ts'
import type { Schema } from './schema.ts'

const uncorrelated = (): undefined => undefined

/** Old items can be found by key in a map list only; the items of any other list are new whenever the list is another. */
export function correlate(old: Json | undefined, schema: Schema): (item: Json) => Json | undefined {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return uncorrelated
  const keyOf = (item: Json) =>
    canonical((schema['x-kubernetes-list-map-keys'] ?? []).map(key => (isObject(item) ? (item[key] ?? null) : null)))
  const byKey = new Map(old.map(item => [keyOf(item), item]))
  return item => byKey.get(keyOf(item))
}
