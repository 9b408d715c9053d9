import type { KubeClient } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import type { Transport } from '../kube/transport.ts'

/** What a hook of the chart runs in the controller's image, which has no shell. */
export interface CommandContext {
  transport: Transport
  client: KubeClient
  clock: Clock
  /** The operator's release. */
  version: string
  /** One line to the person who runs Helm. */
  say(line: string): void
}

/** Ends with exit code 1 and its message, which begins with a code of docs/errors.md. */
export class CommandError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(`${code}: ${message}`)
    this.name = 'CommandError'
    this.code = code
  }
}
