/** The chart's life around a platform: upgrade, way back, deletion of the platform, removal of the operator. */
import assert from 'node:assert/strict'
import type { Progress } from '../../src/cli/progress.ts'
import { type Anything, type Cluster, until } from '../support/laptop.ts'
import { PLATFORM } from '../support/place.ts'
import { helm, RELEASE, ready } from './bring-up.ts'
import { KAFKA_PODS } from './kafka-choice.ts'
import type { NextRelease } from './next-release.ts'
import type { Target } from './target.ts'

const PART_OF_PLATFORM = 'todo.events/platform=todo'

/** Every pod of the platform, and how often its containers were started. */
export async function lives(cluster: Cluster): Promise<string[]> {
  const pods = await cluster.list('v1', 'Pod', PART_OF_PLATFORM)
  return pods
    .filter(pod => pod.status.phase === 'Running')
    .map(({ metadata, status }) => {
      const starts = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
      return `${metadata.name} ${metadata.uid} ${starts.map((each: Anything) => each.restartCount)}`
    })
    .sort()
}

/**
 * Those of `before` that live no more as they did. A pod whose sidecar lost its consumer when Kafka was killed may be replaced
 * a minute later, whatever else goes on: the operator says so in an Event.
 */
export async function disturbed(cluster: Cluster, before: readonly string[]): Promise<string[]> {
  const now = await lives(cluster)
  const healed = (await cluster.events('ConsumerLost')).map(({ message }) => message as string)
  return before.filter(
    life => !now.includes(life) && !healed.some(message => message.includes(`Pod ${life.split(' ')[0]}:`)),
  )
}

/** The tag of the image that every pod of the operator runs. @throws AssertionError while there is more than one */
export async function operatorVersion(cluster: Cluster): Promise<string> {
  const pods = await cluster.list('v1', 'Pod', 'app.kubernetes.io/component=controller')
  const images = pods
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .map(({ spec }) => spec.containers[0].image as string)
  const [image, ...others] = new Set(images)
  assert(image !== undefined && others.length === 0, `the operator runs ${images.join(', ') || 'no pod'}`)
  return image.slice(image.lastIndexOf(':') + 1)
}

/** The operator of the next release, and this one again: the services notice neither. */
export async function upgradeAndBack(
  target: Target,
  cluster: Cluster,
  next: NextRelease,
  tell: Progress,
): Promise<void> {
  const before = await lives(cluster)
  const version = await operatorVersion(cluster)
  tell.step(`helm upgrade from ${version} to ${next.version} …`)
  helm(target, 'upgrade', RELEASE, next.folder, '--wait', '--timeout', '180s')
  await ready(cluster, tell)
  await until(`the operator ${next.version}`, async () => (await operatorVersion(cluster)) === next.version)
  assert.deepEqual(await disturbed(cluster, before), [], 'the upgrade of the chart restarted pods of the services')
  tell.step('helm rollback …')
  helm(target, 'rollback', RELEASE, '--wait', '--timeout', '180s')
  await ready(cluster, tell)
  await until(`the operator ${version}`, async () => (await operatorVersion(cluster)) === version)
  assert.deepEqual(await disturbed(cluster, before), [], 'the way back restarted pods of the services')
}

/** An uninstall that would strand the platform is refused with the way out, and takes nothing away. */
export async function refuseUninstall(target: Target, cluster: Cluster, { step }: Progress): Promise<void> {
  step('helm test; helm uninstall, which has to be refused …')
  helm(target, 'test', RELEASE, '--timeout', '120s')
  assert.throws(
    () => helm(target, 'uninstall', RELEASE, '--timeout', '120s'),
    (error: { stdout: string; stderr: string }) => /kubectl delete tep todo/.test(`${error.stdout}${error.stderr}`),
  )
  const operator = await cluster.list('apps/v1', 'Deployment', 'app.kubernetes.io/component=controller')
  assert.equal(operator[0]?.status?.readyReplicas, 2, 'the refused uninstall took the operator')
}

const ORDER = [
  ['dapr.io/v2alpha1', 'Subscription'],
  ['apps/v1', 'Deployment'],
  ['dapr.io/v1alpha1', 'Component'],
] as const

export async function deletePlatform(cluster: Cluster, { step }: Progress): Promise<void> {
  step('deleting the platform …')
  const gone: string[] = []
  await cluster.delete(PLATFORM.apiVersion, PLATFORM.kind, 'todo')
  await until(
    'the platform to go',
    async () => {
      for (const [apiVersion, kind] of ORDER)
        if (!gone.includes(kind) && (await cluster.list(apiVersion, kind, PART_OF_PLATFORM)).length === 0)
          gone.push(kind)
      return (await cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'todo')) === undefined
    },
    180,
  )
  assert.deepEqual(
    gone,
    ORDER.map(([, kind]) => kind),
    'the parts went in another order',
  )
  for (const [apiVersion, kind] of [
    ['v1', 'Pod'],
    ['v1', 'Service'],
    ['v1', 'ServiceAccount'],
    ['v1', 'Secret'],
    ['batch/v1', 'Job'],
    ['policy/v1', 'PodDisruptionBudget'],
    ['dapr.io/v1alpha1', 'Configuration'],
    ['dapr.io/v1alpha1', 'Resiliency'],
  ] as const)
    await until(
      `${kind}s to go`,
      async () => (await cluster.list(apiVersion, kind, PART_OF_PLATFORM)).length === 0,
      120,
    )
  await until(
    'Kafka to go with its platform',
    async () => (await cluster.list('v1', 'Pod', KAFKA_PODS.strimzi)).length === 0,
    120,
  )
}

/**
 * The namespace is deleted around a platform and the operator in it, which lose pods and rights to that before anything with a
 * finalizer is gone: nothing is left hanging.
 */
export async function deleteNamespace(
  target: Target,
  cluster: Cluster,
  platform: Anything,
  { step }: Progress,
): Promise<void> {
  step('installed once more; deleting the namespace around it …')
  // The CRD has stayed, and is the next release's: Helm would put this one's over it, and stops at the conflict.
  helm(target, 'install', RELEASE, '.', '--skip-crds', '--wait', '--timeout', '180s')
  await cluster.apply(platform)
  await until(
    'the services to be made',
    async () => (await cluster.list('apps/v1', 'Deployment', PART_OF_PLATFORM)).length > 0,
    180,
  )
  await cluster.delete('v1', 'Namespace', cluster.namespace)
  await until('the namespace to go', async () => !(await cluster.get('v1', 'Namespace', cluster.namespace)), 180)
  // With its record helm has forgotten what it had put outside the namespace.
  const mine = `app.kubernetes.io/part-of=todo-event-platform,app.kubernetes.io/managed-by=Helm`
  for (const kind of ['ClusterRoleBinding', 'ClusterRole'])
    for (const { metadata } of await cluster.list('rbac.authorization.k8s.io/v1', kind, mine))
      await cluster.delete('rbac.authorization.k8s.io/v1', kind, metadata.name)
}

/** @throws AssertionError naming what the release leaves in its namespace */
export async function uninstall(target: Target, cluster: Cluster, { step }: Progress): Promise<void> {
  step('helm uninstall …')
  helm(target, 'uninstall', RELEASE, '--wait', '--timeout', '120s')
  const left: string[] = []
  for (const [apiVersion, kind] of [
    ['apps/v1', 'Deployment'],
    ['apps/v1', 'ReplicaSet'],
    ['v1', 'Pod'],
    ['v1', 'Service'],
    ['v1', 'ServiceAccount'],
    ['v1', 'Secret'],
    ['v1', 'ConfigMap'],
    ['batch/v1', 'Job'],
    ['coordination.k8s.io/v1', 'Lease'],
    ['policy/v1', 'PodDisruptionBudget'],
    ['rbac.authorization.k8s.io/v1', 'Role'],
    ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ] as const)
    for (const { metadata } of await cluster.list(apiVersion, kind))
      if (!isOfTheTest(metadata) && !metadata.deletionTimestamp) left.push(`${kind} ${metadata.name}`)
  assert.deepEqual(left, [], 'the release left something behind')
}

/** What every namespace has, and what the test itself has put there. */
const isOfTheTest = ({ name, managedFields = [], labels = {} }: Anything): boolean =>
  ['default', 'kube-root-ca.crt'].includes(name) ||
  labels['e2e.todo.events/store'] !== undefined ||
  managedFields.some(({ manager }: Anything) => manager === 'somebody')
