/** Validation of a value against its schema, with the messages of the API server (go-openapi/validate as it wraps them). */
import { fieldInvalid, fieldNotSupported, fieldRequired } from '../field-errors.ts'
import { canonical, equal, isObject, type Json, type JsonObject } from '../json.ts'
import type { FieldError } from '../status.ts'
import { hasFormat, quantity } from './formats.ts'
import { compilePattern } from './pattern.ts'
import { anything, fieldSchema, isNamedField, joinPath, type Schema } from './schema.ts'

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function hasType(value: Json, schema: Schema): boolean {
  const actual = typeOf(value)
  if (schema['x-kubernetes-int-or-string'])
    return actual === 'integer' || actual === 'string' || (schema.format === 'quantity' && actual === 'number')
  return schema.type === undefined || actual === schema.type || (schema.type === 'number' && actual === 'integer')
}

/**
 * Checks `value` at `path` and appends what is wrong to `errors`. What an object has in common with `stored`, the very same
 * value, was valid when it was stored and is not looked at again (KEP-4008, CRD validation ratcheting).
 */
export function validate(value: Json, schema: Schema, path: string, errors: FieldError[], stored?: JsonObject): void {
  if (value === null) {
    if (schema.nullable || (schema.type === undefined && !schema['x-kubernetes-int-or-string'])) return
    errors.push(wrongType(path, 'null', schema.type ?? 'integer,string'))
    return
  }
  if (!hasType(value, schema)) {
    errors.push(wrongType(path, typeOf(value), schema.type ?? 'integer,string'))
    return
  }
  if (schema.enum && !schema.enum.some(allowed => equal(allowed, value)))
    errors.push(fieldNotSupported(path, value, schema.enum))
  if (typeof value === 'string') validateString(value, schema, path, errors)
  else if (typeof value === 'number') validateNumber(value, schema, path, errors)
  else if (Array.isArray(value)) validateArray(value, schema, path, errors)
  else if (isObject(value)) validateObject(value, schema, path, errors, stored)
  validateJunctors(value, schema, path, errors)
}

const wrongType = (field: string, actual: string, expected: string): FieldError => ({
  reason: 'FieldValueTypeInvalid',
  field,
  value: actual,
  detail: `${field} in body must be of type ${expected}: "${actual}"`,
})

function validateString(value: string, schema: Schema, field: string, errors: FieldError[]): void {
  const length = schema.maxLength === undefined && schema.minLength === undefined ? 0 : [...value].length
  const wrong = (detail: string) => errors.push(fieldInvalid(field, value, detail))
  if (schema.maxLength !== undefined && length > schema.maxLength)
    errors.push({ reason: 'FieldValueTooLong', field, detail: `may not be more than ${schema.maxLength} bytes` })
  if (schema.minLength !== undefined && length < schema.minLength)
    wrong(`${field} in body should be at least ${schema.minLength} chars long`)
  // The first wrong thing about a text is the only one told.
  else if (schema.pattern !== undefined && compilePattern(schema.pattern)?.test(value) === false)
    wrong(`${field} in body should match '${schema.pattern}'`)
  if (schema.format === 'quantity' && !quantity.test(value))
    wrong("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
  else if (schema.format && !hasFormat(value, schema.format))
    errors.push({
      reason: 'FieldValueTypeInvalid',
      field,
      value,
      detail: `${field} in body must be of type ${schema.format}: ${JSON.stringify(value)}`,
    })
}

function validateNumber(value: number, schema: Schema, field: string, errors: FieldError[]): void {
  const wrong = (detail: string) => errors.push(fieldInvalid(field, value, `${field} in body ${detail}`))
  if (schema.minimum !== undefined && (schema.exclusiveMinimum ? value <= schema.minimum : value < schema.minimum))
    wrong(`should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${schema.minimum}`)
  if (schema.maximum !== undefined && (schema.exclusiveMaximum ? value >= schema.maximum : value > schema.maximum))
    wrong(`should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${schema.maximum}`)
  if (schema.multipleOf !== undefined && value % schema.multipleOf !== 0)
    wrong(`should be a multiple of ${schema.multipleOf}`)
  if (schema.format === 'int32' && (value > 2147483647 || value < -2147483648))
    wrong(`must be of type int32: "${value}"`)
}

function validateArray(value: Json[], schema: Schema, field: string, errors: FieldError[]): void {
  if (schema.minItems !== undefined && value.length < schema.minItems)
    errors.push(fieldInvalid(field, value.length, `${field} in body should have at least ${schema.minItems} items`))
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    errors.push({
      reason: 'FieldValueTooMany',
      field,
      value: value.length,
      detail: `must have at most ${schema.maxItems} items`,
    })
  for (const [index, item] of value.entries()) validate(item, schema.items ?? anything, `${field}[${index}]`, errors)
  for (const index of duplicates(value, schema))
    errors.push({ reason: 'FieldValueDuplicate', field: `${field}[${index}]`, value: keyOf(value[index]!, schema) })
}

function keyOf(item: Json, schema: Schema): Json {
  if (schema['x-kubernetes-list-type'] !== 'map' || !isObject(item)) return item
  const key: JsonObject = {}
  for (const name of schema['x-kubernetes-list-map-keys'] ?? []) {
    const part = item[name] ?? schema.items?.properties?.[name]?.default
    if (part !== undefined) key[name] = part
  }
  return key
}

/** Indexes of items that repeat an earlier one of a set, or an earlier key of a map list. */
function duplicates(value: Json[], schema: Schema): number[] {
  const listType = schema['x-kubernetes-list-type']
  if (listType !== 'set' && listType !== 'map' && !schema.uniqueItems) return []
  const seen = new Set<string>()
  const found: number[] = []
  for (const [index, item] of value.entries()) {
    const key = canonical(keyOf(item, schema))
    if (seen.has(key)) found.push(index)
    seen.add(key)
  }
  return found
}

function validateObject(
  value: JsonObject,
  schema: Schema,
  path: string,
  errors: FieldError[],
  stored: JsonObject | undefined,
): void {
  for (const key of schema.required ?? []) if (value[key] === undefined) errors.push(fieldRequired(joinPath(path, key)))
  const count = Object.keys(value).length
  if (schema.minProperties !== undefined && count < schema.minProperties)
    errors.push(fieldInvalid(path, count, `${path} in body should have at least ${schema.minProperties} properties`))
  if (schema.maxProperties !== undefined && count > schema.maxProperties)
    errors.push({
      reason: 'FieldValueTooMany',
      field: path,
      value: count,
      detail: `must have at most ${schema.maxProperties} properties`,
    })
  for (const key of Object.keys(value)) {
    const entry = value[key]!
    const field = fieldSchema(schema, key)
    const known = typeof entry === 'object' && entry === stored?.[key]
    if (field && !known) validate(entry, field, joinPath(path, key, !isNamedField(schema, key)), errors)
  }
}

const matches = (value: Json, schema: Schema): boolean => {
  const errors: FieldError[] = []
  validate(value, schema, '', errors)
  return errors.length === 0
}

function validateJunctors(value: Json, schema: Schema, field: string, errors: FieldError[]): void {
  const wrong = (detail: string) =>
    errors.push(fieldInvalid(field, isObject(value) ? '' : value, `${field} in body ${detail}`))
  for (const part of schema.allOf ?? []) validate(value, part, field, errors)
  if (schema.anyOf && !schema.anyOf.some(part => matches(value, part)))
    wrong('must validate at least one schema (anyOf)')
  if (schema.oneOf) {
    const valid = schema.oneOf.filter(part => matches(value, part)).length
    if (valid !== 1)
      wrong(
        `must validate one and only one schema (oneOf). Found ${valid === 0 ? 'none' : valid} valid${valid === 0 ? '' : ' alternatives'}`,
      )
  }
  if (schema.not && matches(value, schema.not)) wrong('must not validate the schema (not)')
}
