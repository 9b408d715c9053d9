/** What makes the schema of a CRD structural (apiextensions-apiserver pkg/apiserver/schema, apis/apiextensions/validation). */
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../field-errors.ts'
import { child, isObject, type Json, type JsonObject } from '../json.ts'
import { checkExpression } from '../schema/cel-check.ts'
import { costProblems, leastCost } from '../schema/cel-cost.ts'
import { compilePattern } from '../schema/pattern.ts'
import { prune } from '../schema/prune.ts'
import { patternProblem } from '../schema/re2-syntax.ts'
import type { Schema, ValidationRule } from '../schema/schema.ts'
import { validate } from '../schema/validate.ts'
import type { FieldError } from '../status.ts'

const isPattern = (text: string): boolean => patternProblem(text) === undefined && compilePattern(text) !== undefined

/** The pattern of a schema and those of the value validations within it; what is none goes to `errors`. */
function checkPatterns(schema: JsonObject, path: string, errors: FieldError[]): boolean {
  const before = errors.length
  const { pattern } = schema
  if (typeof pattern === 'string' && !isPattern(pattern))
    errors.push(
      fieldInvalid(
        `${path}.pattern`,
        pattern,
        `must be a valid regular expression, but isn't: ${patternProblem(pattern) ?? 'this server cannot compile it'}`,
      ),
    )
  if (errors.length > before) return false
  const nested: [string, JsonObject][] = isObject(schema['not']) ? [['not', schema['not']]] : []
  for (const junctor of ['allOf', 'anyOf', 'oneOf'])
    for (const [index, part] of ((schema[junctor] ?? []) as JsonObject[]).entries())
      nested.push([`${junctor}[${index}]`, part])
  for (const [where, part] of nested) checkValueValidation(part, `${path}.${where}`, schema, errors)
  return errors.length === before
}

/** What only the schema around an alternative may say. */
const structuralOnly: readonly (readonly [key: string, detail: string])[] = [
  ['type', 'must be empty to be structural'],
  ['default', 'must be undefined to be structural'],
]

/** Inside a junctor only values are validated: types and defaults belong to the schema around it. */
function checkValueValidation(schema: JsonObject, path: string, around: JsonObject, errors: FieldError[]): void {
  if (!checkPatterns(schema, path, errors)) return
  // The documented form of int-or-string names the two types in an alternative.
  const names = around['x-kubernetes-int-or-string'] === true ? structuralOnly.slice(1) : structuralOnly
  for (const [key, detail] of names)
    if (schema[key] !== undefined) errors.push(fieldForbidden(`${path}.${key}`, detail))
  for (const [key, field] of Object.entries(child(schema, 'properties')))
    checkValueValidation(field as JsonObject, `${path}.properties[${key}]`, {}, errors)
  if (isObject(schema['items'])) checkValueValidation(schema['items'], `${path}.items`, {}, errors)
  if (isObject(schema['additionalProperties']))
    checkValueValidation(schema['additionalProperties'], `${path}.additionalProperties`, {}, errors)
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const LIST_TYPES = ['atomic', 'set', 'map']
const MAP_TYPES = ['atomic', 'granular']

/** Appends why the schema at `path` is not structural; `root` for that of a whole object. */
export function checkStructural(schema: JsonObject, path: string, root: boolean, errors: FieldError[]): void {
  if (!checkPatterns(schema, path, errors)) return
  const at = (key: string) => `${path}.${key}`
  const { type } = schema
  const preserves = schema['x-kubernetes-preserve-unknown-fields']
  if (schema['$ref'] !== undefined) {
    errors.push(fieldForbidden(at('$ref'), '$ref is not supported'))
    return
  }
  if (type === undefined && schema['x-kubernetes-int-or-string'] !== true && preserves !== true)
    errors.push(fieldRequired(at('type'), 'must not be empty for specified object fields'))
  else if (type !== undefined && !TYPES.includes(type as string))
    errors.push(fieldNotSupported(at('type'), type, TYPES))
  else if (root && type !== 'object') errors.push(fieldInvalid(at('type'), type ?? '', 'must be object at the root'))
  if (schema['uniqueItems'] === true)
    errors.push(
      fieldForbidden(
        at('uniqueItems'),
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  if (preserves === false)
    errors.push(fieldInvalid(at('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'))
  if (schema['x-kubernetes-embedded-resource'] === true && preserves !== true && !isObject(schema['properties']))
    errors.push(
      fieldRequired(
        at('properties'),
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    )
  if (schema['properties'] !== undefined && schema['additionalProperties'] !== undefined)
    errors.push(fieldForbidden(at('additionalProperties'), 'additionalProperties and properties are mutual exclusive'))
  checkListType(schema, path, errors)
  checkDefault(schema, path, errors)
  checkRules(schema, path, root, errors)
  if (isObject(schema['properties']))
    for (const [key, field] of Object.entries(schema['properties'])) {
      const where = `${path}.properties[${key}]`
      if (root && key === 'metadata') checkMetadata(field as JsonObject, where, errors)
      else if (isObject(field)) checkStructural(field, where, false, errors)
    }
  if (isObject(schema['items'])) checkStructural(schema['items'], at('items'), false, errors)
  else if (Array.isArray(schema['items']))
    errors.push(fieldForbidden(at('items'), 'items must be a schema object and not an array'))
  else if (type === 'array') errors.push(fieldRequired(at('items'), 'must be specified'))
  if (isObject(schema['additionalProperties']))
    checkStructural(schema['additionalProperties'], at('additionalProperties'), false, errors)
}

/** `metadata` is there by itself; a schema may say more about its names only. */
function checkMetadata(schema: JsonObject, path: string, errors: FieldError[]): void {
  if (Object.keys(child(schema, 'properties')).some(key => key !== 'name' && key !== 'generateName'))
    errors.push(
      fieldForbidden(
        path,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    )
}

function checkListType(schema: JsonObject, path: string, errors: FieldError[]): void {
  const { type, 'x-kubernetes-list-type': listType, 'x-kubernetes-map-type': mapType } = schema
  if (listType !== undefined && !LIST_TYPES.includes(listType as string))
    errors.push(fieldNotSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES))
  else if (listType !== undefined && type !== 'array')
    errors.push(fieldInvalid(`${path}.type`, type ?? '', 'must be array if x-kubernetes-list-type is specified'))
  if (mapType !== undefined && !MAP_TYPES.includes(mapType as string))
    errors.push(fieldNotSupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES))
  else if (mapType !== undefined && type !== 'object')
    errors.push(fieldInvalid(`${path}.type`, type ?? '', 'must be object if x-kubernetes-map-type is specified'))
  const items = child(schema, 'items')
  if (listType === 'set' && items['type'] === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    errors.push(
      fieldInvalid(
        `${path}.items.x-kubernetes-map-type`,
        items['x-kubernetes-map-type'] ?? null,
        'must be atomic as item of a list with x-kubernetes-list-type=set',
      ),
    )
  if (listType === 'map') checkListKeys(schema, path, errors)
}

function checkDefault(schema: JsonObject, path: string, errors: FieldError[]): void {
  const value = schema['default']
  if (value === undefined) return
  const found: FieldError[] = []
  validate(value, schema as unknown as Schema, '', found)
  for (const error of found) errors.push({ ...error, field: `${path}.default` })
  if (found.length === 0 && prune(structuredClone(value), schema as unknown as Schema, { dropNulls: false }).length > 0)
    errors.push(fieldInvalid(`${path}.default`, value, 'must not have unknown fields'))
}

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

/** What is said of one that does not compile, the type it has to have, and what is said of another. */
const EXPRESSIONS = {
  rule: ['compilation failed', 'bool', 'cel expression must evaluate to a bool'],
  messageExpression: ['messageExpression compilation failed', 'string', 'messageExpression must evaluate to a string'],
} as const

function checkRules(schema: JsonObject, path: string, root: boolean, errors: FieldError[]): void {
  const rules = (schema['x-kubernetes-validations'] ?? []) as unknown as ValidationRule[]
  for (const [index, rule] of rules.entries()) {
    const at = (key: string) => `${path}.x-kubernetes-validations[${index}].${key}`
    const { message, reason, fieldPath } = rule
    // As Go prints the struct.
    const whole = {
      Rule: rule.rule,
      Message: message ?? '',
      MessageExpression: rule.messageExpression ?? '',
      Reason: reason ?? null,
      FieldPath: fieldPath ?? '',
      OptionalOldSelf: rule.optionalOldSelf ?? null,
    }
    if (!rule.rule?.trim()) {
      errors.push(fieldRequired(at('rule'), 'rule is not specified'))
      continue
    }
    if (message !== undefined && message !== '' && message.trim() === '')
      errors.push(fieldInvalid(at('message'), message, 'must be non-empty if specified'))
    else if (message?.trim().includes('\n'))
      errors.push(fieldInvalid(at('message'), message, 'must not contain line breaks'))
    if (reason !== undefined && !REASONS.includes(reason)) errors.push(fieldNotSupported(at('reason'), reason, REASONS))
    if (fieldPath && !hasPath(schema, fieldPath))
      errors.push(fieldInvalid(at('fieldPath'), fieldPath, 'must be a valid path'))
    for (const part of ['rule', 'messageExpression'] as const) {
      const text = rule[part]
      if (!text) continue
      const verdict = checkExpression(text, schema as unknown as Schema, root, rule.optionalOldSelf === true)
      const [prefix, wanted, words] = EXPRESSIONS[part]
      if ('problem' in verdict) errors.push(fieldInvalid(at(part), whole, `${prefix}: ${verdict.problem}`))
      else if (verdict.type !== undefined && verdict.type !== 'dyn' && verdict.type !== wanted)
        errors.push(fieldInvalid(at(part), whole, words))
      else if (part === 'rule')
        // Of the whole schema it is said once, however many rules are at fault.
        for (const problem of costProblems(leastCost(text, schema as unknown as Schema), at(part)))
          if (!errors.some(({ field, detail }) => field === problem.field && detail === problem.detail))
            errors.push(problem)
    }
  }
}

/** Whether a path such as `.a.b` or `['a']` leads to a field that the schema declares. */
function hasPath(schema: JsonObject, path: string): boolean {
  let current: JsonObject | undefined = schema
  for (const [, dotted, quoted] of path.matchAll(/\.([^.[\]]+)|\['([^']+)'\]/g)) {
    const key = (dotted ?? quoted)!
    const next: Json | undefined = child(current, 'properties')[key] ?? current?.['additionalProperties']
    if (!isObject(next)) return false
    current = next
  }
  return true
}

function checkListKeys(schema: JsonObject, path: string, errors: FieldError[]): void {
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []) as string[]
  if (keys.length === 0)
    errors.push(
      fieldRequired(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    )
  const item = child(schema, 'items')
  if (isObject(schema['items']) && item['type'] !== 'object') {
    errors.push(
      fieldInvalid(
        `${path}.items.type`,
        item['type'] ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    )
    return
  }
  const needed = (item['required'] ?? []) as string[]
  for (const key of keys) {
    const field = child(item, 'properties')[key]
    if (!isObject(field))
      errors.push(
        fieldInvalid(`${path}.x-kubernetes-list-map-keys`, keys, 'entries must all be names of item properties'),
      )
    else if (!needed.includes(key) && field['default'] === undefined)
      errors.push(
        fieldRequired(
          `${path}.items.properties[${key}].default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      )
  }
}
