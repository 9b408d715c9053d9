import type { Command } from 'commander'
import { systemClock } from '../../controller/kube/clock.ts'
import { conditionOf } from '../../controller/kube/objects.ts'
import { systemRandom } from '../../controller/kube/random.ts'
import { listWatch } from '../../controller/kube/watch.ts'
import { KINDS, type Platform } from '../../controller/platform/platform.ts'
import type { Flow } from '../contracts/console.ts'
import { type ApiOptions, openApi, withApi } from './api.ts'
import { type Cluster, type ClusterOptions, openCluster, platformsOf, withCluster } from './cluster.ts'
import { EXIT } from './exit.ts'
import { structured, withOutput } from './output.ts'
import { statusText } from './status-text.ts'
import type { Terminal } from './terminal.ts'

interface StatusOptions extends ClusterOptions, ApiOptions {
  allNamespaces: boolean
  watch: boolean
  output: 'text' | 'wide' | 'json' | 'yaml'
}

/** `tep status`: the tree of a platform; exits 1 while it is not ready. */
export function status(program: Command, terminal: Terminal): void {
  const command = program
    .command('status')
    .argument('[name]', 'platform; default: all of the namespace')
    .description(
      'Show the parts of a platform with their conditions, its endpoints, lag and dead letters (exit 1: not ready).',
    )
    .option('-A, --all-namespaces', 'in all namespaces', false)
    .option('-w, --watch', 'again at each change', false)
    .action(async (name: string | undefined, options: StatusOptions) => {
      const cluster = openCluster(options, terminal)
      const show = (platforms: Platform[]): Promise<void> => print(platforms, options, terminal)
      if (options.watch) await watch(cluster, name, options, terminal, show)
      else {
        const platforms = await platformsOf(cluster, { name, all: options.allNamespaces })
        await show(platforms)
        if (!platforms.every(isReady)) terminal.exitCode = EXIT.found
      }
    })
  withOutput(withApi(withCluster(command)), ['text', 'wide', 'json', 'yaml'])
}

/** Ready, and for the newest generation. */
export const isReady = (platform: Platform): boolean =>
  conditionOf(platform, 'Ready')?.status === 'True' &&
  platform.status?.observedGeneration === platform.metadata.generation

async function print(platforms: Platform[], options: StatusOptions, terminal: Terminal): Promise<void> {
  const flow = await flowOf(options, terminal)
  const { output } = options
  if (output === 'json' || output === 'yaml') {
    const shown = platforms.map(({ metadata: { namespace, name, generation }, status: state }) => ({
      namespace,
      name,
      generation,
      status: state ?? {},
    }))
    terminal.out(structured({ platforms: shown, ...(typeof flow !== 'string' && { flow }) }, output))
  } else terminal.out(platforms.map(platform => statusText(platform, flow, output === 'wide', terminal)).join('\n\n'))
}

/** How events flow, or why that cannot be told: the state of the cluster is worth showing without. */
export async function flowOf(options: ApiOptions, terminal: Terminal): Promise<Flow | string> {
  try {
    return await openApi(options, terminal).get<Flow>('/api/v1/console/flow')
  } catch (error) {
    return (error as Error).message
  }
}

const CLEAR = '\x1b[2J\x1b[H'
const SETTLE_MS = 200

/** Shows the platforms at each change until Ctrl-C; changes that come at once are shown once. */
async function watch(
  { client, namespace }: Cluster,
  name: string | undefined,
  { allNamespaces }: StatusOptions,
  terminal: Terminal,
  show: (platforms: Platform[]) => Promise<void>,
): Promise<void> {
  const known = new Map<string, Platform>()
  const keyOf = ({ metadata }: { metadata: { namespace?: string; name: string } }): string =>
    `${metadata.namespace}/${metadata.name}`
  let timer: NodeJS.Timeout | undefined
  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (terminal.tty) terminal.out(CLEAR)
      const all = [...known.values()].filter(({ metadata }) => !name || metadata.name === name)
      void (all.length > 0 ? show(all) : terminal.out('no TodoEventPlatform here yet'))
    }, SETTLE_MS)
  }
  const scope = { kind: KINDS.platform, ...(!allNamespaces && { namespace }) }
  const options = { ...scope, signal: terminal.signal, clock: systemClock, random: systemRandom }
  await listWatch(client, options, {
    replace(objects) {
      known.clear()
      for (const object of objects) known.set(keyOf(object), object as Platform)
      changed()
    },
    upsert(object) {
      known.set(keyOf(object), object as Platform)
      changed()
    },
    remove(object) {
      known.delete(keyOf(object))
      changed()
    },
    trouble: error => terminal.err(`${error.message}; trying again …`),
  })
  clearTimeout(timer)
}
