/** JSON merge patch (RFC 7396). */
import { clone, isObject, type Json, type JsonObject } from '../json.ts'

/** The patched value; `null` in the patch removes a key, anything but an object replaces. The target is not changed. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return clone(patch)
  const result: JsonObject = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}
