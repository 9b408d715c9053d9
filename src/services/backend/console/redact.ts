/** Fields whose text says something about a person's life or how to reach them; ids, times and counts stay readable. */
const PERSONAL = new Set([
  'title',
  'description',
  'tags',
  'email',
  'body',
  'message',
  'task_title',
  'notes',
  'from',
  'to',
])
const HIDDEN = '•••'

/**
 * An event's data as operators see it: shapes and ids, not what people wrote. Applies to every event, whatever its
 * `dataclassification` says: a seed's event says nothing.
 */
export function redact(value: unknown, name = ''): unknown {
  if (PERSONAL.has(name) && value !== null && value !== undefined) {
    return Array.isArray(value) ? value.map(() => HIDDEN) : typeof value === 'object' ? redactAll(value) : HIDDEN
  }
  if (Array.isArray(value)) return value.map(each => redact(each))
  if (value && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redact(each, key)]))
  return value
}

const redactAll = (value: object): unknown =>
  Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, each && typeof each === 'object' ? redactAll(each) : HIDDEN]),
  )
