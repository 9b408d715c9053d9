import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { deepFreeze } from '../kube/cache.ts'

/** A few kilobytes go in and fewer come out: buffers for more cost more than the work. */
const SMALL = { level: 1, windowBits: 13, chunkSize: 4_096 }
/** A platform is read again at each change of a child, and a change seldom comes alone. */
const MOST_RECENT = 16
const RECENT = new Map<string, Packed<object>>()

/**
 * Plain JSON that is seldom read, frozen: of the most recently read ids as it is, of the others compressed. A newer version
 * of an id takes the place of the older, which is left as it is for whoever still holds it.
 */
export class Packed<T extends object> {
  readonly #id: string
  #value: T | undefined
  /** Latin-1: a string of bytes, which V8 moves as it moves others. */
  #bytes: string | undefined

  constructor(id: string, value: T) {
    this.#id = id
    this.#value = deepFreeze(value)
    this.#keep()
  }

  get value(): T {
    const value = this.#value ?? this.#unpacked()
    const recent = RECENT.get(this.#id) ?? this
    if (recent === this) {
      this.#value = value
      this.#keep()
    }
    return value
  }

  #unpacked(): T {
    const json = inflateRawSync(Buffer.from(this.#bytes!, 'latin1'), { chunkSize: SMALL.chunkSize }).toString()
    return deepFreeze(JSON.parse(json) as T)
  }

  #keep(): void {
    RECENT.delete(this.#id)
    RECENT.set(this.#id, this)
    if (RECENT.size <= MOST_RECENT) return
    const [oldest] = RECENT.values()
    RECENT.delete(oldest!.#id)
    oldest!.#pack()
  }

  #pack(): void {
    this.#bytes ??= deflateRawSync(JSON.stringify(this.#value), SMALL).toString('latin1')
    this.#value = undefined
  }
}
