/** CustomResourceDefinitions: what makes one valid, and the status that the API server's controllers give it. */

import { fieldInvalid, fieldNotSupported, fieldRequired } from '../field-errors.ts'
import { child, equal, isObject, type Json, type JsonObject, show } from '../json.ts'
import type { FieldError } from '../status.ts'
import { dns1035Label as label, dns1035LabelRule as labelRule, subdomain, subdomainRule } from './names.ts'
import { checkStructural } from './structural.ts'

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']

const textsOf = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(show) : [])

/** Appends what is wrong with a CRD (apiextensions-apiserver pkg/apis/apiextensions/validation). */
export function checkDefinition(definition: JsonObject, before: JsonObject | undefined, errors: FieldError[]): void {
  const spec = child(definition, 'spec')
  const names = child(spec, 'names')
  const versions = Array.isArray(spec['versions']) ? (spec['versions'] as JsonObject[]) : []
  for (const field of ['group', 'scope']) if (!spec[field]) errors.push(fieldRequired(`spec.${field}`))
  if (spec['scope'] && spec['scope'] !== 'Namespaced' && spec['scope'] !== 'Cluster')
    errors.push(fieldNotSupported('spec.scope', spec['scope'], ['Cluster', 'Namespaced']))
  if (spec['preserveUnknownFields'] === true)
    errors.push(
      fieldInvalid(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    )
  if (spec['group'] && !subdomain.test(show(spec['group'])))
    errors.push(fieldInvalid('spec.group', spec['group'], subdomainRule))
  checkNames(names, errors)
  const wanted = `${show(names['plural'] ?? '')}.${show(spec['group'] ?? '')}`
  const { name } = child(definition, 'metadata')
  // The name of one that is there already was checked with the group it had.
  if (!before && name !== wanted)
    errors.push(fieldInvalid('metadata.name', name, `must be spec.names.plural+"."+spec.group`))
  checkConversion(child(spec, 'conversion'), errors)
  if (versions.filter(version => version['storage'] === true).length !== 1)
    errors.push(
      fieldInvalid('spec.versions', versions.map(asStruct), 'must have exactly one version marked as storage version'),
    )
  if (new Set(versions.map(version => version['name'])).size !== versions.length)
    errors.push(fieldInvalid('spec.versions', versions.map(asStruct), 'must contain unique version names'))
  checkStored(definition, versions, before, errors)
  for (const [index, version] of versions.entries()) checkVersion(version, index, versions, errors)
  // A stored definition was checked when it came; only a changed one is looked at again.
  if (!before || !equal(before['spec'], definition['spec']))
    for (const [index, version] of versions.entries()) checkSchema(version, index, versions, errors)
}

/** A version as Go prints it; what all versions share has been taken out of them. */
const asStruct = (version: JsonObject): JsonObject => ({
  Name: version['name'] ?? '',
  Served: version['served'] ?? false,
  Storage: version['storage'] ?? false,
  Deprecated: version['deprecated'] ?? false,
  DeprecationWarning: version['deprecationWarning'] ?? null,
  Schema: null,
  Subresources: null,
  AdditionalPrinterColumns: null,
  SelectableFields: null,
})

/** The stored versions are the server's own to know; one that may still be on disk cannot go. */
function checkStored(
  definition: JsonObject,
  versions: readonly JsonObject[],
  before: JsonObject | undefined,
  errors: FieldError[],
): void {
  const storing = versions.filter(version => version['storage'] === true).map(version => show(version['name'] ?? ''))
  const listed = textsOf(child(definition, 'status')['storedVersions'])
  if (!before && storing.length === 0)
    errors.push(fieldInvalid('status.storedVersions', null, 'must have at least one stored version'))
  const unlisted = storing.find(version => !listed.includes(version))
  if (!before && unlisted !== undefined)
    errors.push(fieldInvalid('status.storedVersions', listed, `must have the storage version ${unlisted}`))
  for (const [index, version] of textsOf(child(before ?? definition, 'status')['storedVersions']).entries())
    if (before && !versions.some(each => each['name'] === version))
      errors.push(
        fieldInvalid(
          `status.storedVersions[${index}]`,
          version,
          `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`,
        ),
      )
}

function checkNames(names: JsonObject, errors: FieldError[]): void {
  const at = (key: string) => `spec.names.${key}`
  const { plural, singular, kind, listKind } = names
  for (const [key, value] of Object.entries({ plural, singular }))
    if (!value) errors.push(fieldRequired(at(key)))
    else if (!label.test(show(value))) errors.push(fieldInvalid(at(key), value, labelRule))
  for (const [key, value] of Object.entries({ kind, listKind }))
    if (!value) errors.push(fieldRequired(at(key)))
    else if (!label.test(show(value).toLowerCase()))
      errors.push(fieldInvalid(at(key), value, `may have mixed case, but should otherwise match: ${labelRule}`))
  if (kind && kind === listKind)
    errors.push(fieldInvalid(at('listKind'), listKind, 'kind and listKind may not be the same'))
  for (const key of ['shortNames', 'categories'])
    for (const [index, value] of textsOf(names[key]).entries())
      if (!label.test(value)) errors.push(fieldInvalid(`${at(key)}[${index}]`, value, labelRule))
}

function checkConversion(conversion: JsonObject, errors: FieldError[]): void {
  const { strategy } = conversion
  if (strategy !== undefined && strategy !== 'None' && strategy !== 'Webhook')
    errors.push(fieldNotSupported('spec.conversion.strategy', strategy, ['None', 'Webhook']))
  if (strategy !== 'Webhook') return
  const { conversionReviewVersions, clientConfig } = child(conversion, 'webhook')
  if (textsOf(conversionReviewVersions).length === 0)
    errors.push(fieldRequired('spec.conversion.conversionReviewVersions'))
  if (!isObject(clientConfig))
    errors.push(fieldRequired('spec.conversion.webhookClientConfig', 'required when strategy is set to Webhook'))
}

/** Where the server looks for what all versions share: it keeps that once, above them (apiextensions/v1/conversion.go). */
function placeOf(key: string, hoisted: string, index: number, versions: readonly JsonObject[]): string {
  const same = versions.every(version => equal(version[key], versions[0]?.[key]))
  return same ? hoisted : `spec.versions[${index}].${key}`
}

function checkVersion(version: JsonObject, index: number, versions: readonly JsonObject[], errors: FieldError[]): void {
  const path = `spec.versions[${index}]`
  if (typeof version['name'] !== 'string') errors.push(fieldRequired(`${path}.name`))
  else if (!label.test(version['name'])) {
    errors.push(fieldInvalid(`${path}.name`, version['name'], labelRule))
    if (index === 0) errors.push(fieldInvalid('spec.version', version['name'], labelRule))
  }
  if (version['deprecationWarning'] !== undefined && version['deprecated'] !== true)
    errors.push(
      fieldInvalid(
        `${path}.deprecationWarning`,
        version['deprecationWarning'],
        'can only be set for deprecated versions',
      ),
    )
  const scale = child(version, 'subresources')['scale']
  if (isObject(scale))
    checkScale(scale, `${placeOf('subresources', 'spec.subresources', index, versions)}.scale`, errors)
  const columns = placeOf('additionalPrinterColumns', 'spec.additionalPrinterColumns', index, versions)
  for (const [number, column] of ((version['additionalPrinterColumns'] ?? []) as JsonObject[]).entries())
    checkColumn(column, `${columns}[${number}]`, errors)
  const fields = placeOf('selectableFields', 'spec.selectableFields', index, versions)
  const schema = child(child(version, 'schema'), 'openAPIV3Schema')
  for (const [number, field] of ((version['selectableFields'] ?? []) as JsonObject[]).entries())
    if (!declares(schema, show(field['jsonPath'] ?? '')))
      errors.push(
        fieldInvalid(
          `${fields}[${number}].jsonPath`,
          field['jsonPath'] ?? '',
          'is an invalid path: does not refer to a valid field',
        ),
      )
}

function declares(schema: JsonObject, path: string): boolean {
  let current = schema
  for (const key of path.split('.').slice(1)) {
    const next = child(current, 'properties')[key]
    if (!isObject(next)) return false
    current = next
  }
  return true
}

function checkScale(scale: JsonObject, path: string, errors: FieldError[]): void {
  for (const [key, under] of [
    ['specReplicasPath', '.spec'],
    ['statusReplicasPath', '.status'],
  ] as const) {
    const value = scale[key]
    if (!value) errors.push(fieldRequired(`${path}.${key}`))
    else if (!show(value).startsWith(`${under}.`))
      errors.push(fieldInvalid(`${path}.${key}`, value, `should be a json path under ${under}`))
  }
}

function checkColumn(column: JsonObject, path: string, errors: FieldError[]): void {
  const { type, jsonPath } = column
  if (!column['name']) errors.push(fieldRequired(`${path}.name`))
  if (!type) errors.push(fieldRequired(`${path}.type`))
  else if (!COLUMN_TYPES.includes(show(type)))
    errors.push(fieldInvalid(`${path}.type`, type, `must be one of ${COLUMN_TYPES.join(',')}`))
  if (!jsonPath) errors.push(fieldRequired(`${path}.JSONPath`))
  else if (!/^\.\S*/.test(show(jsonPath)))
    errors.push(fieldInvalid(`${path}.JSONPath`, jsonPath, 'must be a simple json path starting with .'))
}

function checkSchema(version: JsonObject, index: number, versions: readonly JsonObject[], errors: FieldError[]): void {
  const schema = child(version, 'schema')['openAPIV3Schema']
  const path = placeOf('schema', 'spec.validation', index, versions)
  const shared = path === 'spec.validation'
  if (!isObject(schema)) errors.push(fieldRequired(`spec.versions[${index}].schema.openAPIV3Schema`))
  else if (!shared || index === 0) checkStructural(schema, `${path}.openAPIV3Schema`, true, errors)
}

/** Keeps a CRD until the objects of its kind are gone (`apiextensions` finalizing controller). */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

/**
 * The status of a definition is not its author's: a new one has no names yet, a changed one keeps what it had
 * (registry/customresourcedefinition/strategy.go). In place.
 */
export function prepareStatus(definition: JsonObject, before: JsonObject | undefined): void {
  const versions = (child(definition, 'spec')['versions'] as JsonObject[] | undefined) ?? []
  const storage = versions.find(version => version['storage'] === true)?.['name']
  const was: JsonObject = before
    ? child(before, 'status')
    : { conditions: null, acceptedNames: { plural: '', kind: '' } }
  const stored = new Set([...textsOf(was['storedVersions']), ...textsOf(storage === undefined ? [] : [storage])])
  definition['status'] = { ...was, storedVersions: [...stored] }
}
