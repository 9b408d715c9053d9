/** Whole renderings of the chart, for a person to read, and taken by an API server that refuses unknown fields. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { type KubeApi, openKubeApi } from '../../src/local/kube-api/index.ts'
import { expectGolden } from '../support/golden.ts'
import { violations } from '../support/pod-security.ts'
import { strictly } from '../support/strictly.ts'
import { objectsOf, podsOf, root, template, withHelm } from './helm.ts'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const folder = join(import.meta.dirname, 'values')
const SETS = globSync('*.yaml', { cwd: folder }).sort()
const render = (file: string): KubeObject[] => template('--values', join(folder, file))

withHelm.each(SETS)('%s renders as it did', file => {
  const objects = render(file).filter(({ kind }) => kind !== 'CustomResourceDefinition')
  // Dashboards are files of their own.
  for (const object of objects) if (object.kind === 'ConfigMap') object['data'] = Object.keys(object['data'])
  // The same file for every release.
  const ageless = JSON.parse(JSON.stringify(objects).replaceAll(version, 'X.Y.Z')) as unknown[]
  expectGolden(join(import.meta.dirname, 'golden', `${parse(file).name}.golden.yaml`), ageless)
})

withHelm.each(SETS)('every pod of %s is taken by a namespace that enforces Pod Security restricted', file => {
  const pods = podsOf(render(file))
  expect(pods.length).toBeGreaterThan(1)
  for (const { name, ...pod } of pods) expect([name, violations(pod)]).toEqual([name, []])
})

const crds = process.env['CRDS'] ?? join(root, '../shared/crds')
const definitions = existsSync(crds)
  ? globSync(join(crds, '{dapr,prometheus-operator}/**/*.yaml')).flatMap(file => objectsOf(readFileSync(file, 'utf8')))
  : []
if (definitions.length === 0) console.log(`no CRDs in ${crds} (or set CRDS=…): kinds of Prometheus are not validated`)

let api: KubeApi
beforeEach(async () => {
  api = await openKubeApi({ store: 'memory' })
  for (const object of definitions)
    if (object.kind === 'CustomResourceDefinition') await api.client.apply(object as never, { fieldManager: 'test' })
  for (const name of ['todo', 'team-a', 'team-b'])
    await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as never)
})
afterEach(() => api.close())

withHelm.each(SETS)('an API server takes every object of %s, with no field it does not know', async file => {
  const known = new Set(definitions.map(object => object['spec']?.names?.kind))
  const objects = render(file).filter(
    ({ apiVersion, kind }) => !apiVersion.startsWith('monitoring.coreos.com/') || known.has(kind),
  )
  const order = (kind: string): number => (kind === 'CustomResourceDefinition' ? 0 : 1)
  const refused: string[] = []
  for (const object of objects.sort((a, b) => order(a.kind) - order(b.kind))) {
    const why = await strictly(api, object)
    if (why) refused.push(`${object.kind} ${object.metadata.name}: ${why}`)
  }
  expect(refused).toEqual([])
})
