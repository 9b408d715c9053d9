import type { Response } from '../../controller/kube/transport.ts'
import type { KubeResponse, WatchFrame } from '../../src/local/kube-api/response.ts'
import { Pipe } from './pipe.ts'
import type { Random } from './random.ts'
import type { Lane, Simulation } from './simulation.ts'

export interface WatchStreamOptions {
  simulation: Simulation
  lane: Lane
  random: Random
  kind: string
  start: (KubeResponse & { kind: 'watch' })['start']
  /** The server ends the watch after this; 0: never. */
  timeoutMs: number
  /** The resourceVersion asked for is too old: the stream says so and ends. */
  expired: boolean
  /** The server's newest resourceVersion, for bookmarks. */
  version(): number
  /** Simulated time before which nothing is delivered. */
  heldUntil(): number
  duplicated(): boolean
  delivered(frame: { type: string; object: unknown }): void
  closed(): void
}

const BOOKMARK_MS = 60_000

/** One watch on its way from the server: frames arrive in order, late, twice, in pieces, or not at all. */
export class WatchStream {
  readonly kind: string
  readonly #options: WatchStreamOptions
  readonly #pipe: Pipe
  readonly #stop: () => void
  #lastAt = 0
  #lastLine = ''
  #silent = false

  constructor(options: WatchStreamOptions) {
    const { simulation, timeoutMs } = options
    this.kind = options.kind
    this.#options = options
    this.#pipe = new Pipe(() => this.#close())
    if (options.expired) {
      this.#stop = () => {}
      const object = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        code: 410,
        reason: 'Expired',
        message: 'too old resource version',
      }
      this.#deliver({ type: 'ERROR', object, json: JSON.stringify(object) })
      this.#end()
    } else {
      this.#stop = options.start({ push: frame => this.#deliver(frame), end: () => this.#end() })
      if (timeoutMs > 0) simulation.after(timeoutMs, () => this.#end())
      this.#bookmarkLater()
    }
  }

  get body(): Response['body'] {
    return this.#pipe.body
  }

  /** The connection breaks, perhaps in the middle of an event. */
  cut(midLine: boolean): void {
    if (!this.#pipe.open) return
    if (midLine && this.#lastLine) {
      this.#pipe.push(Buffer.from(this.#lastLine).subarray(0, this.#lastLine.length >> 1))
      this.#pipe.end()
    } else this.#pipe.fail(new Error('aborted: read ECONNRESET'))
    this.#close()
  }

  /** The other side is gone without a word. */
  silence(): void {
    this.#silent = true
  }

  #deliver(frame: WatchFrame): void {
    const { delivered, duplicated, random } = this.#options
    const line = `{"type":"${frame.type}","object":${frame.json}}\n`
    this.#arrive(() => {
      const bytes = Buffer.from(line)
      if (random.chance(0.02)) {
        const middle = random.int(1, bytes.length - 1)
        this.#pipe.push(bytes.subarray(0, middle))
        this.#pipe.push(bytes.subarray(middle))
      } else this.#pipe.push(bytes)
      this.#lastLine = line
      delivered(frame)
      if (duplicated() && (frame.type === 'ADDED' || frame.type === 'MODIFIED' || frame.type === 'DELETED'))
        this.#pipe.push(bytes)
    })
  }

  /** In the order of sending, a little later, never before a hold ends. */
  #arrive(run: () => void): void {
    const { simulation, random, lane, heldUntil } = this.#options
    this.#lastAt = Math.max(this.#lastAt, simulation.now + random.int(1, 15), heldUntil() + 1)
    simulation.after(
      this.#lastAt - simulation.now,
      () => {
        if (!this.#silent && this.#pipe.open) run()
      },
      lane,
    )
  }

  #end(): void {
    this.#arrive(() => this.#pipe.end())
  }

  #bookmarkLater(): void {
    const { simulation, version } = this.#options
    simulation.after(BOOKMARK_MS, () => {
      if (!this.#pipe.open) return
      const object = { kind: this.kind, apiVersion: 'v1', metadata: { resourceVersion: String(version()) } }
      this.#deliver({ type: 'BOOKMARK', object, json: JSON.stringify(object) })
      this.#bookmarkLater()
    })
  }

  #close(): void {
    this.#stop()
    this.#options.closed()
  }
}
