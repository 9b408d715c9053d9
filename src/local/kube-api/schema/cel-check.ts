/**
 * Whether a rule of a CRD compiles where it stands: against the types of its schema, in the words of cel-go
 * (apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go). What the checker here is stricter about than cel-go is let
 * pass: a rule that is wrongly refused would keep a whole definition out.
 */
import type { Environment, TypeCheckResult } from '@marcbachmann/cel-js'
import { baseEnvironment, dynamic, escapeName, rewritten } from './cel.ts'
import { fieldSchema, type Schema } from './schema.ts'

type Failure = NonNullable<TypeCheckResult['error']>
interface Node {
  readonly op?: string
  readonly args?: unknown
  readonly pos: number
  readonly end: number
}

/** What can be said of a rule or message expression: what is wrong with it, or the type it comes out as. */
export type Verdict = { problem: string } | { type: string | undefined }

/** @param root for the schema of a whole object, whose metadata rules may ask for */
export function checkExpression(expression: string, schema: Schema, root: boolean, optionalOldSelf: boolean): Verdict {
  const whole = dynamic.check(rewritten(expression))
  if (!whole.valid && isSyntax(whole.error)) return { problem: syntaxProblem(expression, whole.error!) }
  if (rewritten(expression) === expression) {
    const typed = environmentOf(schema, root, optionalOldSelf).check(expression)
    if (typed.valid) return { type: typed.type }
    const problem = typeProblem(expression, typed.error!)
    if (problem !== undefined) return { problem }
  }
  return whole.valid ? { type: whole.type } : { problem: whole.error!.summary }
}

const isSyntax = (error: Failure | undefined) => error?.name === 'ParseError'

/** A message under which the place is shown; `at` counts from 0. */
function located(expression: string, at: number, message: string): string {
  const before = expression.slice(0, at).split('\n')
  const [line, column] = [before.length, before.at(-1)!.length]
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${expression.split('\n')[line - 1]}\n | ${'.'.repeat(column)}^`
}

const OPERAND =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

/** The parser of cel-go is another: its words are known for a rule that ends too early, and near for the others. */
function syntaxProblem(expression: string, { range }: Failure): string {
  const at = range?.start ?? 0
  if (at < expression.trimEnd().length)
    return located(expression, at, `Syntax error: mismatched input '${expression[at]}' expecting <EOF>`)
  const words = /\.\s*$/.test(expression)
    ? "no viable alternative at input '.'"
    : `mismatched input '<EOF>' expecting ${OPERAND}`
  return located(expression, expression.length, `Syntax error: ${words}`)
}

const NUMERIC = new Set(['int', 'uint', 'double'])
const SCALARS = new Set([...NUMERIC, 'string', 'bool'])
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>='])

/** `undefined` for what cel-go may well accept. */
function typeProblem(expression: string, error: Failure): string | undefined {
  const node = error.node as Node | undefined
  if (!node) return undefined
  switch (error.code) {
    case 'no_such_key':
      // Told of at its dot.
      return node.op === '.'
        ? located(expression, node.pos - 1, `undefined field '${(node.args as [Node, string])[1]}'`)
        : undefined
    case 'unknown_variable':
      return located(expression, node.pos, `undeclared reference to '${String(node.args)}' (in container '')`)
    case 'no_such_overload':
      return overloadProblem(expression, node, error.summary)
    case 'no_matching_overload':
      return functionProblem(expression, node)
    default:
      return undefined
  }
}

function overloadProblem(expression: string, node: Node, summary: string): string | undefined {
  const [, left, right] = /^no such overload: (\w+) \S+ (\w+)$/.exec(summary) ?? []
  if (left === undefined || right === undefined || !SCALARS.has(left) || !SCALARS.has(right)) return undefined
  // Numbers of any kind compare with each other.
  if (COMPARISONS.has(node.op!) && NUMERIC.has(left) && NUMERIC.has(right)) return undefined
  const [first, second] = node.args as [Node, Node]
  const at = expression.slice(first.end, second.pos).indexOf(node.op!) + first.end
  return located(expression, at, `found no matching overload for '_${node.op}_' applied to '(${left}, ${right})'`)
}

/** A function that is known may have an overload that is not known here. */
function functionProblem(expression: string, node: Node): string | undefined {
  const [name] = node.args as [string]
  if (functions.has(name)) return undefined
  const after = node.op === 'rcall' ? (node.args as [string, Node])[1].end : node.pos
  const at = expression.indexOf('(', expression.indexOf(name, after))
  return located(expression, at, `undeclared reference to '${name}' (in container '')`)
}

const functions = new Set(baseEnvironment.getDefinitions().functions.map(({ name }) => name))

/** `self` and `oldSelf` as the schema types them. */
function environmentOf(schema: Schema, root: boolean, optionalOldSelf: boolean): Environment {
  const environment = baseEnvironment.clone({ unlistedVariablesAreDyn: false })
  const type = new Types(environment).of(root ? withMeta(schema) : schema)
  return environment.registerVariable('self', type).registerVariable('oldSelf', optionalOldSelf ? 'dyn' : type)
}

const text: Schema = { type: 'string' }
const META: Schema = { type: 'object', properties: { name: text, generateName: text } }
const withMeta = (schema: Schema): Schema => ({
  ...schema,
  properties: { ...schema.properties, apiVersion: text, kind: text, metadata: META },
})

const FORMATS: Readonly<Record<string, string>> = {
  byte: 'bytes',
  date: 'google.protobuf.Timestamp',
  'date-time': 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
}

/** Gives each object of a schema a type of its own. */
class Types {
  readonly #environment: Environment
  #count = 0

  constructor(environment: Environment) {
    this.#environment = environment
  }

  of(schema: Schema): string {
    // What may be null, or anything, is compared as it comes.
    if (schema.nullable || schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'])
      return 'dyn'
    switch (schema.type) {
      case 'string':
        return FORMATS[schema.format ?? ''] ?? 'string'
      case 'integer':
        return 'int'
      case 'number':
        return 'double'
      case 'boolean':
        return 'bool'
      case 'array':
        return `list<${schema.items ? this.of(schema.items) : 'dyn'}>`
      case 'object':
        return schema.properties ? this.#object(schema) : `map<string, ${this.#values(schema)}>`
      default:
        return 'dyn'
    }
  }

  #values({ additionalProperties }: Schema): string {
    return typeof additionalProperties === 'object' ? this.of(additionalProperties) : 'dyn'
  }

  #object(schema: Schema): string {
    const fields = Object.keys(schema.properties!).map(key => [escapeName(key), this.of(fieldSchema(schema, key)!)])
    const name = `Object${++this.#count}`
    this.#environment.registerType({ name, fields: Object.fromEntries(fields) as Record<string, string> })
    return name
  }
}
