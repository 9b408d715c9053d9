/**
 * The structural schemas of all kinds: OpenAPI v3 with the `x-kubernetes-*` extensions. Built-in kinds and custom
 * resources use one form, so pruning, defaulting, server-side apply and `kubectl explain` know only this.
 */
import generated from '../generated/definitions.json' with { type: 'json' }
import type { Json } from '../json.ts'

export interface ValidationRule {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

export interface Schema {
  readonly $ref?: string
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly description?: string
  readonly format?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly default?: Json
  readonly nullable?: boolean
  readonly enum?: readonly Json[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly not?: Schema
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular'
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[]
}

/** A schema that says nothing: what lies under unknown or preserved fields. */
export const anything: Schema = { 'x-kubernetes-preserve-unknown-fields': true }

const linked = new Map<string, Schema>()
const underWay = new Set<string>()

/** The built-in definitions as they are in OpenAPI documents, with `$ref`s by model name. */
export const definitions = (): Record<string, Schema> => generated as unknown as Record<string, Schema>

/** The schema of a built-in type with all references resolved. Throws for a name that is not in the table. */
export function builtInSchema(model: string): Schema {
  let schema = linked.get(model)
  if (!schema) {
    const definition = definitions()[model]
    if (!definition) throw new Error(`no built-in schema ${model}`)
    // A CRD's schema has schemas in it: where a type contains itself it is the same object.
    schema = {}
    linked.set(model, schema)
    underWay.add(model)
    Object.assign(schema, link(definition))
    underWay.delete(model)
  }
  return schema
}

function link(schema: Schema): Schema {
  if (schema.$ref) {
    const { $ref, ...rest } = schema
    const target = builtInSchema($ref)
    return underWay.has($ref) ? target : { ...target, ...rest }
  }
  const copy: { -readonly [Key in keyof Schema]: Schema[Key] } = { ...schema }
  if (schema.properties) copy.properties = mapValues(schema.properties, link)
  if (schema.items) copy.items = link(schema.items)
  if (typeof schema.additionalProperties === 'object') copy.additionalProperties = link(schema.additionalProperties)
  return copy
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, transform: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, transform(value)]))
}

/** The schema of a key of an object, `undefined` when the schema does not know the key. */
export function fieldSchema(schema: Schema, key: string): Schema | undefined {
  const declared = schema.properties
  if (declared && Object.hasOwn(declared, key)) return declared[key]
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties
  return schema.additionalProperties === true ? anything : undefined
}

/** True for a key that the schema names, false for an entry of a map. */
export function isNamedField(schema: Schema, key: string): boolean {
  return schema.properties !== undefined && Object.hasOwn(schema.properties, key)
}

/** The path of a field as the API prints it: `spec.containers[0].image`, `spec.limits[cpu]` for an entry of a map. */
export function joinPath(path: string, key: string, mapEntry = false): string {
  if (mapEntry) return `${path}[${key}]`
  return path ? `${path}.${key}` : key
}

/** Whether a schema or one below it is such a one: most subtrees have none and are not walked. Answers are remembered. */
export function somewhere(isOne: (schema: Schema) => boolean): (schema: Schema) => boolean {
  const known = new WeakMap<Schema, boolean>()
  const search = (schema: Schema): boolean => {
    let answer = known.get(schema)
    if (answer === undefined) {
      answer =
        isOne(schema) ||
        Object.values(schema.properties ?? {}).some(search) ||
        (schema.items !== undefined && search(schema.items)) ||
        (typeof schema.additionalProperties === 'object' && search(schema.additionalProperties))
      known.set(schema, answer)
    }
    return answer
  }
  return search
}
