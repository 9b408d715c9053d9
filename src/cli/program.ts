import { Command, CommanderError } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { audit } from './audit.ts'
import { backup } from './backup.ts'
import { bundle } from './bundle.ts'
import { completion } from './completion.ts'
import { diff } from './diff.ts'
import { dlq } from './dlq.ts'
import { doctor } from './doctor.ts'
import { down } from './down.ts'
import { events } from './events.ts'
import { EXIT, Exit } from './exit.ts'
import { explain } from './explain.ts'
import { graph } from './graph.ts'
import { init } from './init.ts'
import { jobs } from './jobs.ts'
import { plan } from './plan.ts'
import { render } from './render.ts'
import { restore } from './restore.ts'
import { schema } from './schema.ts'
import { status } from './status.ts'
import type { Terminal } from './terminal.ts'
import { trace } from './trace.ts'
import { up } from './up.ts'
import { validate } from './validate.ts'
import { version } from './version.ts'
import { why } from './why.ts'

/** Every verb, in the order of the help. */
export function tepProgram(terminal: Terminal): Command {
  const ours = packageJson.version
  // As a plugin of kubectl it is called so in its help: that is what people type.
  const program = new Command(terminal.env['TEP_CALLED_AS'] ?? 'tep')
    .description('Todo event platform.')
    .version(ours)
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.out(text.trimEnd()),
      writeErr: text => terminal.err(text.trimEnd()),
    })
  init(program, terminal)
  up(program, ours)
  down(program, terminal)
  status(program, terminal)
  why(program, terminal)
  doctor(program, terminal)
  plan(program, terminal, ours)
  diff(program, terminal, ours)
  render(program, terminal, ours)
  validate(program, terminal, ours)
  graph(program, terminal, ours)
  events(program, terminal)
  trace(program, terminal)
  dlq(program, terminal)
  jobs(program, terminal)
  audit(program, terminal)
  backup(program, terminal, ours)
  restore(program, terminal)
  bundle(program, terminal, ours)
  schema(program, terminal)
  explain(program, terminal)
  version(program, terminal, ours)
  completion(program, terminal)
  return program
}

/** Runs one command line; the answer is the exit code. Rejects only on a fault of our own. */
export async function execute(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = tepProgram(terminal)
  try {
    await program.parseAsync(args, { from: 'user' })
    return terminal.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
    // PostgreSQL's start and others put their code in front of the message; ours carry it as a field.
    const text = error instanceof Exit ? `${error.code}: ${error.message}` : (error as Error).message
    terminal.err(`tep: ${text}`)
    return error instanceof Exit ? error.exitCode : EXIT.found
  }
}
