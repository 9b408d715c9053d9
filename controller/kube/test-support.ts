/** What the tests of this room share: a clock that is stepped, and a transport that plays a script. No time passes, no socket opens. */
import type { Clock } from './clock.ts'
import { KubeError } from './errors.ts'
import type { KubeObject } from './objects.ts'
import type { Random } from './random.ts'
import type { Request, Response, Transport } from './transport.ts'

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 4; round++) await new Promise(resolve => setImmediate(resolve))
}

export class ManualClock implements Clock {
  #now = Date.parse('2026-03-01T10:00:00Z')
  #elapsed = 0
  #timers: { due: number; callback: () => void }[] = []

  now = (): number => this.#now
  monotonic = (): number => this.#elapsed

  after = (ms: number, callback: () => void): (() => void) => {
    const timer = { due: this.#elapsed + ms, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(each => each !== timer)
    }
  }

  get timers(): number {
    return this.#timers.length
  }

  turn = (): Promise<void> => Promise.resolve()

  /** Sets the wall clock alone, as an administrator or NTP does. */
  jump(ms: number): void {
    this.#now += ms
  }

  /** Fires what is due, in order, and lets it have its effects. */
  async advance(ms: number): Promise<void> {
    await settle()
    const end = this.#elapsed + ms
    for (;;) {
      const next = this.#timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
      if (!next) break
      this.#pass(Math.max(0, next.due - this.#elapsed))
      this.#timers = this.#timers.filter(each => each !== next)
      next.callback()
      await settle()
    }
    this.#pass(end - this.#elapsed)
  }

  #pass(ms: number): void {
    this.#elapsed += ms
    this.#now += ms
  }
}

/** Always the same chance: delays are exact. */
export const fixedRandom: Random = { number: () => 0.5, bytes: size => Buffer.alloc(size, 7) }

/** A body that the test feeds, piece by piece. */
export class Feed {
  readonly response: Response
  #pieces: Uint8Array[] = []
  #end: 'open' | 'ended' | Error = 'open'
  #wake = (): void => {}
  destroyed = false

  constructor(status = 200, headers: Response['headers'] = {}) {
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      for (;;) {
        const piece = this.#pieces.shift()
        if (piece) return { done: false, value: piece }
        if (this.#end instanceof Error) throw this.#end
        if (this.#end === 'ended' || this.destroyed) return { done: true, value: undefined }
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
    }
    const body = { [Symbol.asyncIterator]: () => ({ next }), destroy: () => this.#destroy() }
    this.response = { status, headers, body }
  }

  bytes(...pieces: (string | Uint8Array)[]): this {
    this.#pieces.push(...pieces.map(piece => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
    this.#wake()
    return this
  }

  event(type: string, object: object): this {
    return this.bytes(`${JSON.stringify({ type, object })}\n`)
  }

  end(error?: Error): this {
    this.#end = error ?? 'ended'
    this.#wake()
    return this
  }

  #destroy(): void {
    this.destroyed = true
    this.#wake()
  }
}

export const json = (body: unknown, status = 200, headers: Response['headers'] = {}): Response =>
  new Feed(status, headers).bytes(JSON.stringify(body)).end().response

export const status = (code: number, reason: string, more: object = {}, headers: Response['headers'] = {}): Response =>
  json({ kind: 'Status', code, reason, message: `scripted ${reason}`, ...more }, code, headers)

export const reset = (): never => {
  throw new KubeError('Unreachable', 'ECONNRESET', 'backoff')
}

export const WIDGET = { apiVersion: 'test.dev/v1', kind: 'Widget' }
const WIDGETS = { resources: [{ name: 'widgets', kind: 'Widget', namespaced: true }] }

export const widget = (name: string, resourceVersion: number | string, more: object = {}): KubeObject => ({
  ...WIDGET,
  metadata: { namespace: 'a', name, uid: `uid-${name}`, resourceVersion: String(resourceVersion) },
  ...more,
})

export const listOf = (resourceVersion: number | string, ...items: KubeObject[]) =>
  json({ metadata: { resourceVersion: String(resourceVersion) }, items })

/** The answer of a server that cannot tell everything at once, as Kubernetes before 1.30, where everything is asked for. */
export const plainRoot = (accept: string | undefined): Response | undefined =>
  accept?.includes('as=APIGroupDiscoveryList') ? json({ kind: 'APIGroupList', groups: [] }) : undefined

type Answer = Response | ((request: Request) => Response | Promise<Response>)

/**
 * Answers requests in the order of the script and remembers what was asked; discovery of Widgets is answered aside. What
 * comes after the script hangs, as a server that is busy does.
 */
export function scripted(...script: Answer[]): {
  transport: Transport
  asked: string[]
  requests: Request[]
  add(...more: Answer[]): void
} {
  const asked: string[] = []
  const requests: Request[] = []
  const transport: Transport = async request => {
    const root = plainRoot(request.accept)
    if (root) return root
    if (request.path === '/apis/test.dev/v1') return json(WIDGETS)
    asked.push(`${request.method} ${request.path}`)
    requests.push(request)
    const answer = script.shift()
    if (!answer) return new Promise(() => {})
    return typeof answer === 'function' ? answer(request) : answer
  }
  return { transport, asked, requests, add: (...more) => void script.push(...more) }
}
