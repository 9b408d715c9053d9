/** Metadata as Go writes it: its fields in the order of the struct (apimachinery/pkg/apis/meta/v1/types.go, ObjectMeta). */
import type { JsonObject } from '../json.ts'

const ORDER = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]

/** The same fields in order, under another resourceVersion. */
export function versionedMetadata(metadata: JsonObject, resourceVersion: string): JsonObject {
  const ordered: JsonObject = {}
  for (const key of ORDER)
    if (key === 'resourceVersion') ordered[key] = resourceVersion
    else if (metadata[key] !== undefined) ordered[key] = metadata[key]
  return Object.assign(ordered, { ...metadata, resourceVersion })
}
