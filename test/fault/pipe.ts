import type { Response } from '../../controller/kube/transport.ts'

/** The body of an answer that arrives in pieces; what `push` gets is read in order, then the end or the error. */
export class Pipe {
  readonly #chunks: Uint8Array[] = []
  #wake: (() => void) | undefined
  #ended = false
  #error: Error | undefined
  readonly #onClose: () => void
  #closed = false

  constructor(onClose: () => void = () => {}) {
    this.#onClose = onClose
  }

  get open(): boolean {
    return !this.#ended && !this.#closed
  }

  push(chunk: Uint8Array): void {
    if (!this.open) return
    this.#chunks.push(chunk)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  fail(error: Error): void {
    if (!this.open) return
    this.#error = error
    this.end()
  }

  get body(): Response['body'] {
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      for (;;) {
        const chunk = this.#chunks.shift()
        if (chunk) return { done: false, value: chunk }
        if (this.#error) {
          this.#close()
          throw this.#error
        }
        if (this.#ended || this.#closed) {
          this.#close()
          return { done: true, value: undefined }
        }
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
    }
    const close = async (): Promise<IteratorResult<Uint8Array>> => {
      this.#close()
      return { done: true, value: undefined }
    }
    return { [Symbol.asyncIterator]: () => ({ next, return: close }), destroy: () => this.#close() }
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#wake?.()
    this.#onClose()
  }
}
