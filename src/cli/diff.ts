import type { Command } from 'commander'
import type { KubeClient } from '../../controller/kube/client.ts'
import { type KubeObject, keyOf } from '../../controller/kube/objects.ts'
import type { LiveObjects } from '../../controller/platform/changes.ts'
import type { Decision } from '../../controller/platform/decide.ts'
import { FIELD_MANAGER, HASH_ANNOTATION } from '../../controller/platform/platform.ts'
import { type ClusterOptions, withCluster } from './cluster.ts'
import { EXIT } from './exit.ts'
import { findOperator, type OperatorOptions, operatorSettings, withOperator } from './operator-settings.ts'
import { structured, withOutput, yamlOf } from './output.ts'
import { decideManifest, openWithManifest } from './plan.ts'
import type { Terminal } from './terminal.ts'
import { unifiedDiff } from './unified-diff.ts'

interface DiffOptions extends ClusterOptions, OperatorOptions {
  file: string
  output: 'text' | 'json'
}

interface Difference {
  kind: string
  namespace?: string
  name: string
  diff: string[]
}

/** `tep diff -f cr.yaml`: as `kubectl diff`, of every child: exit 0 when there is no difference, 1 when there is, 2 for an error. */
export function diff(program: Command, terminal: Terminal, version: string): void {
  const command = program
    .command('diff')
    .description('Print how each child in the cluster differs from what a manifest makes of it (exit 0, 1, 2).')
    .requiredOption('-f, --file <path>', 'manifest with the TodoEventPlatform')
    .action(async (options: DiffOptions) => {
      const { client, manifest } = openWithManifest(options, terminal)
      const { decision, live } = await decideManifest(
        client,
        manifest,
        operatorSettings(await findOperator(client, options)),
      )
      const differences = await differencesOf(client, decision, live)
      for (const { code, field, message } of decision.refused) terminal.err(`refused: ${code} ${field}: ${message}`)
      if (options.output === 'json') terminal.out(structured(differences, 'json'))
      else for (const each of differences) terminal.out(each.diff.map(line => coloured(line, terminal)).join('\n'))
      if (differences.length > 0) terminal.exitCode = EXIT.found
    })
  withOutput(withOperator(withCluster(command), version), ['text', 'json'])
}

const coloured = (line: string, { style }: Terminal): string =>
  line.startsWith('+') ? style('green', line) : line.startsWith('-') ? style('red', line) : line

async function differencesOf(client: KubeClient, { steps }: Decision, live: LiveObjects): Promise<Difference[]> {
  const found: Difference[] = []
  for (const step of steps) {
    const { kind, metadata } = step.object
    const before = live.get(keyOf(step.object))
    // What waits for its input has no content yet: what exists of it stays until then.
    if (step.action === 'wait' && step.reason === 'WaitingForInput' && before) continue
    const after = step.action === 'delete' ? undefined : await wouldBe(client, step.object, before)
    const { namespace, name } = metadata
    const path = `${kind}/${namespace ? `${namespace}/` : ''}${name}`
    const lines = unifiedDiff(textOf(before), textOf(after), `live/${path}`, `wanted/${path}`)
    if (lines.length > 0) found.push({ kind, ...(namespace && { namespace }), name, diff: lines })
  }
  return found.sort((a, b) => (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1))
}

/** The server merges, as it will when the operator writes: fields of others stay in the picture, and are no difference. */
const wouldBe = (
  client: KubeClient,
  object: KubeObject,
  before: KubeObject | undefined,
): Promise<KubeObject> | KubeObject =>
  before ? client.apply(object, { fieldManager: FIELD_MANAGER, force: true, reason: 'Compared', dryRun: true }) : object

/** Without what the server writes by itself; of a Secret its keys alone. */
function textOf(object: KubeObject | undefined): string {
  if (!object) return ''
  const { status: _status, metadata, ...rest } = object
  const { name, namespace, labels, annotations } = metadata
  const { [HASH_ANNOTATION]: _hash, ...kept } = annotations ?? {}
  const clean: KubeObject = {
    ...rest,
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(labels && { labels }),
      ...(Object.keys(kept).length && { annotations: kept }),
    },
  } as KubeObject
  if (clean.kind === 'Secret')
    for (const field of ['data', 'stringData'])
      if (clean[field]) clean[field] = Object.fromEntries(Object.keys(clean[field]).map(key => [key, '(secret)']))
  return yamlOf(clean)
}
