/** What a schema says of the type of a value, and of texts and numbers (kube-openapi/pkg/validation/validate: type.go, values.go). */
import { fieldInvalid, fieldNotSupported } from '../field-errors.ts'
import { equal, type Json } from '../json.ts'
import type { FieldError } from '../status.ts'
import { formatOf, hasFormat, NO_QUANTITY, quantity } from './formats.ts'
import { compilePattern } from './pattern.ts'
import type { Schema } from './schema.ts'

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

const INT_OR_STRING = ['integer', 'string']

const wrongType = (field: string, actual: string, expected: string): FieldError => ({
  reason: 'FieldValueTypeInvalid',
  field,
  value: actual,
  detail: `${field} in body must be of type ${expected}: "${actual}"`,
})

/** @returns how many checks this was: one more for a validator that was content */
export function validateType(value: Json, schema: Schema, field: string, errors: FieldError[]): number {
  const types = schema['x-kubernetes-int-or-string'] ? INT_OR_STRING : schema.type ? [schema.type] : []
  const format = formatOf(schema)
  if (value === null) {
    if (types.length === 0 || schema.nullable) return 1
    errors.push(wrongType(field, 'null', types.join(',')))
    return 0
  }
  if (types.length === 0 && format === undefined) return 0
  const actual = typeOf(value)
  const numeric = types.includes('number') || types.includes('integer')
  const fits = types.includes(actual) || (actual === 'integer' && types.includes('number'))
  const isText = actual === 'string' || actual === 'array'
  // Quantities are a Go type of their own, which can be written as a number.
  if (schema.format === 'quantity' && typeof value === 'number') return 2
  if (format !== undefined && !isText && !fits) {
    const own = actual === 'integer' ? 'int64' : actual === 'number' ? 'float64' : ''
    if (own !== format) {
      errors.push(wrongType(field, own, format))
      return 1
    }
  }
  if (fits || (format !== undefined && !numeric && isText)) return 2
  errors.push(wrongType(field, actual, types.join(',')))
  return 1
}

export function validateEnum(value: Json, schema: Schema, field: string, errors: FieldError[]): void {
  if (schema.enum && schema.enum.length > 0 && !schema.enum.some(allowed => equal(allowed, value)))
    errors.push(fieldNotSupported(field, value, schema.enum))
}

export function validateString(value: string, schema: Schema, field: string, errors: FieldError[]): number {
  firstWrong(value, schema, field, errors)
  const format = formatOf(schema)
  if (format === undefined) return 1
  if (format === 'quantity') {
    if (!quantity.test(value)) errors.push(fieldInvalid(field, value, NO_QUANTITY))
  } else if (!hasFormat(value, format))
    errors.push({
      reason: 'FieldValueTypeInvalid',
      field,
      value,
      detail: `${field} in body must be of type ${format}: ${JSON.stringify(value)}`,
    })
  return 2
}

/** The first wrong thing about a text is the only one told. */
function firstWrong(value: string, schema: Schema, field: string, errors: FieldError[]): void {
  const { minLength, maxLength, pattern } = schema
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length
  if (maxLength !== undefined && length > maxLength)
    errors.push({ reason: 'FieldValueTooLong', field, detail: `may not be more than ${maxLength} bytes` })
  else if (minLength !== undefined && length < minLength)
    errors.push(fieldInvalid(field, value, `${field} in body should be at least ${minLength} chars long`))
  else if (pattern !== undefined && compilePattern(pattern)?.test(value) === false)
    errors.push(fieldInvalid(field, value, `${field} in body should match '${pattern}'`))
}

export function validateNumber(value: number, schema: Schema, field: string, errors: FieldError[]): number {
  const wrong = (detail: string) => errors.push(fieldInvalid(field, value, `${field} in body ${detail}`))
  checkRange(value, schema, field, errors)
  if (schema.multipleOf !== undefined && value % schema.multipleOf !== 0)
    wrong(`should be a multiple of ${schema.multipleOf}`)
  if (schema.maximum !== undefined && (schema.exclusiveMaximum ? value >= schema.maximum : value > schema.maximum))
    wrong(`should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${schema.maximum}`)
  if (schema.minimum !== undefined && (schema.exclusiveMinimum ? value <= schema.minimum : value < schema.minimum))
    wrong(`should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${schema.minimum}`)
  return 2
}

/** Whether an integer is one that its format can hold; it is told of no field (values.go, IsValueValidAgainstRange). */
function checkRange(value: number, schema: Schema, field: string, errors: FieldError[]): void {
  if (schema.type !== 'integer') return
  const [format, bits] =
    schema.format === 'int32' ? ['with format int32', 31] : [schema.format === 'int64' ? 'with format int64' : '', 63]
  if (Number.isInteger(value) && value >= -(2 ** bits) && value < 2 ** bits) return
  const kind = format || '(default format)'
  errors.push(fieldInvalid('<nil>', '', `Checked value must be of type integer ${kind} in ${field}`))
}
