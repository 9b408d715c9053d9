import type { Change } from './presence.ts'
import type { Frame, Position } from './stream.ts'

/** The first message of a connection, and again after frames were left out. */
export interface Hello extends Position {
  /** This connection, as presence names it. */
  client: string
  /** True: what follows continues the position the client came with. False: fetch the state, then follow. */
  recovered: boolean
}

/** What a client is told beside the events, when it asked for it. */
export type PresenceFrame = { type: 'presence' } & Change

/** One way to write to a client. */
export interface Transport {
  hello(hello: Hello): void
  frame(position: Position, event: string): void
  presence(frame: PresenceFrame): void
  ping(): void
  /** Bytes accepted and not yet taken by the client. */
  pending(): number
  close(why: CloseReason): void
}

export type CloseReason = 'draining' | 'slow' | 'expired'

/** What a client may leave unread before frames are left out. */
export const MAX_PENDING = 256 * 1024

/**
 * A client's end of a stream. Who reads too slowly is sent nothing more until it has caught up, and is then told to fetch:
 * memory is bounded by `MAX_PENDING` and no gap goes unnoticed.
 */
export class Outlet {
  readonly #transport: Transport
  readonly #epoch: string
  readonly client: string
  #behind = false
  /** Connected before this process was sure to see every event. */
  cold: boolean

  constructor(transport: Transport, hello: Hello, missed: readonly Frame[], cold: boolean) {
    this.#transport = transport
    this.#epoch = hello.epoch
    this.client = hello.client
    this.cold = cold
    transport.hello(hello)
    for (const frame of missed) this.#write(frame)
  }

  get behind(): boolean {
    return this.#behind
  }

  send(frame: Frame): void {
    if (this.#keepsUp()) this.#write(frame)
  }

  #keepsUp(): boolean {
    if (this.#transport.pending() > MAX_PENDING) this.#behind = true
    return !this.#behind
  }

  #write({ offset, event }: Frame): void {
    this.#transport.frame({ epoch: this.#epoch, offset }, event)
  }

  /** Who joined and left. Who is behind is left out: it will be told to fetch. */
  tell(frame: PresenceFrame): void {
    if (this.#keepsUp()) this.#transport.presence(frame)
  }

  /** Tells the client to fetch, and where the stream is. */
  restart(position: Position): void {
    this.#behind = false
    this.cold = false
    this.#transport.hello({ ...position, recovered: false, client: this.client })
  }

  /** Called again and again: pings, and lets in again who has read everything. */
  beat(position: Position): void {
    if (!this.#behind) this.#transport.ping()
    else if (this.#transport.pending() === 0) this.restart(position)
    else this.#transport.close('slow')
  }

  /** The client has read all that was written. */
  drained(position: Position): void {
    if (this.#behind) this.restart(position)
  }

  close(why: CloseReason): void {
    this.#transport.close(why)
  }
}
