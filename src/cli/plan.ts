import type { Command } from 'commander'
import type { KubeClient } from '../../controller/kube/client.ts'
import { isKubeError } from '../../controller/kube/errors.ts'
import { listAll } from '../../controller/kube/list.ts'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { systemRandom } from '../../controller/kube/random.ts'
import { type Changes, changesOf, type LiveObjects } from '../../controller/platform/changes.ts'
import { type Decision, decide } from '../../controller/platform/decide.ts'
import type { OperatorSettings } from '../../controller/platform/facts.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import { takeSnapshot } from '../../controller/platform/snapshot.ts'
import { type ClusterOptions, openCluster, withCluster } from './cluster.ts'
import { EXIT, Exit } from './exit.ts'
import { PLATFORM, platformIn, readManifests } from './manifest.ts'
import { findOperator, type OperatorOptions, operatorSettings, withOperator } from './operator-settings.ts'
import { type Format, structured, withOutput } from './output.ts'
import { planText } from './plan-text.ts'
import type { Terminal } from './terminal.ts'

interface PlanOptions extends ClusterOptions, OperatorOptions {
  file: string
  output: Format
  exitCode: boolean
}

/** `tep plan -f cr.yaml`: what applying a manifest would change in the cluster, before anything does. */
export function plan(program: Command, terminal: Terminal, version: string): void {
  const command = program
    .command('plan')
    .description(
      'Print what applying a TodoEventPlatform would change in a cluster: fields, prunes, conflicts, restarts.',
    )
    .requiredOption('-f, --file <path>', 'manifest with the TodoEventPlatform')
    .option('--exit-code', 'exit 7 when something would change, 8 when something is refused', false)
    .action((options: PlanOptions) => run(options, terminal))
  withOutput(withOperator(withCluster(command), version))
}

async function run(options: PlanOptions, terminal: Terminal): Promise<void> {
  const { client, manifest } = openWithManifest(options, terminal)
  const changes = await planManifest(client, manifest, operatorSettings(await findOperator(client, options)))
  const { namespace, name } = manifest.metadata
  terminal.out(
    options.output === 'text'
      ? planText(changes, `TodoEventPlatform ${namespace}/${name}`)
      : structured(changes, options.output),
  )
  if (!options.exitCode) return
  if (changes.refused.length > 0) terminal.exitCode = EXIT.refused
  else if (changes.changes.length > 0) terminal.exitCode = EXIT.changes
}

/** The cluster, and the platform of a file in the namespace where it belongs there. */
export function openWithManifest(
  options: ClusterOptions & { file: string },
  terminal: Terminal,
): { client: KubeClient; manifest: KubeObject } {
  const manifest = platformIn(readManifests(options.file), options.file)
  const { client, namespace: home } = openCluster(options, terminal)
  const namespace = manifest.metadata.namespace ?? home
  return { client, manifest: { ...manifest, metadata: { ...manifest.metadata, namespace } } }
}

/**
 * The changes that follow when the cluster's platform becomes the manifest's.
 * @throws Exit TEP5008 when the API server would not take the manifest, TEP5009 when the cluster cannot be read
 */
export async function planManifest(
  client: KubeClient,
  manifest: KubeObject,
  settings: OperatorSettings,
): Promise<Changes> {
  const { decision, live } = await decideManifest(client, manifest, settings)
  return changesOf(decision, live)
}

/** What the operator would decide on when the cluster's platform becomes the manifest's. @throws as `planManifest` */
export async function decideManifest(
  client: KubeClient,
  manifest: KubeObject,
  settings: OperatorSettings,
): Promise<{ decision: Decision; live: LiveObjects }> {
  try {
    const platform = await wouldBe(client, manifest)
    const { cache, live } = await takeSnapshot(client, platform, new AbortController().signal)
    return { decision: decide({ cache, settings, random: systemRandom }, platform), live }
  } catch (error) {
    if (!isKubeError(error) || error instanceof Exit) throw error
    throw new Exit('TEP5009', EXIT.usage, `the cluster cannot be read: ${error.message}`)
  }
}

/** The platform as the API server would store it: it validates, also what may not change, and keeps nothing. */
async function wouldBe(client: KubeClient, manifest: KubeObject): Promise<Platform> {
  const { namespace, name, labels, annotations } = manifest.metadata
  const live = await client.get(PLATFORM, namespace, name)
  const { objects } = await listAll(
    client,
    { kind: PLATFORM, namespace: namespace! },
    500,
    new AbortController().signal,
  )
  const other = objects.find(each => each.metadata.name !== name)
  if (!live && other)
    throw new Exit(
      'TEP5008',
      EXIT.usage,
      `namespace ${namespace} is served for TodoEventPlatform ${other.metadata.name} already; choose a namespace of its own`,
    )
  const metadata = {
    ...live?.metadata,
    name,
    namespace: namespace!,
    ...(labels && { labels }),
    ...(annotations && { annotations }),
  }
  const object = { ...PLATFORM, metadata, spec: manifest['spec'] ?? {} }
  try {
    const options = { reason: 'Planned', dryRun: true }
    const answer = await (live ? client.replace(object, options) : client.create(object, options))
    return { ...answer, status: live?.['status'] } as Platform
  } catch (error) {
    // A namespace that is yet to come: nobody can be asked, and nothing is there.
    if (!live && isKubeError(error, 'NotFound'))
      return { ...object, metadata: { ...metadata, uid: '', generation: 1 } } as unknown as Platform
    if (!isKubeError(error, 'Invalid')) throw error
    throw new Exit('TEP5008', EXIT.usage, `the API server would not take it: ${error.message}`)
  }
}
