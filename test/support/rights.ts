/** What the chart lets the controller do, and the platforms over whose lives it has to need all of it. */
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { KINDS } from '../../controller/platform/platform.ts'
import { engine } from '../engines/find.ts'
import { openCrd } from './open-crd.ts'

const root = join(import.meta.dirname, '../..')

/** Kinds of others, so that nothing is left out for want of them. */
export const OTHERS: readonly KubeObject[] = [
  openCrd('keda.sh/v1alpha1', 'ScaledObject', 'scaledobjects'),
  openCrd('keda.sh/v1alpha1', 'TriggerAuthentication', 'triggerauthentications'),
  openCrd('autoscaling.k8s.io/v1', 'VerticalPodAutoscaler', 'verticalpodautoscalers'),
  openCrd('monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors'),
  openCrd('monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules'),
  openCrd('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'),
  openCrd('barmancloud.cnpg.io/v1', 'ObjectStore', 'objectstores'),
  openCrd('postgresql.cnpg.io/v1', 'ScheduledBackup', 'scheduledbackups'),
  ...['Redpanda', 'Topic', 'User'].map(kind =>
    openCrd('cluster.redpanda.com/v1alpha2', kind, `${kind.toLowerCase()}s`),
  ),
]

/** The namespaces of Kafkas that the examples share. */
export const SHARED = ['kafka', 'redpanda']

const secret = (namespace: string, name: string, ...keys: string[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  stringData: Object.fromEntries(keys.map(key => [key, key === 'uri' ? 'postgresql://a:b@db/app' : key])),
})

/** Secrets that the examples refer to. */
export const secretsOf = (namespace: string): KubeObject[] => [
  secret(namespace, 'todo-db', 'uri'),
  ...['kafka', 'kafka-backend', 'kafka-audit'].map(name => secret(namespace, name, 'username', 'password')),
]

/** The Redpanda that an example shares. */
export const SHARED_REDPANDA: KubeObject = {
  ...KINDS.redpanda,
  metadata: { name: 'redpanda', namespace: 'redpanda' },
  spec: { clusterSpec: { auth: { sasl: { enabled: true } }, tls: { enabled: false } } },
}

/** Everything, but for one that excludes another. */
export function examplePlatforms(): KubeObject[] {
  const examples = globSync('examples/*.yaml', { cwd: root })
    .sort()
    .flatMap(file => loadAll(readFileSync(join(root, file), 'utf8')) as KubeObject[])
    .filter(({ kind }) => kind === KINDS.platform.kind)
  const small = examples.find(({ spec }) => spec.profile === 'Development')!
  const redpanda = examples.find(({ spec }) => spec.kafka.redpanda)!
  return [
    ...examples,
    { ...redpanda, spec: { ...redpanda['spec'], deletionPolicy: 'Delete' } },
    { ...small, spec: { ...small['spec'], ingress: { host: 'todo.example.com', className: 'nginx' } } },
  ]
}

/** The chart's objects, as Helm renders them for a namespace. */
export function renderedChart(namespace: string, ...args: string[]): KubeObject[] {
  const { command } = engine('helm')
  const text = execFileSync(command, ['template', 'todo', '.', '--namespace', namespace, ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return (loadAll(text) as (KubeObject | null)[]).filter(object => object !== null)
}

/** `group/resource verb` of every rule in Roles (hooks bring ClusterRoles of their own). */
export function grantedBy(objects: readonly KubeObject[]): Set<string> {
  const roles = objects.filter(({ kind }) => kind === 'Role')
  const rules = roles.flatMap(role => role['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[])
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap(group => resources.flatMap(resource => verbs.map(verb => `${group}/${resource} ${verb}`))),
    ),
  )
}
