/** The chart's RBAC against what the controller asks of an API server: nothing missing, nothing that nobody uses. */
import type { KubeObject } from '../../controller/kube/objects.ts'
import { KINDS, PLATFORM_LABEL } from '../../controller/platform/platform.ts'
import { findEngine } from '../engines/find.ts'
import type { Call } from '../fault/network.ts'
import {
  examplePlatforms,
  grantedBy,
  OTHERS,
  renderedChart,
  SHARED,
  SHARED_REDPANDA,
  secretsOf,
} from '../support/rights.ts'
import { startCluster } from './cluster.ts'

const helm = findEngine('helm')
if (!helm) console.log('skipped: no helm on this machine (make engines gets it)')

/** What the examples refer to. */
const AROUND: KubeObject[] = [
  ...SHARED.map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  ...secretsOf('todo'),
  SHARED_REDPANDA,
]

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
    for (const example of examplePlatforms()) await live(example, used)
    const grants = grantedBy(renderedChart('todo'))
    expect({
      missing: [...used].filter(right => !grants.has(right)).sort(),
      unused: [...grants].filter(right => !used.has(right) && !isUnseen(right)).sort(),
    }).toEqual({ missing: [], unused: [] })
  },
  120_000,
)
