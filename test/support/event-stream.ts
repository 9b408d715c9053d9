export interface StreamEvent {
  /** Milliseconds on the clock of `performance.now()`. */
  at: number
  id: string
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: events of many types; tests look into them
  data: any
}

/** A server-sent events client (WHATWG HTML §9.2), as small as a browser's. */
export class EventStream {
  readonly events: StreamEvent[] = []
  readonly #abort = new AbortController()
  readonly closed: Promise<void>

  private constructor(body: ReadableStream<Uint8Array>) {
    this.closed = this.#read(body).catch(error => {
      if (!this.#abort.signal.aborted) throw error
    })
  }

  static async open(url: string, token: string, lastEventId?: string): Promise<EventStream> {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      ...(lastEventId && { 'last-event-id': lastEventId }),
    }
    const response = await fetch(url, { headers })
    if (!response.ok || !response.body)
      throw new Error(`the stream answered ${response.status}: ${await response.text()}`)
    return new EventStream(response.body)
  }

  get lastId(): string {
    return this.events.findLast(event => event.id)?.id ?? ''
  }

  /** Frames that carry an event, without the greeting. */
  get received(): StreamEvent[] {
    return this.events.filter(event => event.event !== 'hello')
  }

  close(): void {
    this.#abort.abort()
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body
      .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
      .getReader()
    this.#abort.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined))
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const blocks = (rest + value).split(/\r?\n\r?\n/)
      rest = blocks.pop()!
      for (const block of blocks) this.#take(block)
    }
  }

  #take(block: string): void {
    const fields = { id: '', event: 'message', data: '' }
    for (const line of block.split(/\r?\n/)) {
      const [, name, value = ''] = /^(id|event|data): ?(.*)$/.exec(line) ?? []
      if (name === 'data') fields.data += value
      else if (name) fields[name as 'id' | 'event'] = value
    }
    if (fields.data) this.events.push({ ...fields, at: performance.now(), data: JSON.parse(fields.data) })
  }
}
