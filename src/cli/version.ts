import type { Command } from 'commander'
import { API_VERSION } from '../contracts/platform/names.ts'
import { type ClusterOptions, openCluster, withCluster } from './cluster.ts'
import { OPERATOR_SELECTOR } from './operator-settings.ts'
import { type Format, structured, withOutput } from './output.ts'
import type { Terminal } from './terminal.ts'

interface VersionOptions extends ClusterOptions {
  client: boolean
  output: Format
}

/** `tep version`: of this program, and of the operators in the cluster unless `--client`. */
export function version(program: Command, terminal: Terminal, ours: string): void {
  const command = program
    .command('version')
    .description('Print the version of tep, and of the operator in the cluster.')
    .option('--client', 'do not ask a cluster', false)
    .action(async (options: VersionOptions) => {
      const client = { tep: ours, resource: API_VERSION, node: process.version }
      const all = options.client ? client : { ...client, operators: await operators(options, terminal) }
      terminal.out(
        options.output === 'text'
          ? Object.entries(all)
              .map(
                ([name, value]) =>
                  `${name.padEnd(10)} ${Array.isArray(value) ? value.join(', ') || 'none seen' : value}`,
              )
              .join('\n')
          : structured(all, options.output),
      )
    })
  withOutput(withCluster(command))
}

/** Images of the operators that can be seen; a cluster that cannot be asked has none to show. */
async function operators(options: ClusterOptions, terminal: Terminal): Promise<string[]> {
  try {
    const { client } = openCluster(options, terminal)
    const query = { labelSelector: OPERATOR_SELECTOR }
    const deployments = { apiVersion: 'apps/v1', kind: 'Deployment' }
    const { items } = (await client.list(deployments, undefined, query, new AbortController().signal)) as {
      items: { spec: { template: { spec: { containers: { image: string }[] } } } }[]
    }
    return items.flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image))
  } catch (error) {
    terminal.err(`the cluster was not asked: ${(error as Error).message}`)
    return []
  }
}
