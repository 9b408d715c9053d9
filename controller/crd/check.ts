import { platformSchema } from '../../src/contracts/platform/schema.ts'
import type { Clock } from '../kube/clock.ts'
import type { Transport } from '../kube/transport.ts'
import { type FieldSchema, missingFields } from './missing-fields.ts'
import { servedSchema } from './served.ts'

/** Helm leaves a CRD alone once it is there, so that it may be older than the operator for as long as nobody applies it. */
const EVERY_MS = 600_000
/** After a look that failed, and until fields that are missing have come. */
const AGAIN_MS = 30_000

export interface CrdCheckOptions {
  transport: Transport
  clock: Clock
  /** What is missing has changed; `undefined` before the first look. */
  onTurn(missing: readonly string[]): void
  onTrouble(error: Error): void
}

/** Looks now and then whether the API server knows every field that this operator was built with. */
export class CrdCheck {
  readonly #options: CrdCheckOptions
  #missing: readonly string[] | undefined
  #stop: (() => void) | undefined
  readonly #over = new AbortController()

  constructor(options: CrdCheckOptions) {
    this.#options = options
  }

  /** Paths of fields the served CRD lacks; `undefined` while that is not known. */
  get missing(): readonly string[] | undefined {
    return this.#missing
  }

  /** One look; resolves when it is over, and plans the next. Never rejects. */
  async look(): Promise<void> {
    const { transport, clock, onTurn, onTrouble } = this.#options
    let current = false
    try {
      const missing = missingFields(platformSchema as FieldSchema, await servedSchema(transport, this.#over.signal))
      current = missing.length === 0
      if (this.#over.signal.aborted) return
      const turned = missing.join() !== this.#missing?.join() || this.#missing === undefined
      this.#missing = missing
      if (turned) onTurn(missing)
    } catch (error) {
      if (this.#over.signal.aborted) return
      onTrouble(error as Error)
    }
    this.#stop = clock.after(current ? EVERY_MS : AGAIN_MS, () => void this.look())
  }

  stop(): void {
    this.#over.abort()
    this.#stop?.()
  }
}
