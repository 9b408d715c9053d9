import type { Command } from 'commander'
import { type ApiOptions, openApi, withApi } from './api.ts'
import { EXIT } from './exit.ts'
import { type Format, structured, withOutput } from './output.ts'
import type { Terminal } from './terminal.ts'

interface Verdict {
  entries: number
  intact: boolean
  first_broken_position?: number
  reason?: string
  checkpoints: { verified: number; unknown_key: number; signed_until: number }
}

/** `tep audit verify`: whether the audit of the token's person is as it was written. */
export function audit(program: Command, terminal: Terminal): void {
  const command = program.command('audit').description('The audit of the person whose token it is.')
  const verify = command
    .command('verify')
    .description('Verify the chain of hashes and the signatures of its checkpoints (exit 1: not intact).')
    .action(async (options: ApiOptions & { output: Format }) => {
      const verdict = await openApi(options, terminal).get<Verdict>('/api/v1/audit/verify')
      terminal.out(options.output === 'text' ? text(verdict, terminal) : structured(verdict, options.output))
      if (!verdict.intact) terminal.exitCode = EXIT.found
    })
  withOutput(withApi(verify))
}

function text({ entries, intact, checkpoints, ...fault }: Verdict, { style }: Terminal): string {
  const { verified, unknown_key: unknown, signed_until: until } = checkpoints
  const signed = `${verified} signed checkpoints vouch up to entry ${until}${unknown ? `; ${unknown} are of another key` : ''}`
  return intact
    ? `${style('green', 'intact')}: ${entries} entries follow from each other; ${signed}`
    : `${style('red', 'not intact')}: entry ${fault.first_broken_position}: ${fault.reason}; ${signed}`
}
