/** An end with a sentence for people, a code for programs, and an exit code for scripts. */
export class Exit extends Error {
  readonly code: string
  readonly exitCode: number

  constructor(code: string, exitCode: number, message: string) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}

/** Exit codes of `tep`; 1 is any other failure. */
export const EXIT = {
  usage: 2,
  running: 3,
  portTaken: 4,
  notWritable: 5,
  notReady: 6,
  changes: 7,
  refused: 8,
} as const
