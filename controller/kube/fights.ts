import type { Clock } from './clock.ts'

/** A field that somebody else keeps setting to something else. */
export interface FieldFight {
  path: string
  /** Who, where the server told. */
  manager?: string
  /** Milliseconds since 1970 of our first write in the fight. */
  since: number
}

interface Field extends FieldFight {
  /** What we wrote, as JSON: another value is another intent, not a fight. */
  value: string
  /** Monotonic milliseconds of our latest writes of this value. */
  writes: number[]
  open: boolean
}

/** Writes of one value within WINDOW_MS after which a field counts as fought over; with the probe that makes five a minute. */
const WRITES = 4
const WINDOW_MS = 60_000
/** While fought over, the field is tried again this often; when that holds as long, the fight is over. */
const PROBE_MS = 30_000

/**
 * A circuit breaker for each field of each object, so that two controllers that want different things do not write for
 * ever: the same value of the same field is written at most five times a minute. Other fields, and other objects, are not
 * held back. Objects are told apart by uid: one that is made anew begins in peace.
 */
export class Fights {
  readonly #clock: Clock
  readonly #fields = new Map<string, Map<string, Field>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds until this value of the field may be written; 0: now. */
  waitMs(uid: string, path: string, value: unknown): number {
    const field = this.#fields.get(uid)?.get(path)
    if (!field?.open || field.value !== text(value)) return 0
    return Math.max(0, field.writes.at(-1)! + PROBE_MS - this.#clock.monotonic())
  }

  /** We wrote this value of the field; `manager` had it before, as far as is known. */
  wrote(uid: string, path: string, value: unknown, manager?: string): void {
    const now = this.#clock.monotonic()
    let fields = this.#fields.get(uid)
    if (!fields) {
      this.#sweep(now)
      fields = new Map()
      this.#fields.set(uid, fields)
    }
    const known = fields.get(path)
    const same = known?.value === text(value) ? known : undefined
    const field = same ?? { path, since: this.#clock.now(), value: text(value), writes: [], open: false }
    if (manager) field.manager = manager
    field.writes = [...field.writes.filter(at => now - at < WINDOW_MS), now]
    if (field.writes.length === 1 && !field.open) field.since = this.#clock.now()
    field.open ||= field.writes.length >= WRITES
    fields.set(path, field)
  }

  /** Forgets the fights about fields that hold; `drifting` are the paths of the object that differ now. */
  settle(uid: string, drifting: ReadonlySet<string>): void {
    const fields = this.#fields.get(uid)
    if (!fields) return
    const now = this.#clock.monotonic()
    for (const [path, { writes }] of fields)
      if (!drifting.has(path) && now - writes.at(-1)! >= PROBE_MS) fields.delete(path)
    if (fields.size === 0) this.#fields.delete(uid)
  }

  /** The object is gone. */
  forget(uid: string): void {
    this.#fields.delete(uid)
  }

  /** The fights about an object, by path. */
  of(uid: string): FieldFight[] {
    return [...(this.#fields.get(uid)?.values() ?? [])]
      .filter(({ open }) => open)
      .map(({ path, manager, since }) => ({ path, since, ...(manager && { manager }) }))
      .sort((a, b) => a.path.localeCompare(b.path))
  }

  /** Milliseconds until a fight about the object can be over or a held field may be tried; `undefined` when there is none. */
  nextMs(uid: string): number | undefined {
    const open = [...(this.#fields.get(uid)?.values() ?? [])].filter(field => field.open)
    if (open.length === 0) return undefined
    return Math.max(1, Math.min(...open.map(({ writes }) => writes.at(-1)!)) + PROBE_MS - this.#clock.monotonic())
  }

  /** What was written once and held is no fight: nothing of it needs to be remembered for long. */
  #sweep(now: number): void {
    for (const [uid, fields] of this.#fields) {
      for (const [path, { open, writes }] of fields) if (!open && now - writes.at(-1)! >= WINDOW_MS) fields.delete(path)
      if (fields.size === 0) this.#fields.delete(uid)
    }
  }
}

const text = (value: unknown): string => JSON.stringify(value) ?? ''
