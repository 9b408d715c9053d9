import { Command, InvalidArgumentError } from 'commander'
import { KubeClient } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import type { Transport } from '../kube/transport.ts'
import { applyCrds } from './apply-crds.ts'
import { check } from './check.ts'
import type { CommandContext } from './command.ts'
import { guardUninstall } from './guard-uninstall.ts'

export const COMMANDS: readonly string[] = ['apply-crds', 'guard-uninstall', 'check']

export interface CommandOptions {
  transport: Transport
  clock: Clock
  version: string
  say(line: string): void
}

/** Runs `argv[2]`, one of `COMMANDS`, with its flags; resolves with the exit code, having said why when it is not 0. */
export async function runCommand(argv: readonly string[], options: CommandOptions): Promise<number> {
  const { transport, clock, version, say } = options
  const context: CommandContext = { transport, client: new KubeClient(transport, { clock }), clock, version, say }
  const program = new Command('todo-event-platform').version(version)
  program
    .command('apply-crds')
    .description('Applies the CRD of this release and waits until it is served.')
    .option('--seconds <number>', 'how long to wait', seconds, 60)
    .action(flags => applyCrds(context, flags))
  program
    .command('guard-uninstall')
    .description('Fails while a TodoEventPlatform lives.')
    .option('--namespaces <names>', 'namespaces served, by comma; empty: all', '')
    .option('--seconds <number>', 'how long to wait for them to go', seconds, 0)
    .option('--keep <command>', 'what to run instead to keep the operator')
    .action(({ namespaces, ...flags }) =>
      guardUninstall(context, { ...flags, namespaces: namespaces.split(',').filter(Boolean) }),
    )
  program
    .command('check')
    .description('Fails unless the operator is at work.')
    .requiredOption('--lease-namespace <name>', 'namespace of the Lease')
    .requiredOption('--address <url>', 'address of the controller’s Service')
    .option('--seconds <number>', 'how long to wait for each', seconds, 30)
    .action(flags => check(context, flags))
  try {
    await program.parseAsync(argv)
    return 0
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    return 1
  }
}

function seconds(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0 && number <= 86_400) return number
  throw new InvalidArgumentError('use 0 to 86400.')
}
