import type { Command } from 'commander'
import type { ApiOptions } from './api.ts'
import { type ClusterOptions, onePlatform, openCluster, reading, withCluster } from './cluster.ts'
import { diagnose, unexplained } from './diagnosis/diagnose.ts'
import { type Finding, inOrder } from './diagnosis/finding.ts'
import { observe } from './diagnosis/observe.ts'
import { EXIT } from './exit.ts'
import { findingText } from './findings-text.ts'
import { type Format, structured, withOutput } from './output.ts'
import { isReady } from './status.ts'
import type { Terminal } from './terminal.ts'

interface WhyOptions extends ClusterOptions, ApiOptions {
  output: Format
}

/** `tep why`: what holds Ready back, the cause first, each with the command that mends it. */
export function why(program: Command, terminal: Terminal): void {
  const command = program
    .command('why')
    .argument('[name]', 'platform; default: that of the namespace')
    .description(
      'Say what holds a platform back, in order of cause, each with the command that mends it (exit 1: not ready).',
    )
    .action(async (name: string | undefined, options: WhyOptions) => {
      const cluster = openCluster(options, terminal)
      const platform = await onePlatform(cluster, name)
      const observation = await reading(observe(cluster.client, cluster.namespace))
      const found = diagnose(observation).filter(({ severity }) => severity === 'error')
      const causes = inOrder([...found, ...unexplained(observation, found)])
      const ready = isReady(platform)
      const what = `TodoEventPlatform ${platform.metadata.namespace}/${platform.metadata.name}`
      terminal.out(
        options.output === 'text' ? text(what, ready, causes, terminal) : structured({ ready, causes }, options.output),
      )
      for (const unseen of observation.unseen) terminal.err(`not looked at: ${unseen}`)
      if (!ready) terminal.exitCode = EXIT.found
    })
  withOutput(withCluster(command))
}

function text(what: string, ready: boolean, causes: readonly Finding[], terminal: Terminal): string {
  if (causes.length === 0)
    return ready
      ? `${what} is ready; nothing holds it back`
      : `${what} is not ready, and nothing is found that holds it back: it is coming up; watch it with "tep status --watch"`
  const [first, ...others] = causes
  const lines = [`${what} is ${ready ? 'ready, but' : 'not ready:'}`, '', findingText(first!, terminal)]
  // What lies in a higher layer mostly follows from the first: mending that one comes first.
  const follow = others.filter(({ layer }) => layer !== first!.layer)
  const beside = others.filter(({ layer }) => layer === first!.layer)
  lines.push(...beside.map(each => findingText(each, terminal)))
  if (follow.length > 0)
    lines.push('', `Then, or because of it (${follow.length}):`, ...follow.map(each => findingText(each, terminal)))
  return lines.join('\n')
}
