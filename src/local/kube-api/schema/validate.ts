/**
 * Validation of a value against its schema: which validators apply to which value, in which order, and what of the parts of
 * an anyOf or oneOf is told (k8s.io/kube-openapi/pkg/validation/validate).
 */
import { fieldInvalid, fieldRequired } from '../field-errors.ts'
import { equal, isObject, type Json, type JsonObject } from '../json.ts'
import type { FieldError } from '../status.ts'
import { correlate } from './correlate.ts'
import { anything, fieldSchema, isNamedField, type Schema } from './schema.ts'
import { validateEnum, validateNumber, validateString, validateType } from './validate-scalars.ts'

/**
 * Checks `value` at `path` and appends what is wrong to `errors`. What was stored already, in the very same form, may stay as
 * it is though the schema has become stricter: `old` is the value it is a change of (KEP-4008, CRD validation ratcheting).
 * @returns how many checks it was put to, by which the best of failed alternatives is found
 */
export function validate(value: Json, schema: Schema, path: string, errors: FieldError[], old?: Json): number {
  if (old !== undefined && value === old) return 0
  const before = errors.length
  const checks = value === null ? validateNull(schema, path, errors) : validatePresent(value, schema, path, errors, old)
  if (errors.length > before && old !== undefined && equal(value, old)) errors.length = before
  return checks
}

function validateNull(schema: Schema, path: string, errors: FieldError[]): number {
  const checks = validateType(null, schema, path, errors)
  validateEnum(null, schema, path, errors)
  return checks
}

function validatePresent(
  value: Json,
  schema: Schema,
  path: string,
  errors: FieldError[],
  old: Json | undefined,
): number {
  // One for itself, and one for each of the validators that apply: alternatives and the enum always do.
  let checks = 3 + validateType(value, schema, path, errors)
  checks += validateAlternatives(value, schema, path, errors)
  validateEnum(value, schema, path, errors)
  if (typeof value === 'string') checks += validateString(value, schema, path, errors)
  else if (typeof value === 'number') checks += validateNumber(value, schema, path, errors)
  else if (Array.isArray(value)) checks += validateList(value, schema, path, errors, old)
  else if (isObject(value)) checks += validateObject(value, schema, path, errors, old)
  return checks
}

function validateList(
  value: Json[],
  schema: Schema,
  field: string,
  errors: FieldError[],
  old: Json | undefined,
): number {
  let checks = 2
  const oldItem = correlate(old, schema)
  for (const [index, item] of value.entries())
    checks += validate(item, schema.items ?? anything, `${field}[${index}]`, errors, oldItem(item))
  if (schema.minItems !== undefined && value.length < schema.minItems)
    errors.push(fieldInvalid(field, value.length, `${field} in body should have at least ${schema.minItems} items`))
  tooMany(value.length, schema.maxItems, field, errors)
  if (schema.uniqueItems && value.some((item, index) => value.slice(0, index).some(other => equal(item, other))))
    errors.push(fieldInvalid(field, '', `${field} in body shouldn't contain duplicates`))
  return checks
}

function tooMany(count: number, most: number | undefined, field: string, errors: FieldError[]): void {
  if (most !== undefined && count > most)
    errors.push({ reason: 'FieldValueTooMany', field, value: count, detail: `must have at most ${most} items` })
}

function validateObject(
  value: JsonObject,
  schema: Schema,
  path: string,
  errors: FieldError[],
  old: Json | undefined,
): number {
  let checks = 1
  const keys = Object.keys(value)
  if (schema.minProperties !== undefined && keys.length < schema.minProperties)
    errors.push(
      fieldInvalid(path, keys.length, `${path} in body should have at least ${schema.minProperties} properties`),
    )
  tooMany(keys.length, schema.maxProperties, path, errors)
  for (const key of keys) {
    const field = fieldSchema(schema, key)
    const was = isObject(old) && Object.hasOwn(old, key) ? old[key] : undefined
    if (field) checks += validate(value[key]!, field, childPath(path, key, schema), errors, was)
  }
  for (const key of schema.required ?? [])
    if (value[key] === undefined) errors.push(fieldRequired(path ? `${path}.${key}` : key))
  return checks
}

const childPath = (path: string, key: string, schema: Schema) =>
  path || !isNamedField(schema, key) ? `${path}.${key}` : key

/** What a part says of a value, and how many checks it took. */
function outcome(value: Json, part: Schema, path: string): { errors: FieldError[]; checks: number } {
  const errors: FieldError[] = []
  return { checks: validate(value, part, path, errors), errors }
}

/** anyOf, oneOf, allOf and not (schema_props.go); of parts that all fail the one is told that was got furthest in. */
function validateAlternatives(value: Json, schema: Schema, path: string, errors: FieldError[]): number {
  let checks = 1
  // These are told of no field (openAPI's composite errors).
  const wrong = (detail: string) => errors.push(fieldInvalid('<nil>', '', `${JSON.stringify(path)} ${detail}`))
  const tell = (part: ReturnType<typeof outcome> | undefined) => {
    errors.push(...(part?.errors ?? []))
    checks += part?.checks ?? 0
  }
  const best = (parts: ReturnType<typeof outcome>[]) =>
    parts.reduce<(typeof parts)[number] | undefined>((a, b) => (a && a.checks >= b.checks ? a : b), undefined)
  if (schema.anyOf) {
    const parts = schema.anyOf.map(part => outcome(value, part, path))
    const valid = parts.find(part => part.errors.length === 0)
    if (!valid) wrong('must validate at least one schema (anyOf)')
    tell(valid ?? best(parts))
  }
  if (schema.oneOf) {
    const parts = schema.oneOf.map(part => outcome(value, part, path))
    const valid = parts.filter(part => part.errors.length === 0)
    if (valid.length !== 1) {
      const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`
      wrong(`must validate one and only one schema (oneOf). ${found}`)
    }
    tell(valid.length === 0 ? best(parts) : valid.length === 1 ? valid[0] : undefined)
  }
  if (schema.allOf) {
    const parts = schema.allOf.map(part => outcome(value, part, path))
    const valid = parts.filter(part => part.errors.length === 0).length
    for (const part of parts) tell(part)
    if (valid < parts.length) wrong(`must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`)
  }
  if (schema.not && outcome(value, schema.not, path).errors.length === 0) wrong('must not validate the schema (not)')
  return checks
}
