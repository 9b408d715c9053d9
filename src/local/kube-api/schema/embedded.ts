/** What every object that is embedded in another must have (apiextensions-apiserver/pkg/apiserver/schema/objectmeta/validation.go). */
import { fieldInvalid, fieldRequired } from '../field-errors.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { dns1035Label, dns1035LabelRule, PATH_SEGMENT, validateMetadata } from '../kinds/names.ts'
import type { FieldError } from '../status.ts'
import { builtInSchema, fieldSchema, isNamedField, joinPath, type Schema, somewhere } from './schema.ts'

const isEmbedded = (schema: Schema) => schema['x-kubernetes-embedded-resource'] === true
const hasEmbedded = somewhere(isEmbedded)

/** The schema with what every object has declared in each embedded one, as apiextensions' OpenAPI builder does. */
export function withEmbeddedMeta(schema: Schema): Schema {
  if (!hasEmbedded(schema)) return schema
  const { properties, items, additionalProperties } = schema
  const nested: Schema = {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, field]) => [key, withEmbeddedMeta(field)])),
    }),
    ...(items && { items: withEmbeddedMeta(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: withEmbeddedMeta(additionalProperties) }),
  }
  if (!isEmbedded(schema)) return nested
  const { description: _, ...metadata } = builtInSchema('V1ObjectMeta')
  const text: Schema = { type: 'string' }
  return { ...nested, properties: { ...nested.properties, apiVersion: text, kind: text, metadata } }
}

/** Appends what is wrong with the embedded objects in a value. */
export function validateEmbedded(value: Json, schema: Schema, path: string, errors: FieldError[]): void {
  if (typeof value !== 'object' || value === null || !hasEmbedded(schema)) return
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      if (schema.items) validateEmbedded(item, schema.items, `${path}[${index}]`, errors)
    return
  }
  if (isEmbedded(schema)) validateMeta(value, path, errors)
  for (const [key, entry] of Object.entries(value)) {
    const field = fieldSchema(schema, key)
    if (field) validateEmbedded(entry, field, joinPath(path, key, !isNamedField(schema, key)), errors)
  }
}

function validateMeta(value: JsonObject, path: string, errors: FieldError[]): void {
  const { apiVersion, kind, metadata } = value
  for (const [field, text] of Object.entries({ apiVersion, kind }))
    if (text === undefined) errors.push(fieldRequired(`${path}.${field}`))
    else if (text === '') errors.push(fieldInvalid(`${path}.${field}`, text, 'must not be empty'))
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2)
    errors.push(fieldInvalid(`${path}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  if (typeof kind === 'string' && kind !== '' && !dns1035Label.test(kind.toLowerCase()))
    errors.push(
      fieldInvalid(`${path}.kind`, kind, `may have mixed case, but should otherwise match: ${dns1035LabelRule}`),
    )
  if (!isObject(metadata)) return
  const found: FieldError[] = []
  validateMetadata({ ...metadata, name: metadata['name'] || 'fakename' }, PATH_SEGMENT, found)
  errors.push(...found.map(error => ({ ...error, field: `${path}.${error.field}` })))
}
