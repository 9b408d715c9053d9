import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { type Command, Option } from 'commander'
import { KubeClient } from '../../controller/kube/client.ts'
import { isKubeError } from '../../controller/kube/errors.ts'
import { listAll } from '../../controller/kube/list.ts'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { systemRandom } from '../../controller/kube/random.ts'
import { kubeConfigTransport } from '../../controller/kube/transport.ts'
import { type Changes, changesOf } from '../../controller/platform/changes.ts'
import { decide } from '../../controller/platform/decide.ts'
import type { OperatorSettings } from '../../controller/platform/facts.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import { takeSnapshot } from '../../controller/platform/snapshot.ts'
import { CANARY_SECONDS } from '../contracts/flow.ts'
import { EXIT, Exit } from './exit.ts'
import { PLATFORM, platformIn, readManifests } from './manifest.ts'
import { planText } from './plan-text.ts'

interface PlanOptions {
  file: string
  namespace?: string
  context?: string
  output: 'text' | 'json'
  servicesImage: string
  operatorVersion: string
  operatorNamespace: string
  daprNamespace: string
  canarySeconds: string
  exitCode: boolean
}

/** `tep plan -f cr.yaml`: what applying a manifest would change in the cluster, before anything does. */
export function plan(program: Command, version: string): void {
  program
    .command('plan')
    .description(
      'Print what applying a TodoEventPlatform would change in a cluster: fields, prunes, conflicts, restarts.',
    )
    .requiredOption('-f, --file <path>', 'manifest with the TodoEventPlatform')
    .option('-n, --namespace <name>', 'namespace, where the manifest names none')
    .option('--context <name>', 'context of the kubeconfig')
    .addOption(
      new Option('-o, --output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
    )
    .option(
      '--services-image <image>',
      'image of the services the operator is set to, without tag',
      'ghcr.io/todo-event-platform/services',
    )
    .option('--operator-version <version>', 'release of the operator in the cluster', version)
    .option('--operator-namespace <name>', 'namespace of the operator', 'todo-system')
    .option('--dapr-namespace <name>', 'namespace of Dapr’s control plane', 'dapr-system')
    .option('--canary-seconds <seconds>', 'what the operator is set to', String(CANARY_SECONDS))
    .option('--exit-code', 'exit 7 when something would change, 8 when something is refused', false)
    .action(run)
}

async function run(options: PlanOptions): Promise<void> {
  const manifest = platformIn(readManifests(options.file), options.file)
  const config = new KubeConfig()
  config.loadFromDefault()
  if (options.context) config.setCurrentContext(options.context)
  const client = new KubeClient(kubeConfigTransport(config))
  const home = config.getContextObject(config.getCurrentContext())?.namespace
  const namespace = manifest.metadata.namespace ?? options.namespace ?? home ?? 'default'
  const { servicesImage, operatorNamespace, daprNamespace } = options
  const settings = {
    version: options.operatorVersion,
    servicesImage,
    operatorNamespace,
    daprNamespace,
    canarySeconds: Number(options.canarySeconds),
  }
  const changes = await planManifest(client, { ...manifest, metadata: { ...manifest.metadata, namespace } }, settings)
  if (options.output === 'json') console.log(JSON.stringify(changes, null, 2))
  else console.log(planText(changes, `TodoEventPlatform ${namespace}/${manifest.metadata.name}`))
  if (!options.exitCode) return
  if (changes.refused.length > 0) process.exitCode = EXIT.refused
  else if (changes.changes.length > 0) process.exitCode = EXIT.changes
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
  try {
    const platform = await wouldBe(client, manifest)
    const { cache, live } = await takeSnapshot(client, platform, new AbortController().signal)
    return changesOf(decide({ cache, settings, random: systemRandom }, platform), live)
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
