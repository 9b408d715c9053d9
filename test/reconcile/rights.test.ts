/** The chart's RBAC against what the controller asks of an API server: nothing missing, nothing that nobody uses. */

import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { KINDS, PLATFORM_LABEL } from '../../controller/platform/platform.ts'
import { findEngine } from '../engines/find.ts'
import type { Call } from '../fault/network.ts'
import { openCrd } from '../support/open-crd.ts'
import { startCluster } from './cluster.ts'

const root = join(import.meta.dirname, '../..')
const helm = findEngine('helm')
if (!helm) console.log('skipped: no helm on this machine (make engines gets it)')

/** Kinds of others, so that nothing is left out for want of them. */
const OTHERS = [
  openCrd('keda.sh/v1alpha1', 'ScaledObject', 'scaledobjects'),
  openCrd('keda.sh/v1alpha1', 'TriggerAuthentication', 'triggerauthentications'),
  openCrd('monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors'),
  openCrd('monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules'),
  openCrd('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'),
  openCrd('barmancloud.cnpg.io/v1', 'ObjectStore', 'objectstores'),
  openCrd('postgresql.cnpg.io/v1', 'ScheduledBackup', 'scheduledbackups'),
  ...['Redpanda', 'Topic', 'User'].map(kind =>
    openCrd('cluster.redpanda.com/v1alpha2', kind, `${kind.toLowerCase()}s`),
  ),
]

const secret = (name: string, ...keys: string[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'todo' },
  stringData: Object.fromEntries(keys.map(key => [key, key === 'uri' ? 'postgresql://a:b@db/app' : key])),
})

/** What the examples refer to. */
const AROUND: KubeObject[] = [
  ...['kafka', 'redpanda'].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  secret('todo-db', 'uri'),
  ...['kafka', 'kafka-backend', 'kafka-audit'].map(name => secret(name, 'username', 'password')),
  {
    ...KINDS.redpanda,
    metadata: { name: 'redpanda', namespace: 'redpanda' },
    spec: { clusterSpec: { auth: { sasl: { enabled: true } }, tls: { enabled: false } } },
  },
]

/** Everything, but for one that excludes another. */
function platforms(): KubeObject[] {
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

/** `group/resource verb` of a request, as the API server's authorizer sees it (kubernetes.io/docs/reference/access-authn-authz/authorization). */
function rightsOf({ method, path, name, status }: Pick<Call, 'method' | 'path' | 'name' | 'status'>): string[] {
  const [url = '', query = ''] = path.split('?')
  const [, group = '', rest = ''] = /^\/(?:api\/v1|apis\/([^/]+)\/[^/]+)\/(.+)$/.exec(url) ?? []
  const [resource, , subresource] = rest.replace(/^namespaces\/[^/]+\//, '').split('/')
  if (!resource) return []
  const verbs = {
    GET: name ? ['get'] : /[?&]?watch=(true|1)/.test(query) ? ['watch'] : ['list'],
    POST: ['create'],
    PUT: ['update'],
    // An apply that makes the object has to be allowed to create it, too.
    PATCH: status === 201 ? ['patch', 'create'] : ['patch'],
    DELETE: ['delete'],
  }[method]
  return (verbs ?? []).map(verb => `${group}/${resource}${subresource ? `/${subresource}` : ''} ${verb}`)
}

/** What no request here shows, with the reason for it. */
const UNSEEN: readonly { right: RegExp; because: string }[] = [
  {
    right: /^todo\.events\/todoeventplatforms\/finalizers update$/,
    because:
      'admission asks for it where a reference blocks the deletion of its owner (OwnerReferencesPermissionEnforcement)',
  },
  {
    right: / list$/,
    because: 'first lists come as streams, or in pages from a server that has no streams (watch-list)',
  },
  { right: /^\/events create$/, because: 'simulated replicas write no Events' },
  { right: /^batch\/jobs get$/, because: 'a later release may render the same Job with other labels' },
  { right: /^coordination\.k8s\.io\/leases create$/, because: 'for a Lease that somebody has deleted' },
]
const isUnseen = (right: string): boolean => UNSEEN.some(each => each.right.test(right))

function granted(): Set<string> {
  const text = execFileSync(helm!.command, ['template', 'todo', '.', '--namespace', 'todo'], {
    cwd: root,
    encoding: 'utf8',
  })
  const roles = (loadAll(text) as KubeObject[]).filter(object => object?.kind === 'Role')
  const rules = roles.flatMap(role => role['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[])
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap(group => resources.flatMap(resource => verbs.map(verb => `${group}/${resource} ${verb}`))),
    ),
  )
}

/** The life of a platform: it comes, children are edited and deleted, it changes, pods go wrong, it goes. */
async function live(example: KubeObject, used: Set<string>): Promise<void> {
  const cluster = await startCluster({
    leaderElection: true,
    sent: call => {
      for (const right of rightsOf(call)) used.add(right)
    },
    answered: call => {
      for (const right of rightsOf(call)) used.add(right)
    },
  })
  try {
    for (const crd of OTHERS) await cluster.people.apply(crd as never, { fieldManager: 'helm', force: true })
    for (const object of AROUND) await cluster.people.create(object as never)
    await cluster.rest()
    await cluster.people.create(example as never)
    await cluster.rest()
    // A label of every child changes.
    await cluster.people.merge(KINDS.platform, 'todo', 'todo', { spec: { version: '0.1.1' } })
    await cluster.rest()
    await cluster.people.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'missed',
        namespace: example.metadata.namespace,
        labels: { [PLATFORM_LABEL]: example.metadata.name, 'app.kubernetes.io/component': 'backend' },
        annotations: { 'dapr.io/enabled': 'true' },
      },
      spec: { containers: [{ name: 'backend', image: 'x' }] },
    } as never)
    await cluster.pass(20_000)
    await cluster.people.delete(KINDS.platform as never, example.metadata.namespace as never, example.metadata.name)
    await cluster.rest()
  } finally {
    cluster.close()
  }
}

const withHelm = helm ? test : test.skip

withHelm(
  'the rights the chart grants are those the controller uses, over the lives of all example platforms',
  async () => {
    const used = new Set<string>()
    for (const example of platforms()) await live(example, used)
    const grants = granted()
    expect({
      missing: [...used].filter(right => !grants.has(right)).sort(),
      unused: [...grants].filter(right => !used.has(right) && !isUnseen(right)).sort(),
    }).toEqual({ missing: [], unused: [] })
  },
  120_000,
)
