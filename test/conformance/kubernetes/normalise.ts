/** What differs from run to run by its nature, by names that stay: the third uid of a row is `<uid 3>` everywhere. */
import type { Json, JsonObject } from './row.ts'

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
/** Times of this decade's runs; the tables themselves write about 2001. */
const time = /20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g

/** Managers stand in the order of their times in whole seconds: whether two share one is luck. */
function byManager(a: Json, b: Json): number {
  const keyOf = (entry: Json) => {
    const { operation, manager, subresource, apiVersion } = entry as JsonObject
    return [operation, manager, subresource ?? '', apiVersion].join(' ')
  }
  return keyOf(a) < keyOf(b) ? -1 : 1
}

/** One for each row, because it remembers what it has seen. */
export class Normaliser {
  readonly #words: readonly (readonly [text: string, name: string])[]
  readonly #seen = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  /** `words`: texts of this run (the namespace of the row) and what stands for them. */
  constructor(words: Readonly<Record<string, string>>) {
    this.#words = Object.entries(words)
  }

  #name(what: string, value: string): string {
    const key = `${what} ${value}`
    let name = this.#seen.get(key)
    if (!name) {
      const count = (this.#counts.get(what) ?? 0) + 1
      this.#counts.set(what, count)
      name = `<${what} ${count}>`
      this.#seen.set(key, name)
    }
    return name
  }

  text(text: string): string {
    let result = text
    for (const [word, name] of this.#words) result = result.replaceAll(word, name)
    return (
      result
        .replace(uid, found => this.#name('uid', found))
        .replace(time, (_, fraction?: string) => (fraction ? '<micro time>' : '<time>'))
        // An object that an error's message quotes.
        .replace(/(\\?"resourceVersion\\?":\\?")\d+/g, '$1<version>')
        .replace(/(does not match the ResourceVersion in record \()\d+/g, '$1<version>')
        .replace(/(too old resource version: )\d+ \(\d+\)/, '$1<version> (<version>)')
        .replace(/(Too large resource version: \d+, current: )\d+/, '$1<version>')
    )
  }

  value(value: Json, path: readonly string[] = []): Json {
    if (typeof value === 'string') return this.#string(value, path)
    if (Array.isArray(value)) {
      // The age of an object in a table.
      if (path.at(-1) === 'cells')
        return value.map(cell =>
          typeof cell === 'string' && /^\d+[sm]$/.test(cell) ? '<age>' : this.value(cell, path),
        )
      const items = path.at(-1) === 'managedFields' ? value.toSorted(byManager) : value
      return items.map(item => this.value(item, [...path, '[]']))
    }
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        this.text(key),
        this.#generated(value as JsonObject, key) ?? this.value(item, [...path, key]),
      ]),
    )
  }

  #string(value: string, path: readonly string[]): string {
    const key = path.at(-1)
    if (key === 'resourceVersion' && path.at(-2) === 'metadata') {
      if (value === '' || value === '0') return value
      // That of a list or bookmark is the server's newest, whatever else is written meanwhile.
      return path.length === 2 && path[0] === 'list metadata' ? '<version>' : this.#name('version', value)
    }
    if (key === 'continue') return '<continue>'
    return this.text(value)
  }

  /** A name made from generateName. */
  #generated(object: JsonObject, key: string): string | undefined {
    const prefix = object['generateName']
    const name = object['name']
    if (key !== 'name' || typeof prefix !== 'string' || typeof name !== 'string') return undefined
    return name.startsWith(prefix) && name.length === prefix.length + 5 ? `${this.text(prefix)}<suffix>` : undefined
  }

  /** A whole answer. */
  body(body: Json): Json {
    const normal = this.#body(body)
    return typeof normal === 'object' && normal !== null && !Array.isArray(normal) ? ordered(normal) : normal
  }

  #body(body: Json): Json {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return this.value(body)
    const { metadata, ...rest } = body
    const isList = 'items' in body || 'rows' in body || (body['kind'] === 'Status' && typeof metadata === 'object')
    const shown = this.value(rest)
    if (metadata === undefined) return shown
    if (!isList) return { metadata: this.value(metadata, ['metadata']), ...(shown as JsonObject) }
    const own = { ...(metadata as JsonObject) }
    if (own['resourceVersion']) own['resourceVersion'] = '<version>'
    return { metadata: this.value(own, ['list metadata']), ...(shown as JsonObject) }
  }
}

/** The causes of a refusal by name: kube-apiserver finds them walking maps, in an order that changes from run to run. */
function ordered(status: JsonObject): JsonObject {
  const details = status['details'] as JsonObject | undefined
  const message = status['message']
  const causes = details?.['causes'] as JsonObject[] | undefined
  if (!causes || typeof message !== 'string') return status
  const conflicts = message.startsWith('Apply failed with ')
  if (!conflicts && !message.endsWith(']')) return status
  const lineOf = (cause: JsonObject) => `${String(cause['field'])}: ${String(cause['message'])}`
  const sorted = causes.toSorted((a, b) => (lineOf(a) < lineOf(b) ? -1 : 1))
  const start = message.indexOf(' is invalid: [') + ' is invalid: '.length
  // A message that is not made of its causes stays as it is.
  if (
    conflicts ||
    new Set(causes.map(lineOf)).size !== causes.length ||
    message.slice(start) !== `[${causes.map(lineOf).join(', ')}]`
  )
    return { ...status, details: { ...details, causes: sorted } }
  return {
    ...status,
    message: `${message.slice(0, start)}[${sorted.map(lineOf).join(', ')}]`,
    details: { ...details, causes: sorted },
  }
}
