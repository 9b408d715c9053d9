/**
 * What `kubectl apply` did on the client's side, taken over by `kubectl apply --server-side`: the fields it applied are no
 * conflict, and its annotation is kept up to date for who goes back. Rules of apiserver's
 * managedfields/internal/lastappliedmanager.go and lastappliedupdater.go.
 */
import { canonical, isObject, type Json, type JsonObject } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { difference, emptySet, type FieldSet } from './field-set.ts'
import { compare, fieldSetOf } from './typed.ts'

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'
/** Under any other name people stay out of it. */
const MANAGER = 'kubectl'

function lastApplied(object: JsonObject | undefined): string | undefined {
  const { annotations } = (object?.['metadata'] ?? {}) as JsonObject
  const value = isObject(annotations) ? annotations[ANNOTATION] : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Anybody can write an annotation: what is no object was applied by nobody. */
function parsed(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The fields that the client applied and that are still as it applied them: `manager` may change these, whoever owns them. */
export function appliedByClient(live: JsonObject | undefined, type: ResourceType, manager: string): FieldSet {
  const text = manager === MANAGER ? lastApplied(live) : undefined
  if (!text) return emptySet()
  const applied = parsed(text)
  if (applied?.['apiVersion'] !== type.apiVersion) return emptySet()
  const { added, modified, removed } = compare(applied, live, type.schema)
  return [modified, added, removed].reduce(difference, fieldSetOf(applied, type.schema))
}

/** Writes the annotation anew after an apply of `config`, where there is one. */
export function keepLastApplied(object: JsonObject, config: JsonObject, manager: string): void {
  if (manager !== MANAGER || !lastApplied(object)) return
  const { annotations, ...metadata } = (config['metadata'] ?? {}) as JsonObject
  const others = isObject(annotations)
    ? { annotations: Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== ANNOTATION)) }
    : {}
  const applied = `${canonical({ ...config, metadata: { ...metadata, ...others } })}\n`
  const live = object['metadata'] as JsonObject
  live['annotations'] = { ...(live['annotations'] as JsonObject), [ANNOTATION]: applied }
}
