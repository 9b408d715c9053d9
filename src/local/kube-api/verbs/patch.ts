/** PATCH in its four forms (API concepts, "Updates to existing resources"). */
import { applyConfiguration } from '../apply/managers.ts'
import { type Context, inVersion, timestamp } from '../context.ts'
import { clone, isObject, type Json, type JsonObject, show } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { strategicMergePatch } from '../patch/strategic.ts'
import type { WriteOptions } from '../request.ts'
import { badRequest, modified, notFound, StatusError, unsupportedMediaType } from '../status.ts'
import type { StoredObject } from '../store/store.ts'
import { asObject, refuseUndeclared } from './normalise.ts'
import { create, update, type Written } from './write.ts'

const json = 'application/json-patch+json'
const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'
const apply = 'application/apply-patch+yaml'

/** The whole object as a patch that is not an apply makes it. */
export function patched(current: JsonObject, type: ResourceType, mediaType: string, body: unknown): Json {
  switch (mediaType) {
    case json:
      return jsonPatch(current, body)
    case merge:
      if (!isObject(body)) throw badRequest('json merge patch: the body must be an object')
      return mergePatch(current, body)
    case strategic:
      if (!type.builtIn) throw unsupportedMediaType([json, merge, apply])
      if (!isObject(body)) throw badRequest('strategic merge patch: the body must be an object')
      return strategicMergePatch(current, body, type.schema)
    default:
      throw unsupportedMediaType(type.builtIn ? [json, merge, strategic, apply] : [json, merge, apply])
  }
}

export interface PatchTarget {
  namespace: string | undefined
  name: string
  subresource: '' | 'status'
}

export function patch(
  context: Context,
  type: ResourceType,
  target: PatchTarget,
  mediaType: string,
  body: unknown,
  options: WriteOptions,
): Written {
  const entry = context.store.get(type.table, target.namespace ?? '', target.name)
  if (mediaType === apply) return applyPatch(context, type, target, entry, body, options)
  if (!entry) throw notFound(type, target.name)
  const current = inVersion(entry.object, type)
  // Patches work on a copy: what they leave alone is shared with the stored object, which is frozen.
  const next = clone(patched(current, type, mediaType, body))
  return update(context, type, entry, next, { ...options, subresource: target.subresource, applied: false })
}

function applyPatch(
  context: Context,
  type: ResourceType,
  target: PatchTarget,
  entry: StoredObject | undefined,
  body: unknown,
  options: WriteOptions,
): Written {
  if (!isObject(body) || typeof body['kind'] !== 'string' || typeof body['apiVersion'] !== 'string')
    throw badRequest('server-side apply needs an object with apiVersion and kind')
  const config = clone(asObject(body, type))
  const metadata = config['metadata'] as JsonObject
  if (Array.isArray(metadata['managedFields']) && metadata['managedFields'].length > 0)
    throw badRequest('metadata.managedFields must be nil')
  delete metadata['managedFields']
  if (metadata['name'] !== undefined && metadata['name'] !== target.name)
    throw badRequest(
      `the name of the object (${show(metadata['name'])}) does not match the name on the URL (${target.name})`,
    )
  metadata['name'] = target.name
  const { resourceVersion, uid } = metadata
  for (const field of ['creationTimestamp', 'generation', 'selfLink', 'resourceVersion', 'uid']) delete metadata[field]
  refuseUndeclared(config, type)
  if (type.namespaced) metadata['namespace'] ??= target.namespace!
  const actor = { manager: options.fieldManager, subresource: target.subresource, time: timestamp(context.now()) }
  if (!entry) {
    if (target.subresource) throw notFound(type, target.name)
    if (resourceVersion) throw modified(type, target.name)
    if (uid)
      throw new StatusError(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${type.plural} "${target.name}": uid mismatch: the provided object specified uid ${show(uid)}, and no existing object was found`,
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
  return update(context, type, entry, next, { ...options, subresource: target.subresource, applied: true })
}
