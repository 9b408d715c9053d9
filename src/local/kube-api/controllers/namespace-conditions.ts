/** What a terminating namespace says it waits for (kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go). */
import { timestamp } from '../context.ts'
import type { Json, JsonObject } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import type { StoredObject } from '../store/store.ts'

export interface Remaining {
  type: ResourceType
  entries: readonly StoredObject[]
}

const nameOf = (type: ResourceType) => (type.group ? `${type.plural}.${type.group}` : `${type.plural}.`)

export function remainingConditions(
  remaining: readonly Remaining[],
  now: Date,
  status: JsonObject | undefined,
): Json[] {
  const content = remaining
    .map(({ type, entries }) => `${nameOf(type)} has ${entries.length} resource instances`)
    .sort()
  const counts = new Map<string, number>()
  for (const { entries } of remaining)
    for (const entry of entries)
      for (const finalizer of ((entry.object['metadata'] as JsonObject)['finalizers'] ?? []) as string[])
        counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1)
  const finalizers = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort()
  const before = (status?.['conditions'] ?? []) as JsonObject[]
  const condition = (type: string, value: boolean, reason: string, message: string): JsonObject => {
    const next = { type, status: value ? 'True' : 'False', reason, message }
    const old = before.find(each => each['type'] === type)
    return {
      ...next,
      lastTransitionTime: old?.['status'] === next.status ? old['lastTransitionTime']! : timestamp(now),
    }
  }
  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      false,
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      false,
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    condition(
      'NamespaceContentRemaining',
      true,
      'SomeResourcesRemain',
      `Some resources are remaining: ${content.join(', ')}`,
    ),
    finalizers.length > 0
      ? condition(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
        )
      : condition(
          'NamespaceFinalizersRemaining',
          false,
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ),
  ]
}
