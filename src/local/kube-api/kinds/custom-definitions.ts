/** CustomResourceDefinitions: what makes one valid, and the status that the API server's controllers give it. */
import { timestamp } from '../context.ts'
import { child, equal, isObject, type Json, type JsonObject, show } from '../json.ts'
import { compileProblem } from '../schema/cel.ts'
import { compilePattern } from '../schema/pattern.ts'
import { joinPath, type ValidationRule } from '../schema/schema.ts'
import type { FieldError } from '../status.ts'
import type { Registry } from './registry.ts'

const label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/

/** Appends what is wrong with a CRD (apiextensions validation, structural schemas). */
export function checkDefinition(
  registry: Registry,
  definition: JsonObject,
  before: JsonObject | undefined,
  errors: FieldError[],
): void {
  const spec = child(definition, 'spec')
  const names = child(spec, 'names')
  const bad = (field: string, value: unknown, detail: string) =>
    errors.push({ reason: 'FieldValueInvalid', field, value, detail })
  const missing = (field: string) => errors.push({ reason: 'FieldValueRequired', field })
  for (const field of ['group', 'scope']) if (!spec[field]) missing(`spec.${field}`)
  for (const field of ['plural', 'kind']) if (!names[field]) missing(`spec.names.${field}`)
  if (spec['scope'] && spec['scope'] !== 'Namespaced' && spec['scope'] !== 'Cluster')
    errors.push({
      reason: 'FieldValueNotSupported',
      field: 'spec.scope',
      value: spec['scope'],
      detail: 'supported values: "Cluster", "Namespaced"',
    })
  if (typeof names['plural'] === 'string' && !label.test(names['plural']))
    bad('spec.names.plural', names['plural'], 'a DNS-1035 label must consist of lower case alphanumeric characters')
  const wanted = `${show(names['plural'])}.${show(spec['group'])}`
  const name = child(definition, 'metadata')['name']
  if (name !== wanted) bad('metadata.name', name, `must be spec.names.plural+"."+spec.group`)
  const taken = registry
    .types()
    .find(
      type =>
        type.group === spec['group'] &&
        type.crd !== name &&
        (type.plural === names['plural'] || type.kind === names['kind']),
    )
  if (taken) bad('spec.names', names['kind'], `${taken.kind} is already in use`)
  const versions = Array.isArray(spec['versions']) ? (spec['versions'] as JsonObject[]) : []
  if (versions.length === 0) missing('spec.versions')
  if (versions.filter(version => version['storage'] === true).length !== 1)
    bad('spec.versions', versions.length, 'must have exactly one version marked as storage version')
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`
    if (typeof version['name'] !== 'string') missing(`${path}.name`)
    const schema = child(version, 'schema')['openAPIV3Schema']
    if (!isObject(schema)) missing(`${path}.schema.openAPIV3Schema`)
    // A stored definition was checked when it came; only a changed schema is looked at again.
    else if (!before || !equal(before['spec'], definition['spec']))
      checkStructural(schema, `${path}.schema.openAPIV3Schema`, true, errors)
  }
}

type Shape = (value: Json) => boolean
const isText: Shape = value => typeof value === 'string'
const isNumber: Shape = value => typeof value === 'number'
const isFlag: Shape = value => typeof value === 'boolean'
const isTexts: Shape = value => Array.isArray(value) && value.every(isText)
const isSchemas: Shape = value => Array.isArray(value) && value.every(isObject)
const isPattern: Shape = value => typeof value === 'string' && compilePattern(value) !== undefined

/** The types of JSONSchemaProps' fields, which the library's models leave open because the type contains itself. */
const keywords: Readonly<Record<string, Shape>> = {
  ...Object.fromEntries(
    ['type', 'format', 'description', 'title', 'x-kubernetes-list-type', 'x-kubernetes-map-type'].map(key => [
      key,
      isText,
    ]),
  ),
  ...Object.fromEntries(
    [
      'minimum',
      'maximum',
      'multipleOf',
      'minLength',
      'maxLength',
      'minItems',
      'maxItems',
      'minProperties',
      'maxProperties',
    ].map(key => [key, isNumber]),
  ),
  ...Object.fromEntries(
    [
      'nullable',
      'uniqueItems',
      'exclusiveMinimum',
      'exclusiveMaximum',
      'x-kubernetes-preserve-unknown-fields',
      'x-kubernetes-int-or-string',
      'x-kubernetes-embedded-resource',
    ].map(key => [key, isFlag]),
  ),
  ...Object.fromEntries(['allOf', 'anyOf', 'oneOf'].map(key => [key, isSchemas])),
  ...Object.fromEntries(['required', 'x-kubernetes-list-map-keys'].map(key => [key, isTexts])),
  pattern: isPattern,
  enum: Array.isArray,
  not: isObject,
  items: isObject,
  properties: value => isObject(value) && Object.values(value).every(isObject),
  additionalProperties: value => isObject(value) || typeof value === 'boolean',
  'x-kubernetes-validations': value =>
    isSchemas(value) &&
    (value as JsonObject[]).every(
      rule =>
        isText(rule['rule'] ?? null) &&
        ['message', 'messageExpression', 'reason', 'fieldPath'].every(
          key => rule[key] === undefined || isText(rule[key]),
        ),
    ),
}

/** Whether a schema and the value validations within it are made of the right types; what is not goes to `errors`. */
function checkKeywords(schema: JsonObject, path: string, errors: FieldError[]): boolean {
  const before = errors.length
  for (const [keyword, value] of Object.entries(schema))
    if (keywords[keyword]?.(value) === false)
      errors.push({
        reason: 'FieldValueInvalid',
        field: `${path}.${keyword}`,
        value,
        detail: `is not what ${keyword} may be`,
      })
  if (errors.length > before) return false
  const nested: [string, JsonObject][] = isObject(schema['not']) ? [['not', schema['not']]] : []
  for (const junctor of ['allOf', 'anyOf', 'oneOf'])
    for (const [index, part] of ((schema[junctor] ?? []) as JsonObject[]).entries())
      nested.push([`${junctor}[${index}]`, part])
  for (const [where, part] of nested) checkValueValidation(part, `${path}.${where}`, errors)
  return errors.length === before
}

/** Inside a junctor only values are validated, so no types are demanded, but what is there must be readable. */
function checkValueValidation(schema: JsonObject, path: string, errors: FieldError[]): void {
  if (!checkKeywords(schema, path, errors)) return
  for (const [key, field] of Object.entries(child(schema, 'properties')))
    checkValueValidation(field as JsonObject, `${path}.properties[${key}]`, errors)
  if (isObject(schema['items'])) checkValueValidation(schema['items'], `${path}.items`, errors)
  if (isObject(schema['additionalProperties']))
    checkValueValidation(schema['additionalProperties'], `${path}.additionalProperties`, errors)
}

function checkStructural(schema: JsonObject, path: string, root: boolean, errors: FieldError[]): void {
  if (!checkKeywords(schema, path, errors)) return
  const anyType =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true
  if (schema['type'] === undefined && !anyType)
    errors.push({
      reason: 'FieldValueRequired',
      field: `${path}.type`,
      detail: 'must not be empty for specified object fields',
    })
  if (root && schema['type'] !== 'object')
    errors.push({
      reason: 'FieldValueInvalid',
      field: `${path}.type`,
      value: schema['type'] ?? '',
      detail: 'must be object at the root',
    })
  if (schema['$ref'] !== undefined)
    errors.push({ reason: 'FieldValueForbidden', field: `${path}.$ref`, detail: 'must not be set' })
  if (schema['properties'] !== undefined && schema['additionalProperties'] !== undefined)
    errors.push({
      reason: 'FieldValueForbidden',
      field: `${path}.additionalProperties`,
      detail: 'additionalProperties and properties are mutual exclusive',
    })
  if (schema['x-kubernetes-list-type'] === 'map') checkListKeys(schema, path, errors)
  const rules = (schema['x-kubernetes-validations'] ?? []) as unknown as ValidationRule[]
  for (const [index, rule] of rules.entries()) {
    const problem = compileProblem(rule)
    if (problem)
      errors.push({
        reason: 'FieldValueInvalid',
        field: `${path}.x-kubernetes-validations[${index}].rule`,
        value: rule.rule,
        detail: `compilation failed: ${problem}`,
      })
  }
  if (isObject(schema['properties']))
    for (const [key, field] of Object.entries(schema['properties']))
      if (isObject(field) && !(root && key === 'metadata'))
        checkStructural(field, joinPath(path, `properties[${key}]`), false, errors)
  if (isObject(schema['items'])) checkStructural(schema['items'], `${path}.items`, false, errors)
  else if (schema['type'] === 'array' && !isObject(schema['items']))
    errors.push({ reason: 'FieldValueRequired', field: `${path}.items`, detail: 'must be specified' })
  if (isObject(schema['additionalProperties']))
    checkStructural(schema['additionalProperties'], `${path}.additionalProperties`, false, errors)
}

function checkListKeys(schema: JsonObject, path: string, errors: FieldError[]): void {
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []) as string[]
  if (keys.length === 0)
    errors.push({
      reason: 'FieldValueRequired',
      field: `${path}.x-kubernetes-list-map-keys`,
      detail: 'must not be empty if x-kubernetes-list-type is map',
    })
  const item = child(schema, 'items')
  const required = (item['required'] ?? []) as string[]
  for (const key of keys) {
    const field = child(item, 'properties')[key]
    if (!isObject(field))
      errors.push({
        reason: 'FieldValueInvalid',
        field: `${path}.x-kubernetes-list-map-keys`,
        value: key,
        detail: 'entries must all be names of item properties',
      })
    else if (!required.includes(key) && field['default'] === undefined)
      errors.push({
        reason: 'FieldValueRequired',
        field: `${path}.items.properties[${key}].default`,
        detail: 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      })
  }
}

/** Keeps a CRD until the objects of its kind are gone (`apiextensions` finalizing controller). */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

/** Sets what the naming and establishing controllers would report. They are never behind here. */
export function establish(definition: JsonObject, now: Date): void {
  const spec = child(definition, 'spec')
  const was = child(definition, 'status')
  const storage = ((spec['versions'] as JsonObject[] | undefined) ?? []).find(version => version['storage'] === true)?.[
    'name'
  ] as string
  const stored = new Set([...((was['storedVersions'] as string[] | undefined) ?? []), storage])
  const condition = (type: string, reason: string, message: string): Json => {
    const previous = ((was['conditions'] as JsonObject[] | undefined) ?? []).find(other => other['type'] === type)
    return {
      type,
      status: 'True',
      reason,
      message,
      lastTransitionTime: previous?.['lastTransitionTime'] ?? timestamp(now),
    }
  }
  const metadata = definition['metadata'] as JsonObject
  const finalizers = (metadata['finalizers'] ?? []) as string[]
  if (metadata['deletionTimestamp'] === undefined && !finalizers.includes(cleanupFinalizer))
    metadata['finalizers'] = [...finalizers, cleanupFinalizer]
  definition['status'] = {
    acceptedNames: spec['names']!,
    storedVersions: [...stored],
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
  }
}
