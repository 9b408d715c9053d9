/** That the items of a set and the keys of a map list are there once (apiextensions-apiserver/pkg/apiserver/schema/listtype). */
import { fieldInvalid } from '../field-errors.ts'
import { canonical, isObject, type Json, type JsonObject } from '../json.ts'
import type { FieldError } from '../status.ts'
import { fieldSchema, isNamedField, joinPath, type Schema, somewhere } from './schema.ts'

const unique = (schema: Schema): boolean =>
  schema['x-kubernetes-list-type'] === 'set' || schema['x-kubernetes-list-type'] === 'map'
const hasListTypes = somewhere(unique)

/** Appends each first repetition of an item of a set or a key of a map list. */
export function validateListTypes(value: Json, schema: Schema, path: string, errors: FieldError[]): void {
  if (typeof value !== 'object' || value === null || !hasListTypes(schema)) return
  if (Array.isArray(value)) {
    if (schema['x-kubernetes-list-type'] === 'set') tellRepeated(value, path, errors)
    else if (schema['x-kubernetes-list-type'] === 'map') validateKeys(value, schema, path, errors)
    for (const [index, item] of value.entries())
      if (schema.items) validateListTypes(item, schema.items, `${path}[${index}]`, errors)
    return
  }
  for (const [key, entry] of Object.entries(value)) {
    const field = fieldSchema(schema, key)
    if (field) validateListTypes(entry, field, joinPath(path, key, !isNamedField(schema, key)), errors)
  }
}

function validateKeys(value: Json[], schema: Schema, path: string, errors: FieldError[]): void {
  const stranger = value.findIndex(item => item !== null && !isObject(item))
  if (stranger >= 0)
    errors.push(
      fieldInvalid(`${path}[${stranger}]`, value[stranger], 'must be an object for an array of list-type map'),
    )
  else
    tellRepeated(
      value.map(item => keyOf(item, schema)),
      path,
      errors,
    )
}

function keyOf(item: Json, schema: Schema): JsonObject {
  const key: JsonObject = {}
  for (const name of schema['x-kubernetes-list-map-keys'] ?? [])
    if (isObject(item) && item[name] !== undefined) key[name] = item[name]
  return key
}

/** However often something is repeated, it is told once. */
function tellRepeated(values: readonly Json[], path: string, errors: FieldError[]): void {
  const times = new Map<string, number>()
  for (const [index, value] of values.entries()) {
    const text = canonical(value)
    const seen = (times.get(text) ?? 0) + 1
    times.set(text, seen)
    if (seen === 2) errors.push({ reason: 'FieldValueDuplicate', field: `${path}[${index}]`, value })
  }
}
