/** From what a client sent to what could be stored: kind checked, unknown fields out, defaults in. */

import { renameEvent } from '../context.ts'
import { dropEmptyOf, fillZeroModel } from '../decode/go-zero.ts'
import { decodeTyped } from '../decode/typed.ts'
import { fieldInvalid } from '../field-errors.ts'
import { isObject, type Json, type JsonObject, show } from '../json.ts'
import { defaultBuiltIn } from '../kinds/defaults.ts'
import type { Registry, ResourceType } from '../kinds/registry.ts'
import type { WriteOptions } from '../request.ts'
import { applyDefaults, dropNulls } from '../schema/defaults.ts'
import { toGoForms } from '../schema/go-forms.ts'
import { prune } from '../schema/prune.ts'
import { fieldSchema } from '../schema/schema.ts'
import { badRequest, type FieldError, invalid, type StatusError } from '../status.ts'

/** Checks that a body, or what a patch has made, is an object of this kind and version, and returns it as one. */
export function asObject(body: unknown, type: ResourceType, isPatched = false): JsonObject {
  if (!isObject(body))
    throw badRequest(
      `the body of the request must be a ${type.kind}, not ${JSON.stringify(body)?.slice(0, 80) ?? 'empty'}`,
    )
  const { apiVersion, kind, metadata } = body
  // The URL says what a built-in kind is; a custom resource has to say it itself.
  if (!type.builtIn && (typeof kind !== 'string' || kind === ''))
    throw badRequest("Object 'Kind' is missing in the request body")
  if (!type.builtIn && (typeof apiVersion !== 'string' || apiVersion === ''))
    throw badRequest("Object 'apiVersion' is missing in the request body")
  if (type.builtIn && kind !== undefined && kind !== '' && kind !== type.kind)
    throw badRequest(`the kind in the data (${show(kind)}) does not match the expected kind (${type.kind})`)
  if ((type.builtIn || !isPatched) && apiVersion !== undefined && apiVersion !== '' && apiVersion !== type.apiVersion)
    throw badRequest(
      `the API version in the data (${show(apiVersion)}) does not match the expected API version (${type.apiVersion})`,
    )
  if (!type.builtIn) checkTypeMeta(show(apiVersion), show(kind), metadata, type)
  if (metadata !== undefined && metadata !== null && !isObject(metadata)) throw badRequest('metadata must be an object')
  return {
    ...body,
    apiVersion: type.apiVersion,
    kind: type.kind,
    metadata: (metadata as JsonObject | null | undefined) ?? {},
  }
}

/** A custom resource that says it is another is told so under the name it gives itself (customresource/validator.go). */
function checkTypeMeta(apiVersion: string, kind: string, metadata: Json | undefined, type: ResourceType): void {
  const errors: FieldError[] = []
  if (kind !== type.kind) errors.push(fieldInvalid('kind', kind, `must be ${type.kind}`))
  if (apiVersion !== type.apiVersion) errors.push(fieldInvalid('apiVersion', apiVersion, `must be ${type.apiVersion}`))
  if (errors.length === 0) return
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
  const name = isObject(metadata) ? show(metadata['name'] ?? '') : ''
  throw invalid({ group, kind, plural: type.plural }, name, errors)
}

/** What is answered when a body cannot be read as its type. */
export type Refusal = (type: ResourceType, why: string) => StatusError

export const cannotHandle: Refusal = (type, why) =>
  badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${why}`)

/** The type whose schema the stored form has: that of the request, but for the two views of an Event. */
export const storedType = (registry: Registry, type: ResourceType): ResourceType =>
  type.builtIn?.storedAs ? (registry.byKind('v1', type.kind) ?? type) : type

export interface NormaliseOptions extends Pick<WriteOptions, 'fieldValidation' | 'problems' | 'warn'> {
  /** A whole object of the client's, or what a patch or an apply has made of the stored one. */
  how: 'sent' | 'patched' | 'applied'
  refuse: Refusal
}

/**
 * Brings an object of this type into its stored form, in place where it can. The client is told of
 * unknown fields when it asked to be warned. Throws 400 for unknown fields under `Strict` and for a built-in kind's wrong types.
 */
export function normalise(object: JsonObject, type: ResourceType, options: NormaliseOptions): JsonObject {
  const metadata = object['metadata'] as JsonObject
  const metadataSchema = fieldSchema(type.schema, 'metadata')!
  const pruned = [
    ...prune(metadata, metadataSchema, { dropNulls: true }).map(path => `metadata.${path}`),
    ...prune(object, type.schema, { dropNulls: type.builtIn !== undefined }),
  ]
  // The body of a built-in kind has been read by its Go type, which knows its fields.
  const unknown = type.builtIn && options.how === 'sent' ? [] : pruned.sort()
  const texts = [...options.problems, ...unknown.map(path => `unknown field "${path}"`)]
  if (texts.length > 0) {
    if (options.fieldValidation === 'Strict') throw options.refuse(type, `strict decoding error: ${texts.join(', ')}`)
    if (options.fieldValidation === 'Warn') for (const text of texts) options.warn(text)
  }
  dropEmptyOf(metadata, 'V1ObjectMeta')
  fillZeroModel(metadata, 'V1ObjectMeta')
  if (!type.builtIn) {
    // An apply is merged as it was sent, and what comes of it is not read anew.
    if (options.how !== 'applied') dropNulls(object, type.schema)
    applyDefaults(object, type.schema)
    if (options.how !== 'sent') checkTypes(metadata, 'V1ObjectMeta', type, options.refuse)
    object['apiVersion'] = type.storage
    return object
  }
  if (options.how !== 'sent') checkTypes(object, type.builtIn.model, type, options.refuse)
  dropEmptyOf(object, type.builtIn.model)
  toGoForms(object, type.schema)
  const stored = type.builtIn.storedAs ? renameEvent(object, type.storage) : object
  const storedModel = type.builtIn.storedAs ? 'CoreV1Event' : type.builtIn.model
  fillZeroModel(stored, storedModel)
  defaultBuiltIn(stored, type)
  return stored
}

/** A wrong type in a built-in field cannot even be read by the server's Go types. */
function checkTypes(object: JsonObject, model: string, type: ResourceType, refuse: Refusal): void {
  const { error } = decodeTyped(object, model)
  if (error !== undefined) throw refuse(type, error)
}
