import type { KubeObject } from '../../controller/kube/objects.ts'
import { CHILD_KINDS, KINDS } from '../../controller/platform/platform.ts'
import { only, podsOf, run, template, withHelm } from './helm.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}
const hookOf = ({ metadata }: KubeObject): string | undefined => metadata.annotations?.['helm.sh/hook']
const released = (objects: KubeObject[], kind: string): KubeObject[] =>
  only(objects, kind).filter(each => !hookOf(each))
const imagesOf = (objects: KubeObject[]): string[] => podsOf(objects).map(({ spec }) => spec.containers[0].image)
const deployment = (objects: KubeObject[]): KubeObject => only(objects, 'Deployment')[0]!
const envOf = (objects: KubeObject[], name: string): string =>
  deployment(objects)['spec'].template.spec.containers[0].env.find((each: { name: string }) => each.name === name)
    ?.value

withHelm('lint is clean, of the chart and of its sub-charts', () => {
  for (const chart of ['.', 'charts/platform', 'charts/observability'])
    expect(run('lint', '--strict', chart)).toContain('0 chart(s) failed')
})

withHelm('it installs the CRD, the controller and its account, and a Role for each namespace it serves', () => {
  const objects = template('--set', 'watchNamespaces={a,b}')
  expect(only(objects, 'CustomResourceDefinition').map(object => object.metadata.name)).toEqual([
    'todoeventplatforms.todo.events',
  ])
  expect(only(objects, 'Deployment')).toHaveLength(1)
  expect(released(objects, 'ServiceAccount')).toHaveLength(1)
  expect(only(objects, 'Role').map(role => role.metadata.namespace)).toEqual(['a', 'b', 'todo'])
  // What outlasts the Roles of a namespace that is deleted: enough to let go of a platform there, and nothing else.
  expect(released(objects, 'ClusterRole').map(({ rules }) => rules)).toEqual([
    [
      { apiGroups: ['todo.events'], resources: ['todoeventplatforms'], verbs: ['get', 'list', 'watch', 'patch'] },
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
    ],
  ])
  const without = template('--set', 'watchNamespaces={a,b}', '--set', 'releaseFinalizers=false')
  expect(released(without, 'ClusterRole')).toEqual([])
  expect(envOf(objects, 'WATCH_NAMESPACES')).toBe('a,b')
})

withHelm('pods are asked through the API server only where that is chosen, and only then may they be', () => {
  const mayProxy = (objects: KubeObject[]): boolean => JSON.stringify(only(objects, 'Role')).includes('pods/proxy')
  for (const [probe, may] of [
    ['direct', false],
    ['none', false],
    ['apiserver', true],
  ] as const) {
    const objects = template('--set', `probe=${probe}`)
    expect([envOf(objects, 'PROBE'), mayProxy(objects)]).toEqual([probe, may])
  }
  expect(() => template('--set', 'probe=sometimes')).toThrow()
})

withHelm('there are two controllers with a disruption budget, and one beside a platform for development', () => {
  const shape = (...args: string[]): [number, number] => {
    const objects = template(...args)
    return [deployment(objects)['spec'].replicas, only(objects, 'PodDisruptionBudget').length]
  }
  const beside = ['--set', 'platform.enabled=true', '--set']
  expect(shape()).toEqual([2, 1])
  expect(shape(...beside, 'platform.profile=Production')).toEqual([2, 1])
  expect(shape(...beside, 'platform.profile=Development')).toEqual([1, 0])
  expect(shape(...beside, 'platform.profile=Development', '--set', 'replicas=3')).toEqual([3, 1])
})

withHelm('one value takes every image from another registry', () => {
  const version = template('--set', 'image.tag=t')
  expect(new Set(imagesOf(version))).toEqual(new Set(['ghcr.io/todo-event-platform/controller:t']))
  const moved = template('--set', 'image.tag=t', '--set', 'imageRegistry=registry.local:5000/mirror')
  expect(new Set(imagesOf(moved))).toEqual(new Set(['registry.local:5000/mirror/todo-event-platform/controller:t']))
  expect(imagesOf(moved).length).toBe(4)
  expect(envOf(moved, 'SERVICES_IMAGE')).toBe('registry.local:5000/mirror/todo-event-platform/services')
  for (const [repository, image] of [
    ['localhost/a/b', 'r/a/b:t'],
    ['localhost:5000/b', 'r/b:t'],
    ['team/b', 'r/team/b:t'],
  ])
    expect(
      imagesOf(template('--set', 'imageRegistry=r,image.tag=t', '--set', `image.repository=${repository}`))[0],
    ).toBe(image)
})

withHelm('the CRD is applied before each install and upgrade, by an account that may do nothing else', () => {
  const hooks = template().filter(each => hookOf(each) === 'pre-install,pre-upgrade')
  expect(hooks.map(({ kind }) => kind).sort()).toEqual(['ClusterRole', 'ClusterRoleBinding', 'Job', 'ServiceAccount'])
  const [role] = only(hooks, 'ClusterRole')
  expect(role!['rules']).toEqual([
    {
      apiGroups: ['apiextensions.k8s.io'],
      resources: ['customresourcedefinitions'],
      resourceNames: ['todoeventplatforms.todo.events'],
      verbs: ['get', 'patch', 'create'],
    },
  ])
  const [{ spec }] = podsOf(only(hooks, 'Job')) as [ReturnType<typeof podsOf>[number]]
  expect([spec.containers[0].args, spec.serviceAccountName]).toEqual([
    ['apply-crds'],
    only(hooks, 'ServiceAccount')[0]!.metadata.name,
  ])
  const weight = (kind: string): number => Number(only(hooks, kind)[0]!.metadata.annotations!['helm.sh/hook-weight'])
  expect(weight('Job')).toBeGreaterThan(weight('ClusterRoleBinding'))
  expect(weight('ClusterRoleBinding')).toBeGreaterThan(weight('ClusterRole'))
  expect(template('--set', 'crds.upgrade=false').filter(each => hookOf(each)?.includes('upgrade'))).toEqual([])
})

withHelm('whoever uninstalls is asked about platforms in the very namespaces that are served', () => {
  const args = (...set: string[]): string[] | undefined =>
    podsOf(template(...set).filter(each => hookOf(each) === 'pre-delete'))[0]?.spec.containers[0].args
  const keep = '--keep=helm rollback todo 1 --namespace todo'
  expect(args()).toEqual(['guard-uninstall', '--namespaces=todo', '--seconds=0', keep])
  expect(args('--set', 'watchNamespaces={a,b}', '--set', 'uninstall.waitSeconds=60')).toEqual([
    'guard-uninstall',
    '--namespaces=a,b',
    '--seconds=60',
    keep,
  ])
  expect(args('--set', 'clusterWide=true')).toEqual(['guard-uninstall', '--namespaces=', '--seconds=0', keep])
  expect(args('--set', 'uninstall.guard=false')).toBeUndefined()
})

withHelm('pods of hooks are not among those of the controller', () => {
  const objects = template()
  const selector = only(objects, 'Service')[0]!['spec'].selector as Record<string, string>
  expect(deployment(objects)['spec'].selector.matchLabels).toEqual(selector)
  for (const { name, metadata } of podsOf(objects)) {
    const { labels } = metadata as { labels: Record<string, string> }
    const selected = Object.entries(selector).every(([key, value]) => labels[key] === value)
    expect([name, selected]).toEqual([name, name === deployment(objects).metadata.name])
  }
})

withHelm.each(['Development', 'Production'])('the %s profile renders a platform beside the operator', profile => {
  const platform = only(
    template('--set', 'platform.enabled=true', '--set', `platform.profile=${profile}`),
    'TodoEventPlatform',
  )
  expect(platform).toMatchObject([
    {
      metadata: { name: 'todo', namespace: 'todo' },
      spec: { profile, kafka: { strimzi: {} }, database: { cloudnativepg: {} } },
    },
  ])
})

withHelm('what a platform says of its Kafka is not mixed with the default', () => {
  const [platform] = only(
    template(
      '--set',
      'platform.enabled=true,platform.spec.kafka.external.bootstrapServers={k:9092},platform.spec.database.secretRef.name=db,platform.spec.database.secretRef.key=uri',
    ),
    'TodoEventPlatform',
  )
  expect(platform!['spec']).toEqual({
    profile: 'Production',
    kafka: { external: { bootstrapServers: ['k:9092'] } },
    database: { secretRef: { name: 'db', key: 'uri' } },
  })
})

withHelm('the Role grants the kinds the controller writes, each by name, and nothing by wildcard', () => {
  const rules = only(template(), 'Role')[0]!['rules'] as Rule[]
  const granted = rules
    .filter(rule => rule.verbs.includes('delete'))
    .flatMap(rule => rule.resources.map(resource => `${rule.apiGroups[0]}/${resource}`))
  const plural = (kind: string): string => kind.replace(/y$/, 'ie').replace(/ss$/, 'sse').concat('s').toLowerCase()
  const written = CHILD_KINDS.map(
    ({ apiVersion, kind }) => `${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}/${plural(kind)}`,
  )
  // Pods are their Deployments' to make; the operator only deletes those that got no sidecar.
  expect(granted.sort()).toEqual([...written, '/pods'].sort())
  expect(JSON.stringify(rules)).not.toContain('*')
  expect(
    rules.find(
      rule => rule.apiGroups[0] === 'todo.events' && rule.resources[0] === `${KINDS.platform.kind.toLowerCase()}s`,
    )?.verbs,
  ).not.toContain('delete')
})

withHelm('the Lease the operator competes for comes and goes with the release', () => {
  const objects = template()
  const [rules] = only(objects, 'Role')
    .filter(({ metadata }) => metadata.name.endsWith('-lease'))
    .map(role => role['rules'] as Rule[])
  expect(only(objects, 'Lease').map(({ metadata }) => metadata.name)).toEqual(
    rules!.flatMap(({ resourceNames = [] }) => resourceNames),
  )
})

withHelm.each([
  ['replicas=0', /replicas/],
  ['image.repositry=x', /repositry/],
  ['networkPolicy.apiServerPorts={}', /apiServerPorts/],
  ['monitoring.interval=soon', /interval/],
  ['platform.spec.kafak.strimzi=x', /kafak/],
  ['platform.profile=Staging', /profile/],
  ['observability.dashboard.enabled=true', /dashboard/],
])('%s is refused by name', (set, named) => {
  expect(() => template('--set', 'platform.enabled=true,observability.enabled=true', '--set', set)).toThrow(named)
})
