/** The scale sub-resource: one shape for everything that has replicas (autoscaling/v1 Scale). */

import type { Context } from '../context.ts'
import { inVersion } from '../context.ts'
import { fieldInvalid } from '../field-errors.ts'
import { at, clone, isObject, type Json, type JsonObject, setAt } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import type { WriteOptions } from '../request.ts'
import { badRequest, type FieldError, internalError, invalid } from '../status.ts'
import type { StoredObject } from '../store/store.ts'
import { patched } from './patch.ts'
import { update, type Written } from './write.ts'

const scaleKind = { group: 'autoscaling', plural: 'scales', kind: 'Scale' }

/** The label query of an object, as text. */
function selectorText(selector: Json | undefined): string {
  if (typeof selector === 'string') return selector
  const labels = isObject(selector) && isObject(selector['matchLabels']) ? selector['matchLabels'] : {}
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(',')
}

/** GET of the scale. Throws 500 for a custom resource whose replicas were never set. */
export function readScale(entry: StoredObject, type: ResourceType): JsonObject {
  const { spec } = type.scale!
  const replicas = at(entry.object, spec)
  if (!type.builtIn && (replicas === undefined || replicas === null))
    throw internalError(`the spec replicas field ${JSON.stringify(spec)} does not exist`)
  return scaleOf(entry, type)
}

function scaleOf(entry: StoredObject, type: ResourceType): JsonObject {
  const object = inVersion(entry.object, type)
  const metadata = object['metadata'] as JsonObject
  const paths = type.scale!
  const kept = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp']
  const selector = paths.selector === undefined ? '' : selectorText(at(object, paths.selector))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: Object.fromEntries(kept.filter(key => metadata[key] !== undefined).map(key => [key, metadata[key]!])),
    spec: { replicas: at(object, paths.spec) ?? 0 },
    status: { replicas: at(object, paths.status) ?? 0, ...(selector ? { selector } : {}) },
  }
}

/** PUT or PATCH of the scale: writes the replicas through to the object. `mediaType` is undefined for PUT. */
export function writeScale(
  context: Context,
  type: ResourceType,
  entry: StoredObject,
  mediaType: string | undefined,
  body: unknown,
  options: WriteOptions,
): Written {
  const scale = mediaType === undefined ? body : patched(scaleOf(entry, type), { ...type, schema: {} }, mediaType, body)
  if (!isObject(scale) || (scale['kind'] !== undefined && scale['kind'] !== 'Scale'))
    throw badRequest('the body of the request must be an autoscaling/v1 Scale')
  const replicas = at(scale as JsonObject, 'spec.replicas') ?? 0
  // That of a custom resource is validated as part of it.
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || (type.builtIn && replicas < 0)) {
    const error: FieldError = fieldInvalid('spec.replicas', replicas, 'must be greater than or equal to 0')
    throw invalid(scaleKind, entry.name, [error])
  }
  const next = clone(inVersion(entry.object, type)) as JsonObject
  setAt(next, type.scale!.spec, replicas)
  const wanted = at(scale, 'metadata.resourceVersion')
  if (wanted !== undefined) setAt(next, 'metadata.resourceVersion', wanted)
  const written = update(context, type, entry, next, { ...options, subresource: 'scale', how: 'patched' })
  const stored = context.store.get(entry.table, entry.namespace, entry.name) ?? entry
  const shown = options.dryRun ? { ...stored, object: written.object } : stored
  return { ...written, object: scaleOf(shown, type) }
}
