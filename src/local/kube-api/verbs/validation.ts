/** All checks that an object must pass before it is stored, in one place: 422 with every wrong field named. */

import { inVersion } from '../context.ts'
import { fieldForbidden, fieldInvalid } from '../field-errors.ts'
import { equal, type JsonObject, show } from '../json.ts'
import { checkDefinition } from '../kinds/custom-definitions.ts'
import { validateMetadata } from '../kinds/names.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { checkBuiltIn } from '../kinds/rules.ts'
import { type FieldError, invalid } from '../status.ts'
import { checkCustomResource } from './custom-resource.ts'

/** `before` is the stored object on updates, `apiVersion` that of the request. Throws 422. */
export function check(
  type: ResourceType,
  after: JsonObject,
  before: JsonObject | undefined,
  subresource: string,
  apiVersion = type.apiVersion,
): void {
  const errors: FieldError[] = []
  const metadata = after['metadata'] as JsonObject
  validateMetadata(metadata, type, errors)
  if (before) {
    const found = changeErrors(metadata, before['metadata'] as JsonObject)
    // Two validations of kube-apiserver find them: that of all kinds and that of the kind.
    errors.push(...found, ...found)
  }
  if (type.builtIn) {
    checkBuiltIn(type, after, before, apiVersion, errors)
    if (type.plural === 'customresourcedefinitions') checkDefinition(after, before, errors)
  } else {
    checkCustomResource(type, after, before && inVersion(before, type), subresource, errors)
  }
  if (errors.length > 0) throw invalid(type, show(metadata['name'] ?? ''), errors)
}

/** What may not be changed in metadata (apimachinery/pkg/api/validation/objectmeta.go, ValidateObjectMetaAccessorUpdate). */
function changeErrors(metadata: JsonObject, was: JsonObject): FieldError[] {
  const errors: FieldError[] = []
  const had = new Set((was['finalizers'] as string[] | undefined) ?? [])
  const added = ((metadata['finalizers'] as string[] | undefined) ?? []).filter(finalizer => !had.has(finalizer))
  if (was['deletionTimestamp'] !== undefined && added.length > 0)
    errors.push(
      fieldForbidden(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map(each => JSON.stringify(each)).join(', ')}}`,
      ),
    )
  for (const field of ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'])
    if (!equal(metadata[field], was[field]))
      errors.push(fieldInvalid(`metadata.${field}`, metadata[field], 'field is immutable'))
  return errors
}
