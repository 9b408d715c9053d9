import { send } from './api.ts'

export type LiveState = 'connecting' | 'live' | 'waiting'

/** An event as the realtime service sends it (CloudEvents' names); `type` without the prefix all of them have. */
export interface LiveEvent {
  id: string
  type: string
  time: string
  data: Record<string, unknown>
}

export interface LiveHandlers {
  onEvent(event: LiveEvent): void
  /** Events may have been missed: fetch the state. */
  onGap(): void
  onState(state: LiveState): void
}

const PREFIX = 'com.taskmanager.'
const LONGEST_WAIT = 5_000

/**
 * Follows the person's events for ever. After a cut it goes on from the last id it saw; when the server cannot give back
 * everything since then (`recovered: false`) the state has to be fetched anew.
 */
export function follow({ onEvent, onGap, onState }: LiveHandlers): () => void {
  const stop = new AbortController()
  let lastId = ''
  const deliver = (block: string): void => {
    const fields = new Map(
      block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const data = fields.get('data')
    if (data && fields.get('event') === 'hello') {
      // What happened before the first hello nobody told us.
      if (!lastId || JSON.parse(data).recovered === false) onGap()
    } else if (data) {
      const event = JSON.parse(data) as LiveEvent
      onEvent({ ...event, type: event.type.replace(PREFIX, '') })
    }
    lastId = fields.get('id') ?? lastId
  }
  const run = async (): Promise<void> => {
    for (let failures = 0; !stop.signal.aborted; failures++) {
      onState(failures === 0 ? 'connecting' : 'waiting')
      try {
        const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) }
        const response = await send('/api/v1/events/stream', { headers, signal: stop.signal })
        onState('live')
        failures = 0
        let rest = ''
        for await (const chunk of chunks(response.body!)) {
          const blocks = (rest + chunk).split('\n\n')
          rest = blocks.pop()!
          blocks.forEach(deliver)
        }
      } catch {
        // Whatever broke, the answer is the same: wait a little and go on from the last id.
      }
      if (!stop.signal.aborted) await pause(Math.min(LONGEST_WAIT, 250 * 2 ** failures))
    }
  }
  void run()
  return () => stop.abort()
}

/** Coming back online, or to the front, ends the wait at once. */
const pause = (milliseconds: number): Promise<void> =>
  new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      removeEventListener('online', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    addEventListener('online', done)
  })

async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
    .getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}
