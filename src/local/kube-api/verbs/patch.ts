/** PATCH in its four forms (API concepts, "Updates to existing resources"; apiserver/pkg/endpoints/handlers/patch.go). */
import { applyConfiguration } from '../apply/managers.ts'
import { typeProblem } from '../apply/typed-check.ts'
import { type Context, inVersion, timestamp } from '../context.ts'
import { fieldInvalid } from '../field-errors.ts'
import { goText } from '../go-text.ts'
import { canonical, clone, isObject, type Json, type JsonObject, show } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { decodeMap, decodeOperations } from '../patch/decode.ts'
import { decodeApply } from '../patch/decode-apply.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { strategicMergePatch } from '../patch/strategic.ts'
import type { WriteOptions } from '../request.ts'
import { badRequest, conflict, invalid, notFound, StatusError, unsupportedMediaType } from '../status.ts'
import type { StoredObject } from '../store/store.ts'
import { asObject, type NormaliseOptions, normalise, type Refusal } from './normalise.ts'
import { create, update, type Written } from './write.ts'

const json = 'application/json-patch+json'
const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'
const apply = 'application/apply-patch+yaml'

/** Refuses a form that there is not, or not for this kind: 415. */
function requireForm(mediaType: string, type: ResourceType): void {
  if (mediaType === json || mediaType === merge || mediaType === apply) return
  if (mediaType === strategic && type.builtIn) return
  // The routes of the built-in kinds know their media types; custom resources are asked when it comes to it.
  if (type.builtIn) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  throw unsupportedMediaType([json, merge, apply])
}

/** The whole object as a patch that is not an apply makes it. Throws 400 for a patch that cannot be read, 415. */
export function patched(current: JsonObject, type: ResourceType, mediaType: string, body: unknown): Json {
  requireForm(mediaType, type)
  if (mediaType === json) return jsonPatch(current, decodeOperations(body))
  if (mediaType === merge) return mergePatch(current, decodeMap(body, 'error decoding patch: '))
  return strategicMergePatch(current, decodeMap(body, ''), type.schema)
}

export interface PatchTarget {
  namespace: string | undefined
  name: string
  subresource: '' | 'status'
}

/** @param body as it came: text, or data from within this process */
export function patch(
  context: Context,
  type: ResourceType,
  target: PatchTarget,
  mediaType: string,
  body: unknown,
  options: WriteOptions,
): Written {
  requireForm(mediaType, type)
  const entry = context.store.get(type.table, target.namespace ?? '', target.name)
  if (mediaType === apply) return applyPatch(context, type, target, entry, body, options)
  if (!entry) throw notFound(type, target.name)
  const current = inVersion(entry.object, type)
  // Patches work on a copy: what they leave alone is shared with the stored object, which is frozen.
  const next = clone(patched(current, type, mediaType, body))
  const shown = () => (mediaType === strategic ? goText(decodeMap(body, '')) : encoded(next, type))
  const refuse: Refusal = (_, why) =>
    invalid({ group: '', kind: '', plural: '' }, '', [fieldInvalid('patch', shown(), why)])
  if (type.builtIn) requireKind(context, next, type, { ...options, how: 'patched', refuse })
  return update(context, type, entry, next, { ...options, subresource: target.subresource, how: 'patched', refuse })
}

/** What a patch has made, as text: with the keys of a custom resource sorted, of a built-in object those of the patched part. */
function encoded(object: Json, type: ResourceType): string {
  if (!type.builtIn || !isObject(object)) return canonical(object)
  const fields = Object.keys(object).sort()
  return `{${fields.map(key => `${JSON.stringify(key)}:${JSON.stringify(object[key])}`).join(',')}}`
}

/** What has become another kind is read as that kind, and then it is one that cannot be stored here. */
function requireKind(context: Context, object: Json, type: ResourceType, options: NormaliseOptions): void {
  const { apiVersion, kind } = isObject(object) ? object : {}
  if (!isObject(object) || (kind === type.kind && apiVersion === type.apiVersion)) return
  const [version, name] = [show(apiVersion ?? ''), show(kind ?? '')]
  const other = context.registry.byKind(version, name)
  if (!other?.builtIn)
    throw options.refuse(type, `no kind ${JSON.stringify(name)} is registered for version ${JSON.stringify(version)}`)
  normalise(asObject(clone(object), other), other, options)
  throw options.refuse(
    type,
    `converting (${other.version}.${other.kind}) to (${type.version}.${type.kind}): unknown conversion`,
  )
}

/** The configuration as it was sent, once it is known to be of this type. */
function configuration(type: ResourceType, body: unknown, { fieldValidation, warn }: WriteOptions): JsonObject {
  const config = clone(decodeApply(body, fieldValidation, warn))
  const [apiVersion, kind] = [show(config['apiVersion'] ?? ''), show(config['kind'] ?? '')]
  if (apiVersion !== type.apiVersion || kind !== type.kind)
    throw badRequest(`invalid object type: ${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`)
  const metadata = isObject(config['metadata']) ? config['metadata'] : {}
  if (Array.isArray(metadata['managedFields']) && metadata['managedFields'].length > 0)
    throw badRequest('metadata.managedFields must be nil')
  const problem = typeProblem(config, type.schema)
  if (problem === undefined) return { ...config, metadata }
  const name = `${show(metadata['namespace'] ?? '')}/${show(metadata['name'] ?? '')}`
  throw new StatusError(
    500,
    '',
    `failed to create typed patch object (${name}; ${type.apiVersion}, Kind=${type.kind}): ${problem}`,
  )
}

function applyPatch(
  context: Context,
  type: ResourceType,
  target: PatchTarget,
  entry: StoredObject | undefined,
  body: unknown,
  options: WriteOptions,
): Written {
  const config = configuration(type, body, options)
  const metadata = config['metadata'] as JsonObject
  if (metadata['name'] !== undefined && metadata['name'] !== target.name)
    throw badRequest(
      `the name of the object (${show(metadata['name'])}) does not match the name on the URL (${target.name})`,
    )
  metadata['name'] = target.name
  const { resourceVersion, uid } = metadata
  for (const field of ['managedFields', 'creationTimestamp', 'generation', 'selfLink', 'resourceVersion', 'uid'])
    delete metadata[field]
  if (type.namespaced) metadata['namespace'] ??= target.namespace!
  const actor = { manager: options.fieldManager, subresource: target.subresource, time: timestamp(context.now()) }
  if (!entry) {
    if (target.subresource) throw notFound(type, target.name)
    if (uid)
      throw conflict(
        type,
        target.name,
        `uid mismatch: the provided object specified uid ${show(uid)}, and no existing object was found`,
      )
    if (type.status) delete config['status']
    return create(
      context,
      type,
      target.namespace,
      applyConfiguration(undefined, config, type, actor, options.force),
      options,
      true,
    )
  }
  // What this sub-resource cannot write is not part of the configuration either.
  const relevant: JsonObject = target.subresource
    ? {
        apiVersion: config['apiVersion']!,
        kind: config['kind']!,
        metadata: { name: target.name },
        ...(config['status'] === undefined ? {} : { status: config['status'] }),
      }
    : config
  if (!target.subresource && type.status) delete relevant['status']
  const next = applyConfiguration(inVersion(entry.object, type), relevant, type, actor, options.force)
  const nextMetadata = next['metadata'] as JsonObject
  if (resourceVersion) nextMetadata['resourceVersion'] = resourceVersion
  if (uid) nextMetadata['uid'] = uid
  return update(context, type, entry, next, { ...options, subresource: target.subresource, how: 'applied' })
}
