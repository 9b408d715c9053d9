import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** All that a verb may touch of the process it runs in, so that tests run verbs as people do. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Redraws and colours are for people alone. */
  readonly tty: boolean
  style(style: Style, text: string): string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts when the person stops a verb that watches. */
  readonly signal: AbortSignal
  /** What the process ends with; set by verbs whose answer is an exit code. */
  exitCode: number
}

/** The terminal of this process. Ctrl-C ends what watches, with 0: that is how one leaves it. */
export function processTerminal(): Terminal {
  let watching: AbortController | undefined
  return {
    out: text => void process.stdout.write(`${text}\n`),
    err: text => void process.stderr.write(`${text}\n`),
    tty: process.stdout.isTTY ?? false,
    // `styleText` looks at the stream, NO_COLOR and FORCE_COLOR itself.
    style: (style, text) => styleText(style, text),
    env: process.env,
    get signal() {
      if (!watching) {
        watching = new AbortController()
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => watching!.abort())
      }
      return watching.signal
    },
    exitCode: 0,
  }
}
