/** What must hold of a custom resource before it is stored (apiextensions-apiserver/pkg/registry/customresource). */
import { fieldInvalid } from '../field-errors.ts'
import { goText, goType } from '../go-text.ts'
import { isObject, type JsonObject } from '../json.ts'
import type { ResourceType, ScalePaths } from '../kinds/registry.ts'
import { hasRules, validateRules } from '../schema/cel.ts'
import { validateEmbedded } from '../schema/embedded.ts'
import { validateListTypes } from '../schema/list-types.ts'
import { anything, type Schema } from '../schema/schema.ts'
import { validate } from '../schema/validate.ts'
import type { FieldError } from '../status.ts'

/** With one of these the API server does not even try the rules (strategy.go, hasBlockingErr). */
const blocking = new Set<FieldError['reason']>([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

/** Appends what is wrong. Of a write to the status only the status is validated, by the schema it has for itself. */
export function checkCustomResource(
  type: ResourceType,
  after: JsonObject,
  before: JsonObject | undefined,
  subresource: string,
  errors: FieldError[],
): void {
  const { schema, scale } = type
  const bare = withoutMetadata(after)
  if (subresource === 'status') {
    const found: FieldError[] = []
    const status = schema.properties?.['status'] ?? anything
    if (after['status'] !== undefined) validate(after['status'], status, '', found, before?.['status'])
    errors.push(...found.map(under('status')))
  } else {
    validate(bare, schema, '', errors, before)
    if (scale) checkReplicas(after, scale.spec, errors)
    validateEmbedded(bare, schema, '', errors)
  }
  if (scale) checkScaleStatus(after, scale, errors)
  checkListTypes(bare, before, schema, errors)
  if (!hasRules(schema)) return
  if (errors.some(({ reason }) => blocking.has(reason)))
    errors.push(
      fieldInvalid(
        '<nil>',
        null,
        'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      ),
    )
  else validateRules(after, before, schema, errors)
}

const withoutMetadata = (object: JsonObject): JsonObject => ({ ...object, metadata: {} })

const under =
  (field: string) =>
  (error: FieldError): FieldError => ({
    ...error,
    field: error.field === '<nil>' || error.field === '' ? field : `${field}.${error.field}`,
  })

/** What was repeated already may stay. */
function checkListTypes(after: JsonObject, before: JsonObject | undefined, schema: Schema, errors: FieldError[]): void {
  const found: FieldError[] = []
  validateListTypes(after, schema, '', found)
  if (found.length === 0) return
  const had: FieldError[] = []
  if (before) validateListTypes(withoutMetadata(before), schema, '', had)
  if (had.length === 0) errors.push(...found)
}

/** As apimachinery's unstructured.NestedFieldNoCopy finds it: `undefined` when it is not there, or the problem on the way. */
export function nested(object: JsonObject, path: string, expected: 'int64' | 'string'): unknown {
  const keys = path.split('.').filter(key => key !== '')
  const problem = (depth: number, value: unknown, wanted: string) =>
    new TypeError(
      `.${keys.slice(0, depth).join('.')} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${wanted}`,
    )
  let current: unknown = object
  for (const [depth, key] of keys.entries()) {
    if (current === null || current === undefined) return undefined
    if (!isObject(current)) return problem(depth + 1, current, 'map[string]interface{}')
    current = current[key]
  }
  if (current === undefined) return undefined
  return goType(current) === expected ? current : problem(keys.length, current, expected)
}

function checkReplicas(object: JsonObject, path: string, errors: FieldError[]): void {
  const replicas = nested(object, path, 'int64')
  if (replicas instanceof TypeError) errors.push(fieldInvalid(path, 0, replicas.message))
  else if (typeof replicas === 'number' && replicas < 0)
    errors.push(fieldInvalid(path, replicas, 'should be a non-negative integer'))
  else if (typeof replicas === 'number' && replicas > 2_147_483_647)
    errors.push(fieldInvalid(path, replicas, 'should be less than or equal to 2147483647'))
}

function checkScaleStatus(object: JsonObject, scale: ScalePaths, errors: FieldError[]): void {
  checkReplicas(object, scale.status, errors)
  const selector = scale.selector === undefined ? undefined : nested(object, scale.selector, 'string')
  if (selector instanceof TypeError) errors.push(fieldInvalid(scale.selector!, '', selector.message))
}
