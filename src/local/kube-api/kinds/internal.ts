/**
 * Values as the internal types of kube-apiserver have them: some messages of its validation show one whole, or what has
 * changed of one (`generated/internal-types.json`, from kubernetes/pkg/apis).
 */
import data from '../generated/internal-types.json' with { type: 'json' }
import { isObject, type Json, type JsonObject } from '../json.ts'
import { unifiedDiff } from './unified-diff.ts'

const types = data as Readonly<Record<string, readonly string[]>>
export type InternalType = keyof typeof data

const ZERO: Readonly<Record<string, Json>> = {
  string: '',
  bool: false,
  Quantity: '0',
  Time: null,
  LabelSelector: {},
}

/** One value: `form` says through which pointers (`*`), lists (`[]`) and maps (`{}`) it goes. */
function shaped(value: Json | undefined, form: string, kind: string): Json {
  const absent = value === undefined || value === null
  if (form.startsWith('*')) return absent ? null : shaped(value, form.slice(1), kind)
  if (form.startsWith('[]')) return Array.isArray(value) ? value.map(item => shaped(item, form.slice(2), kind)) : null
  if (form.startsWith('{}'))
    return isObject(value)
      ? Object.fromEntries(
          Object.keys(value)
            .toSorted()
            .map(key => [key, shaped(value[key], form.slice(2), kind)]),
        )
      : null
  if (types[kind]) return internal(isObject(value) ? value : {}, kind)
  return absent ? (ZERO[kind] ?? 0) : value
}

/** What stands elsewhere in the external type: these of a pod are parts of its security context. */
const IN_SECURITY_CONTEXT = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers']

function moved(value: JsonObject, type: string): JsonObject {
  if (type !== 'PodSpec') return value
  const context = isObject(value['securityContext']) ? { ...value['securityContext'] } : {}
  for (const key of IN_SECURITY_CONTEXT) if (value[key] !== undefined) context[key] = value[key]
  return { ...value, securityContext: context }
}

function internal(external: JsonObject, type: string): JsonObject {
  const value = moved(external, type)
  const byName = new Map(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]))
  const result: JsonObject = {}
  for (const line of types[type]!) {
    const [, name = '', form = '', kind = ''] = /^(\S+) ((?:\*|\[\]|\{\})*)(.*)$/.exec(line)!
    // The fields of an embedded struct are the owner's.
    if (name === '+') Object.assign(result, internal(value, kind))
    else result[name] = shaped(byName.get(name.toLowerCase()), form, kind)
  }
  return result
}

/** The value with the fields of an internal type: all of them, in the type's order. */
export const internalValue = (value: Json | undefined, type: InternalType): JsonObject =>
  internal(isObject(value) ? value : {}, type)

/** How two values differ, as apimachinery/pkg/util/diff tells it. */
export const internalDiff = (before: Json | undefined, after: Json | undefined, type: InternalType): string =>
  unifiedDiff(
    ...([before, after].map(value => JSON.stringify(internalValue(value, type), null, 1)) as [string, string]),
  )
