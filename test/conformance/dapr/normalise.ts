/** What differs from run to run by its nature, by names that stay. */
import type { Json } from './row.ts'

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
/** Times of this decade's runs; the tables themselves write about 2001. */
const time = /20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)(?: [A-Z]{3})?/g
const trace = /00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/g
const address = /(127\.0\.0\.1|\[::1\]|localhost):\d+/g
/** A whole number of milliseconds since 1970, as a Kafka header has it. */
const instant = /\b1[6-9]\d{11}\b/g

/** One for each row: the third id it sees is `<id 3>` everywhere. */
export class Normaliser {
  readonly #id: string
  readonly #seen = new Map<string, string>()

  /** `id`: the row's. */
  constructor(id: string) {
    this.#id = id
  }

  #name(value: string): string {
    const name = this.#seen.get(value) ?? `<id ${this.#seen.size + 1}>`
    this.#seen.set(value, name)
    return name
  }

  text(text: string): string {
    return text
      .replaceAll(this.#id, '{id}')
      .replace(trace, '<trace>')
      .replace(uuid, found => this.#name(found))
      .replace(time, '<time>')
      .replace(address, '$1:<port>')
      .replace(instant, '<instant>')
  }

  value(value: Json): Json {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map(each => this.value(each))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [this.text(key), this.value(each)]))
  }
}
