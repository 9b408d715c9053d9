export type LiveState = 'connecting' | 'live' | 'waiting'

/**
 * Follows the user's event stream for ever. After a cut it goes on from the last id it saw; when the server cannot give
 * back everything since then (`recovered: false`) the state has to be fetched anew.
 */
export function follow(
  token: string,
  handlers: { onEvent(): void; onGap(): void; onState(state: LiveState): void },
): () => void {
  const stop = new AbortController()
  let lastId = ''
  const run = async (): Promise<void> => {
    for (let failures = 0; !stop.signal.aborted; failures++) {
      handlers.onState(failures === 0 ? 'connecting' : 'waiting')
      try {
        const headers = {
          authorization: `Bearer ${token}`,
          accept: 'text/event-stream',
          ...(lastId && { 'last-event-id': lastId }),
        }
        const response = await fetch('/api/v1/events/stream', { headers, signal: stop.signal })
        if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`)
        handlers.onState('live')
        failures = 0
        let rest = ''
        for await (const chunk of readAll(response.body)) {
          const blocks = (rest + chunk).split('\n\n')
          rest = blocks.pop()!
          for (const block of blocks) lastId = deliver(block, handlers) ?? lastId
        }
      } catch {
        // Whatever broke, the answer is the same: wait a little and go on from the last id.
      }
      await new Promise(resolve => setTimeout(resolve, Math.min(5_000, 250 * 2 ** failures)))
    }
  }
  void run()
  return () => stop.abort()
}

async function* readAll(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
    .getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

/** Handles one block of the stream and returns its id. */
function deliver(block: string, handlers: { onEvent(): void; onGap(): void }): string | undefined {
  const field = (name: string): string | undefined =>
    block
      .split('\n')
      .find(line => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim()
  const data = field('data')
  if (field('event') === 'hello') {
    if (data && JSON.parse(data).recovered === false) handlers.onGap()
  } else if (data) {
    handlers.onEvent()
  }
  return field('id')
}
