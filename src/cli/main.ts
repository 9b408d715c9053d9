import { Command, CommanderError } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { down } from './down.ts'
import { EXIT, Exit } from './exit.ts'
import { plan } from './plan.ts'
import { up } from './up.ts'

const program = new Command('tep').description('Todo event platform.').version(packageJson.version).exitOverride()
up(program, packageJson.version)
down(program)
plan(program, packageJson.version)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exit(error.exitCode === 0 ? 0 : EXIT.usage)
  }
  // PostgreSQL's start and others put their code in front of the message; ours carry it as a field.
  const text = error instanceof Exit ? `${error.code}: ${error.message}` : (error as Error).message
  console.error(`tep: ${text}`)
  process.exit(error instanceof Exit ? error.exitCode : 1)
}
