import type { JsonSchema } from '../events/schemas.ts'

export type Definitions = Readonly<Record<string, JsonSchema>>

const LONGEST_SAMPLE = 20_000

/**
 * Values on and around every boundary of a schema: each type and enum member it allows, shortest and longest, smallest and
 * largest, empty and full, each optional field absent. Some may break the schema (a pattern nobody can guess): whoever
 * uses them checks.
 */
export function valuesOf(schema: JsonSchema, definitions: Definitions): unknown[] {
  if (schema.$ref) return valuesOf(definitions[schema.$ref.slice('#/$defs/'.length)] ?? {}, definitions)
  if (schema.const !== undefined) return [schema.const]
  if (schema.enum) return [...schema.enum]
  if (schema.type === undefined) return ['text', 1, true, null, [], {}]
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type
  return types.flatMap(type => valuesOfType(type, schema, definitions))
}

function valuesOfType(type: string, schema: JsonSchema, definitions: Definitions): unknown[] {
  switch (type) {
    case 'null':
      return [null]
    case 'boolean':
      return [true, false]
    case 'integer':
    case 'number':
      return [schema.minimum ?? -1, (schema.minimum ?? -1) + 1, 1, 2 ** 31, ...(type === 'number' ? [0.5] : [])]
    case 'string':
      return strings(schema)
    case 'array': {
      const items = valuesOf(schema.items ?? {}, definitions)
      const full = Array.from({ length: Math.min(schema.maxItems ?? 50, 2_000) }, () => items[0])
      return [[], ...items.map(item => [item]), full]
    }
    default:
      return objects(schema, definitions)
  }
}

function strings({ format, pattern, minLength = 0, maxLength }: JsonSchema): string[] {
  if (format === 'uuid') return ['0f8fad5b-d9cb-469f-a165-70867728950e']
  if (format === 'date-time') return ['2026-01-05T09:00:00Z', '2026-01-05T09:00:00.123+05:30']
  const sizes = [minLength, Math.max(minLength, 1), Math.min(maxLength ?? LONGEST_SAMPLE, LONGEST_SAMPLE)]
  const words = ['PT10M', 'FREQ=DAILY', '2026-01-05T09:00:00', 'com.example', 'ä "\n☃'].filter(
    word => word.length >= minLength && word.length <= (maxLength ?? word.length),
  )
  return [...(pattern ? [] : sizes.map(size => 'x'.repeat(size))), ...words]
}

/** The smallest object, the fullest, and the fullest with one field changed or left out at a time. */
function objects(schema: JsonSchema, definitions: Definitions): unknown[] {
  const { properties, required = [], additionalProperties } = schema
  if (!properties) {
    const values = typeof additionalProperties === 'object' ? valuesOf(additionalProperties, definitions) : ['text']
    return [{}, ...values.map(value => ({ key: value }))]
  }
  const choices = Object.entries(properties).map(([name, field]) => [name, valuesOf(field, definitions)] as const)
  const plain = (names: readonly (readonly [string, readonly unknown[]])[]): Record<string, unknown> =>
    Object.fromEntries(names.map(([name, values]) => [name, values[0]]))
  const full = plain(choices)
  return [
    plain(choices.filter(([name]) => required.includes(name))),
    full,
    ...choices.flatMap(([name, values]) => values.map(value => ({ ...full, [name]: value }))),
    ...choices.map(([absent]) => plain(choices.filter(([name]) => name !== absent))),
  ]
}
