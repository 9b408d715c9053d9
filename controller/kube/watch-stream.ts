import type { Clock } from './clock.ts'
import { errorFromStatus, isKubeError, KubeError, type StatusBody } from './errors.ts'
import { wholeLines } from './lines.ts'
import type { KubeObject } from './objects.ts'
import type { Response } from './transport.ts'

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  object: KubeObject
}

/** `status.reason` of the error when nothing was heard for too long. */
export const SILENCE = 'Silence'

export interface StreamOptions {
  /** Named in errors: `watch of Pod`. */
  what: string
  signal: AbortSignal
  clock: Clock
  /** Milliseconds of silence after which the connection counts as dead; asked again after each event. */
  idleMs(): number
  onEvent(event: WatchEvent): void
}

/**
 * Reads the events of one watch until the server ends it. Rejects with `KubeError`: the in-band Status (410 and others),
 * `Unreachable` when the stream breaks, is cut inside an event, or is silent for too long. Nothing is delivered after it
 * settled, even by a transport that ignores the signal, and the answer is destroyed whatever happens.
 */
export function readWatch({ body }: Response, { what, signal, clock, idleMs, onEvent }: StreamOptions): Promise<void> {
  const over = Promise.withResolvers<void>()
  const broken = (message: string, cause?: unknown, reason?: string): void =>
    over.reject(new KubeError('Unreachable', `${what}: ${message}`, 'backoff', { ...(reason && { reason }) }, cause))
  let settled = false
  let cancelIdle = (): void => {}
  const listen = (): void => {
    cancelIdle()
    const ms = idleMs()
    cancelIdle = clock.after(ms, () => broken(`no event for ${ms} ms`, undefined, SILENCE))
  }
  const onAbort = (): void => over.resolve()

  const pump = async (): Promise<void> => {
    const lines = wholeLines(body)
    for (let next = await lines.next(); !settled; next = await lines.next()) {
      if (next.done) return next.value.truncated ? broken('the last event was cut') : over.resolve()
      onEvent(parse(next.value, what))
      listen()
    }
  }

  if (signal.aborted) over.resolve()
  else {
    signal.addEventListener('abort', onAbort, { once: true })
    listen()
    pump().catch((error: unknown) => (isKubeError(error) ? over.reject(error) : broken(String(error), error)))
  }
  return over.promise.finally(() => {
    settled = true
    cancelIdle()
    signal.removeEventListener('abort', onAbort)
    body.destroy()
  })
}

function parse(line: string, what: string): WatchEvent {
  const event = JSON.parse(line) as { type?: string; object?: KubeObject & StatusBody }
  if (event.type === 'ERROR') throw errorFromStatus(event.object?.code ?? 500, event.object ?? {}, what)
  if (!event.object?.metadata || !['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].includes(event.type ?? ''))
    throw new SyntaxError(`no watch event: ${line.slice(0, 100)}`)
  return event as WatchEvent
}
