/** From images to a platform that is Ready. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { conditionOf } from '../../controller/kube/objects.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import type { Progress } from '../../src/cli/progress.ts'
import { engine } from '../engines/find.ts'
import { type Anything, type Cluster, root, until } from '../support/laptop.ts'
import { PLATFORM } from '../support/place.ts'
import { kafkaChoice } from './kafka-choice.ts'
import { examplePlatform, type Neighbours, neighbours } from './neighbours.ts'
import type { NextRelease } from './next-release.ts'
import { kafkaImage, postgresImage } from './pod-images.ts'
import { run, type Target } from './target.ts'

export const NAMESPACE = 'todo-e2e'
export const RELEASE = 'todo'
/** Only what carries it is ever removed. */
export const MARK = { 'e2e.todo.events/made': 'true' }
export const FOLDER = join(root, 'dist/e2e')

export const helm = (target: Target, ...args: string[]): string =>
  execFileSync(engine('helm').command, [...args, '--namespace', NAMESPACE], {
    encoding: 'utf8',
    cwd: root,
    env: { ...process.env, KUBECONFIG: target.kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

export type References = Neighbours['images']

/** Builds and loads what runs in the cluster. */
export async function images(target: Target, next: NextRelease, { step }: Progress): Promise<References> {
  await run(process.execPath, [join(root, 'src/images/main.ts')])
  step('packing PostgreSQL and Apache Kafka …')
  const [postgres, kafka] = [await postgresImage(FOLDER), await kafkaImage(FOLDER)]
  const ours = readdirSync(join(root, 'dist/images')).filter(file => file.endsWith('.tar'))
  const archives = [...ours.map(name => join(root, 'dist/images', name)), ...next.images, postgres.file, kafka.file]
  for (const file of archives) {
    step(`loading ${file.slice(file.lastIndexOf('/') + 1)} …`)
    await target.load(file)
  }
  return { kafka: kafka.reference, postgres: postgres.reference }
}

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'

/** @returns why nothing would be kept, or nothing */
export async function withoutStorage(cluster: Cluster): Promise<string | undefined> {
  const classes = await cluster.list('storage.k8s.io/v1', 'StorageClass')
  const found = classes.some(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
  return found ? undefined : `the cluster has no default StorageClass: annotate one with ${DEFAULT_CLASS}=true`
}

/** @returns what keeps Dapr from being there, or nothing */
export async function withoutDapr(target: Target, cluster: Cluster, { step }: Progress): Promise<string | undefined> {
  const there = async (): Promise<Anything> =>
    (await cluster.get('apps/v1', 'Deployment', 'dapr-sidecar-injector', 'dapr-system'))?.status?.readyReplicas
  if (await there()) return undefined
  step('installing Dapr …')
  const how = await target.installDapr()
  return how && `Dapr is not in the cluster: ${how}`
}

/** Takes away what an earlier run that was interrupted has left. @throws when the namespace is somebody else's */
export async function clear(target: Target, cluster: Cluster, { step }: Progress): Promise<void> {
  const found = await cluster.get('v1', 'Namespace', NAMESPACE)
  if (!found) return
  if (!found.metadata.labels?.['e2e.todo.events/made'])
    throw new Error(
      `namespace ${NAMESPACE} is there already and not of an earlier run: remove it, or take another cluster`,
    )
  step('removing what an earlier run has left …')
  await dropPlatform(cluster)
  helm(target, 'uninstall', RELEASE, '--ignore-not-found', '--wait')
  await cluster.delete('v1', 'Namespace', NAMESPACE)
  await until('the namespace to go', async () => !(await cluster.get('v1', 'Namespace', NAMESPACE)), 180)
}

/** The platform before its namespace: that one takes the operator's Role first, and nobody could take the finalizer away. */
export async function dropPlatform(cluster: Cluster): Promise<void> {
  const { namespace } = cluster
  const platform = async (): Promise<Anything> =>
    cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'todo').catch(() => undefined)
  if (await platform()) await cluster.delete(PLATFORM.apiVersion, PLATFORM.kind, 'todo')
  // With its operator gone nobody would take the finalizer away.
  await until('the platform to go', async () => !(await platform()), 60).catch(() =>
    cluster.merge({ ...PLATFORM, metadata: { name: 'todo', namespace, finalizers: [] } } as never),
  )
}

export async function namespace(cluster: Cluster, name = cluster.namespace): Promise<void> {
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { ...MARK, 'pod-security.kubernetes.io/enforce': 'restricted' } },
  })
}

/** Kafka and PostgreSQL in the namespace of `cluster`, and a platform that uses them, not applied yet. */
export async function around(cluster: Cluster, images: References, version: string): Promise<Platform> {
  const { namespace } = cluster
  const platform = examplePlatform(namespace, version, kafkaChoice())
  const objects = neighbours({ namespace, images }, platform, version)
  for (const object of objects) await cluster.apply(object as never)
  for (const { metadata } of objects.filter(({ kind }) => kind === 'StatefulSet'))
    await until(
      `${metadata.name} to be ready`,
      async () => (await cluster.get('apps/v1', 'StatefulSet', metadata.name))?.status?.readyReplicas === 1,
      180,
    )
  return platform
}

/** Waits, and shows which component it waits for. */
export async function ready(cluster: Cluster, tell: Progress, seconds = 300): Promise<Anything> {
  return until(
    'the platform to be ready',
    async () => {
      const found: Anything = await cluster.get('todo.events/v1alpha1', 'TodoEventPlatform', 'todo')
      const components: Anything[] = found?.status?.components ?? []
      tell.rows(
        components.map(({ kind, name, ready: is, reason, message }) => ({
          name: `${kind} ${name}`,
          ready: is,
          text: is ? '' : [reason, message].filter(Boolean).join(': '),
        })),
      )
      const condition = found && conditionOf(found, 'Ready')
      return condition?.status === 'True' && condition.observedGeneration === found.metadata.generation && found
    },
    seconds,
  )
}
