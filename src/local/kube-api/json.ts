/** Plain JSON values and the few operations every part needs on them. */
export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object at `key`, or an empty one: for reading only. */
export function child(value: Json | undefined, key: string): JsonObject {
  const found = isObject(value) ? value[key] : undefined
  return isObject(found) ? found : {}
}

/** The value at a dotted path such as `.spec.replicas` (the form of a CRD's scale paths). */
export function at(value: Json | undefined, path: string): Json | undefined {
  let current: Json | undefined = value
  for (const key of path.split('.')) {
    if (key === '') continue
    current = isObject(current) ? current[key] : undefined
  }
  return current
}

/** Sets the value at a dotted path in place, making the objects on the way; `undefined` removes the key. */
export function setAt(target: JsonObject, path: string, value: Json | undefined): void {
  const keys = path.split('.').filter(key => key !== '')
  const last = keys.pop()!
  let current = target
  for (const key of keys) {
    if (!isObject(current[key])) {
      if (value === undefined) return
      current[key] = {}
    }
    current = current[key] as JsonObject
  }
  if (value === undefined) delete current[last]
  else current[last] = value
}

/** A deep copy; a key whose value is `undefined` is left out, as in JSON. */
export function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(clone) as T
  // A spread takes over the shape, and `__proto__` as data: a manifest must not be able to reach a prototype.
  const copy = { ...value } as Record<string, unknown>
  for (const key of Object.keys(copy)) {
    const entry = copy[key]
    if (entry === undefined) delete copy[key]
    else if (typeof entry === 'object' && entry !== null) setOwn(copy, key, clone(entry))
  }
  return copy as T
}

function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
  else target[key] = value
}

/** Deeply freezes a value that is about to be shared: a stored object changes by a write and in no other way. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const entry of Object.values(value)) freeze(entry)
  return Object.freeze(value)
}

/** Deep equality in which the order of keys does not count and an absent key equals `undefined`. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && equal(a[key], b[key]))
}

/** JSON with sorted keys: one text for equal values. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const fields = Object.keys(value)
    .sort()
    .map(key => `${JSON.stringify(key)}:${canonical(value[key]!)}`)
  return `{${fields.join(',')}}`
}

/** Any value as text for a message: `String` would call a `toString` that a client put into its object. */
export function show(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
