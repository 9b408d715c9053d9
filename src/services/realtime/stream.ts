import { randomUUID } from 'node:crypto'

/** What a client sees of an event. */
export interface Frame {
  offset: number
  /** The event as JSON text. */
  event: string
}

interface Kept extends Frame {
  id: string
  /** Milliseconds since the epoch. */
  at: number
}

/** Where a client stands: after the frame `offset` of the stream `epoch`. Written `<epoch>:<offset>`. */
export interface Position {
  epoch: string
  offset: number
}

export const formatPosition = ({ epoch, offset }: Position): string => `${epoch}:${offset}`

/** Undefined for anything that is no position: such a client starts anew. */
export function parsePosition(text: string | undefined): Position | undefined {
  const match = /^([0-9a-f-]{1,64}):(\d{1,15})$/.exec(text ?? '')
  return match ? { epoch: match[1]!, offset: Number(match[2]) } : undefined
}

export interface StreamLimits {
  /** Frames kept per user. */
  frames: number
  /** Milliseconds a frame is kept. */
  age: number
  /** Bytes handed out at once on recovery; who misses more starts anew. */
  recoveryBytes: number
}

export const LIMITS: StreamLimits = { frames: 1000, age: 24 * 60 * 60 * 1000, recoveryBytes: 1024 * 1024 }

/**
 * The last events of one user. A stream lives in memory: a new process, or one that forgot the user, begins a new epoch,
 * and a position of another epoch is never recovered from. So a client either gets all it missed or is told to fetch.
 */
export class UserStream {
  readonly epoch = randomUUID()
  readonly #limits: StreamLimits
  #kept: Kept[] = []
  #offset = 0
  touched: number

  constructor(limits: StreamLimits, now: number) {
    this.#limits = limits
    this.touched = now
  }

  get position(): Position {
    return { epoch: this.epoch, offset: this.#offset }
  }

  /** Appends an event; undefined when it is here already, because deliveries repeat. */
  append(id: string, event: string, now: number): Frame | undefined {
    this.#trim(now)
    this.touched = now
    if (this.#kept.some(one => one.id === id)) return undefined
    this.#offset += 1
    this.#kept.push({ offset: this.#offset, event, id, at: now })
    if (this.#kept.length > this.#limits.frames) this.#kept.shift()
    return { offset: this.#offset, event }
  }

  #trim(now: number): void {
    const cutoff = now - this.#limits.age
    const fresh = this.#kept.findIndex(one => one.at > cutoff)
    if (fresh === -1) this.#kept = []
    else if (fresh > 0) this.#kept.splice(0, fresh)
  }

  /** Every frame after the position, or undefined when one of them is gone: never a part. */
  since(position: Position | undefined, now: number): Frame[] | undefined {
    this.#trim(now)
    if (position?.epoch !== this.epoch || position.offset > this.#offset) return undefined
    const oldest = this.#kept[0]?.offset ?? this.#offset + 1
    if (position.offset < oldest - 1) return undefined
    const missed = this.#kept.filter(one => one.offset > position.offset)
    const size = missed.reduce((sum, one) => sum + one.event.length, 0)
    if (size > this.#limits.recoveryBytes) return undefined
    return missed.map(({ offset, event }) => ({ offset, event }))
  }
}
