import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import type { KubeObject } from '../controller/kube/objects.ts'
import { CHILD_KINDS, KINDS } from '../controller/platform/platform.ts'

const root = join(import.meta.dirname, '..')

/** Helm from HELM, PATH, or a cache under the home folder. */
function findHelm(): string | undefined {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'single-node-cluster/tools')
  const cached = existsSync(cache) ? readdirSync(cache).map(version => join(cache, version, 'helm')) : []
  const onPath = (process.env['PATH'] ?? '').split(':').map(folder => join(folder, 'helm'))
  return [process.env['HELM'] ?? '', ...onPath, ...cached].find(candidate => candidate !== '' && existsSync(candidate))
}

const helm = findHelm()
if (!helm) console.log('chart tests are skipped: no helm on PATH (install it, or set HELM=/path/to/helm)')
const withHelm = helm ? test : test.skip

const run = (...args: string[]): string =>
  execFileSync(helm!, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const template = (...args: string[]): KubeObject[] =>
  (
    loadAll(run('template', 'todo', '.', '--namespace', 'todo', '--include-crds', ...args)) as (KubeObject | null)[]
  ).filter(object => object !== null)
const only = (objects: KubeObject[], kind: string): KubeObject[] => objects.filter(object => object.kind === kind)

withHelm('lint is clean', () => {
  expect(run('lint', '--strict', '.')).toContain('0 chart(s) failed')
})

withHelm('it installs the CRD, the controller and its account, and a Role for each namespace it serves', () => {
  const objects = template('--set', 'watchNamespaces={a,b}')
  expect(only(objects, 'CustomResourceDefinition').map(object => object.metadata.name)).toEqual([
    'todoeventplatforms.todo.events',
  ])
  expect(only(objects, 'Deployment')).toHaveLength(1)
  expect(only(objects, 'ServiceAccount')).toHaveLength(1)
  expect(only(objects, 'Role').map(role => role.metadata.namespace)).toEqual(['a', 'b', 'todo'])
  expect(only(objects, 'ClusterRole')).toEqual([])
  const [{ env }] = only(objects, 'Deployment')[0]!['spec'].template.spec.containers
  expect(env).toContainEqual({ name: 'WATCH_NAMESPACES', value: 'a,b' })
})

withHelm('pods are asked through the API server only where that is chosen, and only then may they be', () => {
  const mayProxy = (objects: KubeObject[]): boolean => JSON.stringify(only(objects, 'Role')).includes('pods/proxy')
  const probeOf = (objects: KubeObject[]): string =>
    only(objects, 'Deployment')[0]!['spec'].template.spec.containers[0].env.find(
      (each: { name: string }) => each.name === 'PROBE',
    ).value
  for (const [probe, may] of [
    ['direct', false],
    ['none', false],
    ['apiserver', true],
  ] as const) {
    const objects = template('--set', `probe=${probe}`)
    expect([probeOf(objects), mayProxy(objects)]).toEqual([probe, may])
  }
  expect(() => template('--set', 'probe=sometimes')).toThrow()
})

withHelm.each(['Development', 'Production'])('the %s profile renders a platform beside the operator', profile => {
  const platform = only(
    template('--set', 'platform.enabled=true', '--set', `platform.profile=${profile}`),
    'TodoEventPlatform',
  )
  expect(platform).toMatchObject([
    { metadata: { name: 'todo', namespace: 'todo' }, spec: { profile, kafka: { strimzi: {} } } },
  ])
})

withHelm('the Role grants the kinds the controller writes, each by name, and nothing by wildcard', () => {
  const rules = only(template(), 'Role')[0]!['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[]
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
    .map(role => role['rules'] as { resourceNames?: string[] }[])
  expect(only(objects, 'Lease').map(({ metadata }) => metadata.name)).toEqual(
    rules!.flatMap(({ resourceNames = [] }) => resourceNames),
  )
})

withHelm('a value of the wrong kind is refused by name', () => {
  expect(() => template('--set', 'replicas=0')).toThrow(/replicas/)
  expect(() => template('--set', 'image.repositry=x')).toThrow(/repositry/)
})
