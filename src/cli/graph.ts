import { type Command, Option } from 'commander'
import { appAccess } from '../../controller/platform/access.ts'
import { type Effective, effectiveSpec } from '../../controller/platform/effective.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import { TYPE_PREFIX } from '../contracts/topology.ts'
import { type ClusterOptions, onePlatform, openCluster, withCluster } from './cluster.ts'
import { svgGraph } from './graph-svg.ts'
import { asciiGraph, dotGraph, type FlowGraph, mermaidGraph } from './graph-text.ts'
import { platformIn, readManifests } from './manifest.ts'
import { structured } from './output.ts'
import type { Terminal } from './terminal.ts'

const WRITERS = {
  ascii: asciiGraph,
  mermaid: mermaidGraph,
  dot: dotGraph,
  svg: svgGraph,
  json: (graph: FlowGraph) => structured(graph, 'json'),
}

interface GraphOptions extends ClusterOptions {
  file?: string
  deadLetters: boolean
  output: keyof typeof WRITERS
}

/** `tep graph`: who publishes and who consumes what, of a platform in the cluster or in a file. */
export function graph(program: Command, terminal: Terminal, version: string): void {
  const command = program
    .command('graph')
    .argument('[name]', 'platform; default: that of the namespace')
    .description('Draw how events flow: who publishes, which topics, who consumes.')
    .option('-f, --file <path>', 'of a manifest, instead of the cluster')
    .option('--dead-letters', 'with the topics of dead letters', false)
    .addOption(new Option('-o, --output <format>', 'how to draw').choices(Object.keys(WRITERS)).default('ascii'))
    .action(async (name: string | undefined, options: GraphOptions) => {
      const platform = options.file
        ? (platformIn(readManifests(options.file), options.file) as Platform)
        : await onePlatform(openCluster(options, terminal), name)
      const { deadLetters, output } = options
      const whole = flowGraph(effectiveSpec(platform, version))
      terminal.out(WRITERS[output](deadLetters || output === 'ascii' ? whole : withoutDeadLetters(whole)))
    })
  withCluster(command)
}

/** From the very table that ACLs, scopes and subscriptions are rendered from. Pure. */
export function flowGraph(effective: Effective): FlowGraph {
  const access = appAccess(effective)
  const typesOf = (appId: string, topic: string): string[] | undefined =>
    effective.services
      .find(({ contract }) => contract.appId === appId)
      ?.contract.consumes.find(each => each.topic === topic)
      ?.types?.map(type => type.replace(TYPE_PREFIX, ''))
  return {
    apps: access.map(({ appId }) => appId),
    topics: effective.topics.map(({ name, partitions, deadLetter }) => ({ name, partitions, deadLetters: deadLetter })),
    edges: access.flatMap(({ appId, publishes, subscribes }) => [
      ...publishes.map(to => ({ from: appId, to })),
      ...subscribes.map(from => {
        const types = typesOf(appId, from)
        return { from, to: appId, ...(types && { types }) }
      }),
    ]),
  }
}

function withoutDeadLetters({ apps, topics, edges }: FlowGraph): FlowGraph {
  const dead = new Set(topics.filter(({ deadLetters }) => deadLetters).map(({ name }) => name))
  return {
    apps,
    topics: topics.filter(({ name }) => !dead.has(name)),
    edges: edges.filter(({ from, to }) => !dead.has(from) && !dead.has(to)),
  }
}
