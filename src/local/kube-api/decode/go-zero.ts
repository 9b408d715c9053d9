/**
 * What Go writes of a struct even when nobody has set it: fields without `omitempty`, and structs, which are never empty to
 * it. A new object has them before anybody writes a field, so that nobody owns them.
 */
import { isObject, type Json, type JsonObject } from '../json.ts'
import { type GoField, type GoType, jsonFieldsOf } from './go-types.ts'

function zeroOfType(type: GoType): Json {
  if (type.form === 'message') return zeroOf(type.model)
  if (type.form !== 'scalar') return null
  if (type.scalar === 'string') return ''
  if (type.scalar === 'bool') return false
  if (type.scalar === 'Quantity') return '0'
  return type.scalar === 'int32' || type.scalar === 'int64' || type.scalar === 'IntOrString' ? 0 : null
}

/** The zero value of a model as JSON, without metadata of its own. */
export function zeroOf(model: string): JsonObject {
  const zero: JsonObject = {}
  for (const { name, type, always } of jsonFieldsOf(model).values()) if (always) zero[name] = zeroOfType(type)
  return zero
}

const SCHEMA = 'V1JSONSchemaProps'

/** The schemas in a field of a schema that may hold something else. */
function schemasOf(value: Json, type: GoType): JsonObject[] {
  if (type.form !== 'scalar' || !type.scalar.startsWith('JSONSchemaPropsOr')) return []
  return (Array.isArray(value) ? value : [value]).filter(isObject)
}

/** Adds in place what of a value Go would write and is not there. */
export function fillZero(value: Json, type: GoType): void {
  if (type.form === 'list' && Array.isArray(value))
    for (const [index, item] of value.entries()) {
      // A null in a list is the zero value of its items.
      if (item === null) value[index] = zeroOfType(type.of)
      else fillZero(item, type.of)
    }
  for (const schema of schemasOf(value, type)) fillZeroModel(schema, SCHEMA)
  if (type.form === 'map' && isObject(value)) for (const item of Object.values(value)) fillZero(item, type.of)
  if (type.form === 'message' && isObject(value)) fillZeroModel(value, type.model)
}

export function fillZeroModel(object: JsonObject, model: string): void {
  for (const { name, type, always } of jsonFieldsOf(model).values()) {
    const value = object[name]
    if (value !== undefined && value !== null) fillZero(value, type)
    else if (always) object[name] = zeroOfType(type)
  }
}

/** Removes in place the empty values that Go would not write: they are the same as none to it. */
export function dropEmptyFields(value: Json, type: GoType): void {
  if (type.form === 'list' && Array.isArray(value)) for (const item of value) dropEmptyFields(item, type.of)
  if (type.form === 'map' && isObject(value)) for (const item of Object.values(value)) dropEmptyFields(item, type.of)
  if (type.form === 'message' && isObject(value)) dropEmptyOf(value, type.model)
  for (const schema of schemasOf(value, type)) dropEmptyOf(schema, SCHEMA)
}

function isEmptyToGo(value: Json, { type, pointer }: GoField): boolean {
  if (type.form === 'list') return Array.isArray(value) && value.length === 0
  if (type.form === 'map') return isObject(value) && Object.keys(value).length === 0
  return type.form === 'scalar' && !pointer && (value === '' || value === 0 || value === false)
}

export function dropEmptyOf(object: JsonObject, model: string): void {
  const fields = jsonFieldsOf(model)
  for (const [key, value] of Object.entries(object)) {
    const field = fields.get(key)
    if (!field) continue
    // An empty list of managers is not the same as none: it takes them all away.
    if (!field.always && key !== 'managedFields' && isEmptyToGo(value, field)) delete object[key]
    else dropEmptyFields(value, field.type)
  }
}
