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

/** Exit codes of `tep`, all of them; 0 is success. `docs/cli.md` lists them from here. */
export const EXIT = {
  /** Any other failure; also what was looked for was found: differences, findings, faults, a platform that is not ready. */
  found: 1,
  /** An option, argument or file is wrong; also the world cannot be read. */
  usage: 2,
  running: 3,
  portTaken: 4,
  notWritable: 5,
  notReady: 6,
  changes: 7,
  refused: 8,
} as const
