/** Defaulting of custom resources by `default` in the schema. */
import { clone, isObject, type Json } from '../json.ts'
import { anything, fieldSchema, type Schema } from './schema.ts'

/**
 * Fills in defaults in place, outermost first, so that a default object gets the defaults within it. A `null` where
 * the schema is not nullable and has a default counts as absent (CRD documentation, "Defaulting and Nullable").
 */
export function applyDefaults(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items) for (const item of value) applyDefaults(item, schema.items)
    return
  }
  if (!isObject(value)) return
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    if (field.default === undefined) continue
    if (value[key] === undefined || (value[key] === null && !field.nullable)) value[key] = clone(field.default)
  }
  for (const key of Object.keys(value)) {
    const field = fieldSchema(schema, key)
    if (field) applyDefaults(value[key]!, field)
  }
}

/** Takes out, in place, each `null` that is neither allowed nor about to become a default (defaulting/prunenulls.go). */
export function dropNulls(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, schema.items ?? anything)
    return
  }
  if (!isObject(value)) return
  for (const [key, entry] of Object.entries(value)) {
    const field = fieldSchema(schema, key)
    if (!field) continue
    if (entry === null && !field.nullable && field.default === undefined) delete value[key]
    else dropNulls(entry, field)
  }
}
