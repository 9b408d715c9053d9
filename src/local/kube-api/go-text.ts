/** Values as Go prints them with `%v`, and the names of their types: some messages of the API have them in. */
import { isObject } from './json.ts'

/** `map[image:x]`, `[a b]`, `<nil>`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isObject(value)) return String(value as string | number | boolean)
  const fields = Object.keys(value).sort()
  return `map[${fields.map(key => `${key}:${goText(value[key])}`).join(' ')}]`
}

/** The type that a value of JSON has in an unstructured object. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'map[string]interface {}'
}
