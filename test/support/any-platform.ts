import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { load } from 'js-yaml'

/** The parts of an OpenAPI schema, as a CRD has it, that say which values there are. */
interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  required?: string[]
  items?: Schema
  enum?: unknown[]
  pattern?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  'x-kubernetes-int-or-string'?: boolean
}

const CRD = join(import.meta.dirname, '../../crds/todo.events_todoeventplatforms.yaml')

/** The schema of `spec`, as the API server is given it. */
export function specSchema(): Schema {
  const crd = load(readFileSync(CRD, 'utf8')) as {
    spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[] }
  }
  return crd.spec.versions[0]!.schema.openAPIV3Schema.properties.spec
}

/** What people paste: nothing, look-alikes (Cyrillic), right-to-left marks, line breaks, names of JavaScript's own, a megabyte. */
const NASTY = [
  '',
  ' ',
  'tаsk-еvеnts',
  '‮backend',
  'a\nb: {c: d}',
  '__proto__',
  'constructor',
  '$(touch x)',
  '{{ .Values.x }}',
  '&a [*a, *a]',
  '😀'.repeat(40),
  'x'.repeat(100_000),
]

const LEAF = fc.oneof(fc.constantFrom(...NASTY), fc.integer(), fc.boolean(), fc.constant(null), fc.constant([]))

/** Values of a schema, with edges preferred; `hostile` lets in what the schema refuses: other types, unknown fields, nasty text. */
export function valuesOf(schema: Schema, hostile: boolean): fc.Arbitrary<unknown> {
  const proper = properValuesOf(schema, hostile)
  return hostile ? fc.oneof({ weight: 30, arbitrary: proper }, { weight: 1, arbitrary: LEAF }) : proper
}

function properValuesOf(schema: Schema, hostile: boolean): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema['x-kubernetes-int-or-string']) return fc.constantFrom<unknown>(1, '100m', '1Gi')
  switch (schema.type) {
    case 'object':
      return objectsOf(schema, hostile)
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, hostile), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      })
    case 'string':
      return textsOf(schema, hostile)
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 50, 50) })
    case 'boolean':
      return fc.boolean()
    default:
      return fc.constantFrom<unknown>('some text', 1, true)
  }
}

function objectsOf(schema: Schema, hostile: boolean): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema
  const fields = Object.entries(properties).map(([name, below]) => {
    const value = valuesOf(below, hostile)
    const always = required.includes(name)
    return [name, always ? value : fc.option(value, { nil: undefined, freq: 2 })] as const
  })
  const known = fc.record(Object.fromEntries(fields)).map(withoutUndefined)
  if (!additionalProperties && !hostile) return known
  const below = typeof additionalProperties === 'object' ? additionalProperties : { type: 'string' as const }
  const keys = hostile ? fc.constantFrom('__proto__', 'constructor', 'owner', 'a.b/c', 'x') : fc.constantFrom('a', 'b')
  const more = fc.array(fc.tuple(keys, valuesOf(below, hostile)), { maxLength: additionalProperties ? 2 : 1 })
  // By JSON text: an assignment to `__proto__` would set a prototype, where a manifest has a field.
  return fc
    .tuple(known, more)
    .map(([object, extra]) =>
      JSON.parse(
        `{${[...Object.entries(object as object), ...extra]
          .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
          .join(',')}}`,
      ),
    )
}

const withoutUndefined = (object: Record<string, unknown>): unknown =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

function textsOf({ pattern, minLength = 0, maxLength = 40 }: Schema, hostile: boolean): fc.Arbitrary<string> {
  const fits = (text: string): boolean => [...text].length >= minLength && [...text].length <= maxLength
  const proper = pattern
    ? fc.stringMatching(new RegExp(pattern)).filter(fits)
    : fc.constantFrom('some-text', 'x'.repeat(Math.max(1, minLength)), 'y'.repeat(Math.min(maxLength, 30)))
  return hostile
    ? fc.oneof({ weight: 3, arbitrary: proper }, { weight: 1, arbitrary: fc.constantFrom(...NASTY) })
    : proper
}
