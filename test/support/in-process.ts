import type { Transport } from '../../controller/kube/transport.ts'
import type { KubeApi } from '../../src/local/kube-api/index.ts'

/** The controller's transport straight into the embedded API's core: no sockets, the same answers. */
export const inProcess =
  (api: KubeApi, userAgent = 'controller'): Transport =>
  async ({ method, path, body, contentType, accept, signal }) => {
    const headers = {
      'user-agent': userAgent,
      accept: accept ?? 'application/json',
      ...(contentType && { 'content-type': contentType }),
    }
    const answer = await api.handle(
      { method, url: path, headers, ...(body !== undefined && { body: structuredClone(body) }) },
      signal,
    )
    const bytes =
      answer.kind === 'watch'
        ? watchBytes(answer.start, signal)
        : answer.kind === 'bytes'
          ? answer.bytes
          : once(answer.kind === 'text' ? answer.text : (answer.json ?? JSON.stringify(answer.body)))
    const iterator = bytes[Symbol.asyncIterator]()
    return {
      status: answer.status,
      headers: answer.headers,
      body: { [Symbol.asyncIterator]: () => iterator, destroy: () => void iterator.return?.() },
    }
  }

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

type Start = Extract<Awaited<ReturnType<KubeApi['handle']>>, { kind: 'watch' }>['start']

async function* watchBytes(start: Start, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const frames: string[] = []
  let ended = false
  let wake = (): void => {}
  const stop = start({
    push: frame => {
      frames.push(`{"type":"${frame.type}","object":${frame.json}}\n`)
      wake()
    },
    end: () => {
      ended = true
      wake()
    },
  })
  signal?.addEventListener('abort', () => {
    ended = true
    wake()
  })
  try {
    while (!ended || frames.length > 0) {
      if (frames.length > 0) yield Buffer.from(frames.splice(0).join(''))
      else
        await new Promise<void>(resolve => {
          wake = resolve
        })
    }
  } finally {
    stop()
  }
}
