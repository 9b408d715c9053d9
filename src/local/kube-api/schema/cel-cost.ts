/**
 * What the rules of a CRD cost at the least. cel-go estimates what they could cost at the most, to the last comparison (pkg/checker
 * of cel-go, apiserver pkg/cel/library/cost.go); here only the rounds of loops within loops are counted, each over as many
 * elements as fit into a request. That is never more than cel-go's estimate, so no definition is wrongly refused, and it finds
 * what makes rules too costly: loops over what has no bound.
 */
import { fieldForbidden } from '../field-errors.ts'
import type { FieldError } from '../status.ts'
import { compile } from './cel.ts'
import { fieldSchema, type Schema } from './schema.ts'

interface Node {
  readonly op: string
  readonly args: unknown
}
type Scope = ReadonlyMap<string, Schema | undefined>

/** apiserver pkg/apis/cel and apiextensions pkg/apis/apiextensions/validation. */
const MAX_REQUEST_BYTES = 3 * 1024 * 1024
/** What all rules of a schema may cost; one alone, a tenth of it. */
const SCHEMA_LIMIT = 100_000_000
/** Beyond a hundred times the limit the factor is not told; below, nothing is said here, for only an exact estimate could. */
const BEYOND = 100 * SCHEMA_LIMIT

const LOOPS = new Set(['all', 'exists', 'exists_one', 'existsOne', 'filter', 'map'])
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'op' in value

/** Rounds of the loops of an expression over a value of this schema; 0 without a loop, and of what is no CEL. */
export function leastCost(expression: string, schema: Schema): number {
  const program = compile(expression)
  if (program instanceof Error) return 0
  return costOf(
    program.ast,
    new Map([
      ['self', schema],
      ['oldSelf', schema],
    ]),
  )
}

function costOf(node: unknown, scope: Scope): number {
  if (Array.isArray(node)) return node.reduce<number>((sum, part) => sum + costOf(part, scope), 0)
  if (!isNode(node)) return 0
  const { op, args } = node
  if (op === '?:') {
    const [condition, ...branches] = args as Node[]
    return costOf(condition, scope) + Math.max(...branches.map(branch => costOf(branch, scope)))
  }
  if (op !== 'rcall') return costOf(args, scope)
  const [name, range, given] = args as [string, Node, Node[]]
  if (!LOOPS.has(name) || given[0]?.op !== 'id') return costOf([range, given], scope)
  const of = schemaOf(range, scope)
  // Two variables: the place or key, and what is there.
  const both = name !== 'map' && given.length > 2
  const [first, second] = given.map(({ args: variable }) => variable as string)
  const element = of?.items ?? (both ? valuesOf(of) : undefined)
  const inner = new Map(scope).set(first!, both ? undefined : element)
  if (both) inner.set(second!, element)
  return costOf(range, scope) + mostElements(of) * Math.max(1, costOf(given.slice(both ? 2 : 1), inner))
}

/** The schema of what an expression leads to, as far as it follows fields and elements. */
function schemaOf({ op, args }: Node, scope: Scope): Schema | undefined {
  if (op === 'id') return scope.get(args as string)
  const [of, key] = args as [Node, unknown]
  if (!isNode(of)) return undefined
  const schema = schemaOf(of, scope)
  if (op === '.' && schema) return fieldSchema(schema, key as string)
  return op === '[]' ? (schema?.items ?? valuesOf(schema)) : undefined
}

const valuesOf = (schema: Schema | undefined): Schema | undefined =>
  typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined

/** Elements of a list or map that fit into a request (apiserver pkg/cel/common/schemas.go). */
function mostElements(schema: Schema | undefined): number {
  if (schema?.items) return schema.maxItems ?? Math.floor((MAX_REQUEST_BYTES - 2) / (leastBytes(schema.items) + 1))
  const values = valuesOf(schema)
  if (!values) return 0
  return schema!.maxProperties ?? Math.floor((MAX_REQUEST_BYTES - 2) / (leastBytes(values) + 6))
}

/** Of a value as JSON; rather too many than too few. */
function leastBytes(schema: Schema): number {
  if (schema.type === 'integer' || schema.type === 'number') return 1
  if (schema.type === 'boolean') return 4
  if (schema.type === 'string' && schema.format) return 32
  const needed = (schema.required ?? []).map(name => ({ name, of: fieldSchema(schema, name) }))
  return needed.reduce((sum, { name, of }) => sum + name.length + (of ? leastBytes(of) : 2) + 4, 2)
}

const HINT =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'
const exceeds = (what: string): string => `${what} exceeds budget by factor of more than 100x ${HINT}`

const SCHEMA = 'openAPIV3Schema'

/** What is said of a schema whose rule at `place` costs this much; nothing when it may be affordable. */
export function costProblems(cost: number, place: string): FieldError[] {
  if (cost <= BEYOND) return []
  const whole = place.slice(0, place.indexOf(SCHEMA) + SCHEMA.length)
  return [
    fieldForbidden(place, exceeds('estimated rule cost')),
    fieldForbidden(place, `contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`),
    fieldForbidden(whole, exceeds('x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema')),
  ]
}
