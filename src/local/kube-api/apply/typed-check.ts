/**
 * Whether an applied configuration is of its type at all: fields declared, scalars of their kind, list items told apart
 * (sigs.k8s.io/structured-merge-diff, typed/validate.go). Ownership of anything else would mean nothing.
 */
import { goType } from '../go-text.ts'
import { isObject, type Json } from '../json.ts'
import { anything, fieldSchema, type Schema } from '../schema/schema.ts'
import { printElement } from './field-set.ts'
import { itemElement } from './typed.ts'

interface Problem {
  path: string
  text: string
}

/** What is wrong, as it is told; `undefined` when nothing is. */
export function typeProblem(value: Json, schema: Schema): string | undefined {
  const problems: Problem[] = []
  check(value, schema, '', problems)
  const lines = problems.map(({ path, text }) => (path ? `${path}: ${text}` : text))
  if (lines.length <= 1) return lines[0]
  return ['errors:', ...lines.map(line => `  ${line}`)].join('\n')
}

type Atom = 'map' | 'list' | 'numeric' | 'string' | 'boolean' | 'untyped' | 'any'

/** Go types with a form of their own are scalars of any kind. */
function atomOf({ type, format, ...schema }: Schema): Atom {
  if (schema['x-kubernetes-int-or-string'] || format === 'quantity' || format?.startsWith('date-time')) return 'untyped'
  if (type === 'integer' || type === 'number') return 'numeric'
  if (type === 'array') return 'list'
  if (type === 'object') return 'map'
  return type ?? 'any'
}

function check(value: Json, schema: Schema, path: string, problems: Problem[]): void {
  if (value === null) return
  const atom = atomOf(schema)
  const wrong = (text: string) => problems.push({ path, text })
  if (atom === 'map' && !isObject(value)) wrong(`expected map, got ${JSON.stringify(value)}`)
  else if (atom === 'list' && !Array.isArray(value)) wrong(`expected list, got ${JSON.stringify(value)}`)
  else if (atom === 'numeric' && typeof value !== 'number')
    wrong(`expected numeric (int or float), got ${goType(value)}`)
  else if (atom === 'string' && typeof value !== 'string')
    wrong(`expected string, got &value.valueUnstructured{Value:${JSON.stringify(value)}}`)
  else if (atom === 'boolean' && typeof value !== 'boolean') wrong(`expected boolean, got ${JSON.stringify(value)}`)
  else if (atom === 'untyped' && typeof value === 'object') wrong(`expected any scalar, got ${JSON.stringify(value)}`)
  else if (Array.isArray(value)) checkItems(value, schema, path, problems)
  else if (isObject(value))
    for (const [key, entry] of Object.entries(value)) {
      const field = fieldSchema(schema, key)
      if (!field && !schema['x-kubernetes-preserve-unknown-fields'] && atom === 'map') {
        problems.push({ path: `${path}.${key}`, text: 'field not declared in schema' })
        return
      }
      check(entry, field ?? anything, `${path}.${key}`, problems)
    }
}

function checkItems(items: Json[], schema: Schema, path: string, problems: Problem[]): void {
  const listType = schema['x-kubernetes-list-type']
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    let place = `[${index}]`
    if (listType === 'map' || listType === 'set') {
      const element = itemElement(item, schema)
      if (element === undefined) {
        const keys = (schema['x-kubernetes-list-map-keys'] ?? []).map(key => JSON.stringify(key)).join(' ')
        const text = `element ${index}: associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`
        problems.push({ path, text })
        // What has no name cannot be told of any further.
        return
      }
      place = printElement(element)
      if (seen.has(element)) problems.push({ path, text: `duplicate entries for key ${place}` })
      seen.add(element)
    }
    check(item, schema.items ?? anything, path + place, problems)
  }
}
