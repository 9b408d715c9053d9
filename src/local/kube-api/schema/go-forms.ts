/**
 * Values as they come out of Go's types, whatever form they were sent in: quantities in their canonical form
 * (apimachinery/pkg/api/resource), times in whole seconds of UTC (metav1.Time).
 */
import { isObject, type Json } from '../json.ts'
import { quantity as quantityPattern } from './formats.ts'
import { anything, fieldSchema, type Schema } from './schema.ts'

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']

/** Value and exponent of ten of a decimal text. */
function decimal(text: string): { digits: bigint; exponent: number } {
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.')
  return { digits: BigInt(`${whole}${fraction}` || '0'), exponent: -fraction.length }
}

/**
 * A quantity as `Quantity.String` prints it: no fraction, the largest suffix that loses nothing. A text that is no
 * quantity stays as it is, for validation to refuse.
 */
export function canonicalQuantity(text: string): string {
  if (!quantityPattern.test(text)) return text
  const [, number = '', suffix = ''] = /^([+-]?[0-9.]+)(.*)$/.exec(text)!
  const sign = number.startsWith('-') ? '-' : ''
  const { digits, exponent } = decimal(number)
  if (digits === 0n) return '0'
  const power = BINARY.indexOf(suffix)
  if (power > 0) {
    const bytes = digits * 1024n ** BigInt(power)
    const divisor = 10n ** BigInt(-exponent)
    // Less than a byte is rounded up.
    let value = (bytes + divisor - 1n) / divisor
    let unit = 0
    while (unit < BINARY.length - 1 && value % 1024n === 0n) {
      value /= 1024n
      unit++
    }
    return `${sign}${value}${BINARY[unit]}`
  }
  const written = /^[eE]([+-]?\d+)$/.exec(suffix)
  let value = digits
  let tens = exponent + (written ? Number(written[1]) : (DECIMAL.indexOf(suffix) - 3) * 3)
  while (tens % 3 !== 0 || tens < -9) {
    if (tens < -9) {
      value = (value + 9n) / 10n
      tens++
    } else {
      value *= 10n
      tens--
    }
  }
  while (value % 1000n === 0n && tens < 18) {
    value /= 1000n
    tens += 3
  }
  if (written) return `${sign}${value}${tens === 0 ? '' : `e${tens}`}`
  return `${sign}${value}${DECIMAL[tens / 3 + 3]}`
}

const wholeSeconds = (text: string): string => {
  const time = Date.parse(text)
  return Number.isNaN(time) ? text : `${new Date(time).toISOString().slice(0, 19)}Z`
}

function goForm(value: Json, schema: Schema): Json {
  if (typeof value === 'string') {
    if (schema.format === 'quantity') return canonicalQuantity(value)
    return schema.format === 'date-time' ? wholeSeconds(value) : value
  }
  if (typeof value === 'number' && schema.format === 'quantity') return canonicalQuantity(String(value))
  toGoForms(value, schema)
  return value
}

/** Brings the scalars of a built-in object into their canonical forms, in place. */
export function toGoForms(value: Json, schema: Schema): void {
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) value[index] = goForm(item, schema.items ?? anything)
  else if (isObject(value))
    for (const [key, entry] of Object.entries(value)) {
      const field = fieldSchema(schema, key)
      if (field && entry !== null) value[key] = goForm(entry, field)
    }
}
