import type { KubeObject } from '../../controller/kube/objects.ts'
import { CHILD_KINDS, KINDS } from '../../controller/platform/platform.ts'
import type { SimServer } from './server.ts'

/** What every object carries and no two runs share. */
const VOLATILE_METADATA = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'managedFields',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
])
const VOLATILE_FIELDS = new Set(['lastTransitionTime'])
/** Digests over uids and generated material: equal only in runs that begin with the same platform. */
const DIGESTS = new Set(['todo.events/desired-hash', 'todo.events/secrets-hash'])
const GENERATED = /-(dapr-token|dev-issuer|audit-key)$/

/** Sorted by key; generations are told as current or not, for their numbers depend on how many changes met in one. */
const tidy = (value: unknown, generation: number | undefined, digests: boolean): unknown => {
  if (Array.isArray(value)) return value.map(item => tidy(item, generation, digests))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !VOLATILE_FIELDS.has(key) && (digests || !DIGESTS.has(key)))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [
        key,
        key === 'observedGeneration' ? item === generation : tidy(item, generation, digests),
      ]),
  )
}

/** One object without what differs between two equal runs. */
export function normalise(object: KubeObject, digests: boolean): unknown {
  const { metadata, ...rest } = object
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !VOLATILE_METADATA.has(key)))
  const ownerReferences = metadata.ownerReferences?.map(({ uid: _uid, ...reference }) => reference)
  const data =
    object.kind === 'Secret' && GENERATED.test(metadata.name) ? { data: Object.keys(rest['data'] ?? {}) } : {}
  const ours = metadata.managedFields
    ?.filter(({ manager }) => manager?.startsWith('todo-event-platform'))
    .map(({ manager, operation, subresource, fieldsV1 }) => ({ manager, operation, subresource, fieldsV1 }))
    .sort((a, b) => ((a.manager ?? '') < (b.manager ?? '') ? -1 : 1))
  const clean = { ...kept, ...(ownerReferences && { ownerReferences }), ...(ours?.length && { ours }) }
  return tidy({ ...rest, ...data, metadata: clean }, metadata.generation, digests)
}

/** Owners are named by uid even in the paths of managed fields. */
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g

export const addressOf = ({ kind, metadata }: KubeObject): string =>
  `${kind}/${metadata.namespace ?? ''}/${metadata.name}`

/** Stored objects are frozen, and most stay what they were through many runs. */
const TEXTS = { true: new WeakMap<object, string>(), false: new WeakMap<object, string>() }

function textOf(object: KubeObject, digests: boolean): string {
  const texts = TEXTS[`${digests}`]
  let text = texts.get(object)
  if (text === undefined) {
    text = JSON.stringify(normalise(object, digests)).replace(UID, '<uid>')
    texts.set(object, text)
  }
  return text
}

const OWNED = [KINDS.platform, ...CHILD_KINDS]

/** Every platform and every object of a kind that platforms own, by address: what two runs must agree on. */
export function dump(server: SimServer, digests: boolean): Map<string, string> {
  const objects = OWNED.flatMap(kind => server.list(kind)).map(entry => entry.object as unknown as KubeObject)
  return new Map(objects.map(object => [addressOf(object), textOf(object, digests)]))
}

/** The first few differences between the fault-free end and this one, as text. */
export function differences(expected: Map<string, string>, actual: Map<string, string>): string[] {
  const found: string[] = []
  for (const [address, text] of expected) {
    const other = actual.get(address)
    if (other === undefined) found.push(`missing: ${address}`)
    else if (other !== text)
      found.push(`differs: ${address} ${firstDifference(JSON.parse(text), JSON.parse(other), '')}`)
  }
  for (const address of actual.keys()) if (!expected.has(address)) found.push(`left over: ${address}`)
  return found
}

function firstDifference(expected: unknown, actual: unknown, path: string): string {
  if (JSON.stringify(expected) === JSON.stringify(actual)) return ''
  if (typeof expected === 'object' && expected !== null && typeof actual === 'object' && actual !== null) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)])
    for (const key of keys) {
      const found = firstDifference(
        (expected as Record<string, unknown>)[key],
        (actual as Record<string, unknown>)[key],
        `${path}.${key}`,
      )
      if (found) return found
    }
  }
  const brief = (value: unknown): string => String(JSON.stringify(value)).slice(0, 160)
  return `${path}: expected ${brief(expected)}, is ${brief(actual)}`
}
