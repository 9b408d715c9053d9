/** CEL rules of CRDs, `x-kubernetes-validations` (CRD documentation, "Validation rules"; apiextensions schema/cel). */
import { Environment, Optional } from '@marcbachmann/cel-js'
import { isObject, type Json } from '../json.ts'
import type { FieldError } from '../status.ts'
import { withKubernetesLibraries } from './cel-library.ts'
import { correlate } from './correlate.ts'
import { compilePattern } from './pattern.ts'
import { anything, fieldSchema, isNamedField, joinPath, type Schema, somewhere, type ValidationRule } from './schema.ts'

const ascending = (a: bigint | number, b: bigint | number) => (a < b ? -1 : a > b ? 1 : 0)

/** The language with all libraries, without variables. */
export const baseEnvironment = withKubernetesLibraries(
  new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false, enableOptionalTypes: true }),
)
  // The API server's extension libraries, as far as the language's own set lacks them.
  .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
    text.replaceAll(from, to),
  )
  .registerFunction('string.charAt(int): string', (text: string, index: bigint) => text.charAt(Number(index)))
  .registerFunction(
    'string.find(string): string',
    (text: string, pattern: string) => compilePattern(pattern)?.exec(text)?.[0] ?? '',
  )
  .registerFunction(
    'string.findAll(string): list<string>',
    (text: string, pattern: string) => text.match(new RegExp(pattern, 'gu')) ?? [],
  )
  .registerFunction('list.isSorted(): bool', (list: (string | number | bigint)[]) =>
    list.every((item, index) => index === 0 || list[index - 1]! <= item),
  )
  .registerFunction('list.sum(): dyn', (list: (number | bigint)[]) =>
    list.reduce((sum, item) => ((sum as number) + (item as number)) as number, typeof list[0] === 'number' ? 0 : 0n),
  )
  .registerFunction('list.min(): dyn', (list: bigint[]) => list.toSorted(ascending)[0])
  .registerFunction('list.max(): dyn', (list: bigint[]) => list.toSorted(ascending).at(-1))
  .registerFunction('list.indexOf(dyn): int', (list: unknown[], item: unknown) => BigInt(list.indexOf(item)))

/** In which values have the types they come with. */
export const dynamic = baseEnvironment.clone().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn')

type Program = ((variables: Record<string, unknown>) => unknown) & { readonly ast: unknown }
const programs = new Map<string, Program | Error>()

/** `has(list[0].field)`: the evaluator's macro follows names only; objects are maps to it, so it may be asked for the key. */
const INDEXED_HAS = /\bhas\(([\w.]+(?:\[\w+\][\w.]*)+)\.(\w+)\)/g

/** The expression in the evaluator's words. */
export const rewritten = (expression: string): string =>
  expression
    // The evaluator finds no comparison for what comes out of an optional of unknown type unless it is told so.
    .replaceAll(/\boldSelf\.value\(\)/g, 'dyn(oldSelf.value())')
    .replaceAll(INDEXED_HAS, '("$2" in $1)')

/** Each expression is parsed once; one that is no CEL comes back as what the parser says of it. */
export function compile(expression: string): Program | Error {
  let program = programs.get(expression)
  if (!program) {
    try {
      program = dynamic.parse(rewritten(expression)) as unknown as Program
    } catch (error) {
      program = error instanceof Error ? error : new Error(String(error))
    }
    programs.set(expression, program)
  }
  return program
}

const firstLine = (error: Error) => error.message.split('\n')[0]!.trim()

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

/** Field names that are no CEL identifiers are seen under an escaped name. */
export function escapeName(name: string): string {
  if (reserved.has(name)) return `__${name}__`
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__')
}

/** A value as CEL sees it: integers are `int`, formatted strings are times and durations, the rest as it is. */
function toCel(value: Json, schema: Schema): unknown {
  if (typeof value === 'number') return schema.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value
  if (typeof value === 'string')
    return schema.format === 'date-time' && !Number.isNaN(Date.parse(value)) ? new Date(value) : value
  if (Array.isArray(value)) return value.map(item => toCel(item, schema.items ?? anything))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      isNamedField(schema, key) ? escapeName(key) : key,
      toCel(entry, fieldSchema(schema, key) ?? anything),
    ]),
  )
}

const reasons: Record<string, FieldError['reason']> = {
  FieldValueInvalid: 'FieldValueInvalid',
  FieldValueForbidden: 'FieldValueForbidden',
  FieldValueRequired: 'FieldValueRequired',
  FieldValueDuplicate: 'FieldValueDuplicate',
}

/** Whether there is a rule in a schema or below. */
export const hasRules = somewhere(schema => (schema['x-kubernetes-validations']?.length ?? 0) > 0)

/** Checks all rules of a custom resource. `before` is the stored object on updates: transition rules need it. */
export function validateRules(after: Json, before: Json | undefined, schema: Schema, errors: FieldError[]): void {
  walk(after, before, schema, '', errors)
}

function walk(value: Json, old: Json | undefined, schema: Schema, path: string, errors: FieldError[]): void {
  if (value === null || !hasRules(schema)) return
  for (const rule of schema['x-kubernetes-validations'] ?? []) evaluate(rule, value, old, schema, path, errors)
  if (Array.isArray(value)) {
    const oldItems = correlate(old, schema)
    for (const [index, item] of value.entries())
      if (schema.items) walk(item, oldItems(item), schema.items, `${path}[${index}]`, errors)
  } else if (isObject(value)) {
    for (const [key, entry] of Object.entries(value)) {
      const field = fieldSchema(schema, key)
      if (field)
        walk(
          entry,
          isObject(old) ? old[key] : undefined,
          field,
          joinPath(path, key, !isNamedField(schema, key)),
          errors,
        )
    }
  }
}

function evaluate(
  rule: ValidationRule,
  value: Json,
  old: Json | undefined,
  schema: Schema,
  path: string,
  errors: FieldError[],
): void {
  const usesOld = /\boldSelf\b/.test(rule.rule)
  if (usesOld && old === undefined && !rule.optionalOldSelf) return
  const previous = old === undefined ? undefined : toCel(old, schema)
  const variables = {
    self: toCel(value, schema),
    ...(rule.optionalOldSelf
      ? { oldSelf: Optional.of(previous) }
      : previous === undefined
        ? {}
        : { oldSelf: previous }),
  }
  const failure = (detail: string) =>
    errors.push({
      reason: reasons[rule.reason ?? 'FieldValueInvalid'] ?? 'FieldValueInvalid',
      field: rule.fieldPath ? `${path}${rule.fieldPath}`.replace(/^\./, '') : path || '<nil>',
      // Lists and objects are not quoted.
      ...(typeof value === 'object' ? {} : { value }),
      detail,
    })
  const program = compile(rule.rule)
  if (program instanceof Error) {
    failure(`rule compile error: ${firstLine(program)}`)
    return
  }
  try {
    if (program(variables) === true) return
    failure(message(rule, variables))
  } catch (error) {
    failure(`rule evaluation error: ${firstLine(error as Error)}`)
  }
}

function message(rule: ValidationRule, variables: Record<string, unknown>): string {
  const fallback = rule.message ?? `failed rule: ${rule.rule.trim()}`
  if (!rule.messageExpression) return fallback
  const program = compile(rule.messageExpression)
  if (program instanceof Error) return fallback
  try {
    const text = program(variables)
    return typeof text === 'string' && text.trim() !== '' && !text.includes('\n') ? text : fallback
  } catch {
    // The documented behaviour: an expression that fails falls back to the fixed message.
    return fallback
  }
}
