import type { Desired } from '../desired.ts'
import type { Context } from './context.ts'
import { render } from './index.ts'

/** Few, for one rendering is a hundred times what the cache keeps of a child. */
const MOST = 8

/** Newest last. */
const KEPT = new Map<string, readonly Desired[]>()

/**
 * As `render`, which is pure: a platform that comes up, or is drawn back and forth, is reconciled many times in a row with
 * the same inputs, and rendering and hashing its children is most of what a reconcile costs that has nothing to write.
 * The result is shared, and frozen.
 */
export function renderOnce(context: Context): readonly Desired[] {
  const { platform, effective, facts, settings } = context
  const { apiVersion, kind, metadata, spec } = platform
  const { namespace, name, uid } = metadata
  // All that render reads: the status and the version of the platform are not among it.
  const key = JSON.stringify([apiVersion, kind, namespace, name, uid, spec, effective, facts, settings])
  const known = KEPT.get(key)
  const desired = known ?? frozen(render(context))
  KEPT.delete(key)
  KEPT.set(key, desired)
  if (KEPT.size > MOST) KEPT.delete(KEPT.keys().next().value!)
  return desired
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const item of Object.values(value)) frozen(item)
  return Object.freeze(value)
}
