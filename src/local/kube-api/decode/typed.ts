/**
 * What sigs.k8s.io/json says when it decodes a value into the Go type of a built-in kind: the first value that a field
 * cannot hold, in the order of the document, and every field that the type does not have.
 */
import { isObject, type Json, type JsonObject } from '../json.ts'
import { NO_QUANTITY, quantity } from '../schema/formats.ts'
import { base64Problem } from './go-base64.ts'
import { RFC3339, RFC3339_MICRO, timeProblem } from './go-time.ts'
import { type GoType, jsonFieldsOf, type Scalar, structName } from './go-types.ts'

/** How Go names the kind of a value. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'object') return value === null ? 'null' : 'object'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

const LIMITS = { int32: 2 ** 31, int64: 2 ** 63 } as const

/** What is wrong with a scalar: the type it cannot be put into, or a message. */
type Problem = { into: string; kind?: string } | string | undefined

function integerProblem(value: Json, go: string, scalar: 'int32' | 'int64'): Problem {
  if (typeof value !== 'number') return { into: go }
  const fits = Number.isInteger(value) && value < LIMITS[scalar] && value >= -LIMITS[scalar]
  return fits ? undefined : { into: go, kind: `number ${value}` }
}

/** A schema that stands in place of something else is read by itself (apiextensions/v1/marshal.go). */
function schemaProblem(value: Json): string | undefined {
  if (Array.isArray(value)) return value.map(schemaProblem).find(problem => problem !== undefined)
  return isObject(value) ? decodeTyped(value, 'V1JSONSchemaProps').error : undefined
}

const text = (check: (value: string) => string | undefined) => (value: Json) =>
  typeof value === 'string' ? check(value) : { into: 'string' }

const checks: Readonly<Record<Scalar, (value: Json, go: string) => Problem>> = {
  string: (value, go) => (typeof value === 'string' ? undefined : { into: go }),
  bool: (value, go) => (typeof value === 'boolean' ? undefined : { into: go }),
  int32: (value, go) => integerProblem(value, go, 'int32'),
  int64: (value, go) => integerProblem(value, go, 'int64'),
  '[]byte': (value, go) => (typeof value === 'string' ? base64Problem(value) : { into: go }),
  Time: text(value => timeProblem(value, RFC3339)),
  MicroTime: text(value => timeProblem(value, RFC3339_MICRO)),
  Quantity: value =>
    quantity.test(typeof value === 'number' ? String(value) : jsonText(value)) ? undefined : NO_QUANTITY,
  IntOrString: value => (typeof value === 'string' ? undefined : integerProblem(value, 'int32', 'int32')),
  FieldsV1: () => undefined,
  float64: value => (typeof value === 'number' ? undefined : { into: 'float64' }),
  JSON: () => undefined,
  JSONSchemaPropsOrArray: schemaProblem,
  JSONSchemaPropsOrBool: value =>
    isObject(value) || typeof value === 'boolean' ? schemaProblem(value) : 'boolean or JSON schema expected',
  JSONSchemaPropsOrStringArray: schemaProblem,
}

const jsonText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** What a decoding has found. */
export interface Findings {
  /** Of the first value that does not fit. */
  error: string | undefined
  /** Paths of fields that are not there, in the order of the document. */
  unknown: string[]
}

interface Place {
  /** The innermost struct, and the fields that lead to the value from the outermost: lists and maps do not count. */
  model: string
  fields: readonly string[]
  /** The whole path. */
  path: string
}

function decode(value: Json | undefined, type: GoType, place: Place, findings: Findings): void {
  if (value === null || value === undefined) return
  const refuse = (into: string, kind = jsonKind(value)) => {
    findings.error ??= `json: cannot unmarshal ${kind} into Go struct field ${structName(place.model)}.${place.fields.join('.')} of type ${into}`
  }
  if (type.form === 'scalar') {
    const problem = checks[type.scalar](value, type.go)
    if (typeof problem === 'string') findings.error ??= problem
    else if (problem) refuse(problem.into, problem.kind)
  } else if (type.form === 'list' && Array.isArray(value))
    for (const [index, item] of value.entries())
      decode(item, type.of, { ...place, path: `${place.path}[${index}]` }, findings)
  else if (type.form === 'message' && isObject(value)) decodeMessage(value, type.model, place, findings)
  else if (type.form === 'map' && isObject(value))
    for (const [key, item] of Object.entries(value))
      decode(item, type.of, { ...place, path: `${place.path}.${key}` }, findings)
  else refuse(type.go)
}

function decodeMessage(value: JsonObject, model: string, place: Omit<Place, 'model'>, findings: Findings): void {
  const fields = jsonFieldsOf(model)
  for (const [key, item] of Object.entries(value)) {
    const path = place.path ? `${place.path}.${key}` : key
    const field = fields.get(key)
    if (field) decode(item, field.type, { model, fields: [...place.fields, key], path }, findings)
    else if (item !== undefined) findings.unknown.push(path)
  }
}

/** Decodes an object into the struct of a model. `apiVersion` and `kind` are of every object. */
export function decodeTyped(object: JsonObject, model: string): Findings {
  const findings: Findings = { error: undefined, unknown: [] }
  const { apiVersion: _, kind: __, ...rest } = object
  decodeMessage(rest, model, { fields: [], path: '' }, findings)
  return findings
}
