/** The examples for Argo CD and Flux: what they name exists, comes in order, and is taken by the API server. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { crdOf } from '../../src/contracts/platform/crd.ts'
import { openKubeApi } from '../../src/local/kube-api/index.ts'
import { objectsOf, template, withHelm } from '../chart/helm.ts'
import { DAPR_VERSION } from '../engines/bundles.ts'
import { findEngine } from '../engines/find.ts'
import { type Anything, root } from '../support/laptop.ts'
import { strictly } from '../support/strictly.ts'

const folder = join(root, 'examples/gitops')
const read = (pattern: string): KubeObject[] =>
  globSync(pattern, { cwd: folder })
    .sort()
    .flatMap(file => objectsOf(readFileSync(join(folder, file), 'utf8')))
const argo = read('argocd/{root,applicationset}.yaml').concat(read('argocd/apps/*.yaml'))
const flux = read('flux/*.yaml')

test('every path of this repository that they name exists', () => {
  const paths = [...argo, ...flux].flatMap(object => {
    const spec: Anything = object['spec'] ?? {}
    return [spec.source?.path, spec.path, spec.template?.spec.source.path].filter(Boolean) as string[]
  })
  expect(paths.length).toBe(5)
  for (const path of paths)
    for (const environment of path.includes('{{') ? ['development', 'production'] : [''])
      expect([path, existsSync(join(root, path.replace('{{ .environment }}', environment)))]).toEqual([path, true])
})

test('the waves are: the namespace, Strimzi and Dapr, the operator, the platform', () => {
  const wave = ({ metadata }: KubeObject): number => Number(metadata.annotations!['argocd.argoproj.io/sync-wave'])
  const waves = new Map(read('argocd/apps/*.yaml').map(object => [object.metadata.name, wave(object)]))
  const order = ['todo', 'strimzi', 'todo-operator', 'todo-platform'].map(name => waves.get(name)!)
  expect(order).toEqual([...order].sort((a, b) => a - b))
  expect(new Set(order).size).toBe(4)
  expect(waves.get('dapr')).toBe(waves.get('strimzi'))
})

test('Argo CD and Flux install the same releases with the same values', () => {
  const releases = (objects: KubeObject[]): Anything =>
    objects.flatMap(({ kind, spec }): Anything => {
      if (kind === 'Application' && spec.source.chart)
        return [
          [spec.source.chart, spec.source.targetRevision, spec.source.helm.valuesObject, spec.destination.namespace],
        ]
      const chart = kind === 'HelmRelease' && spec.chart.spec
      return chart && chart.chart !== '.' ? [[chart.chart, chart.version, spec.values, spec.targetNamespace]] : []
    })
  expect(releases(argo)).toEqual(releases(flux))
  expect(releases(argo)).toHaveLength(2)
  expect(JSON.stringify(releases(argo))).toContain(`"dapr","${DAPR_VERSION}"`)
})

withHelm('the chart takes the values they give the operator', () => {
  const values = [...argo, ...flux].flatMap(({ spec }): Anything[] =>
    spec?.source?.path === '.' ? [spec.source.helm.valuesObject] : spec?.chart?.spec.chart === '.' ? [spec.values] : [],
  )
  expect(values).toEqual([{ watchNamespaces: ['todo'] }, { watchNamespaces: ['todo'] }])
  expect(template('--set-json', `watchNamespaces=${JSON.stringify(values[0].watchNamespaces)}`).length).toBeGreaterThan(
    5,
  )
})

const kubectl = findEngine('kubectl')
if (!kubectl) console.log('overlays are not built: no kubectl here (make engines gets it)')
const withKubectl = kubectl ? test : test.skip
const overlays = globSync('platform/overlays/*', { cwd: folder }).sort()

withKubectl.each(overlays)('%s builds to one platform that the API server takes', async overlay => {
  const built = execFileSync(kubectl!.command, [...kubectl!.prefix, 'kustomize', join(folder, overlay)], {
    encoding: 'utf8',
  })
  const objects = objectsOf(built)
  expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([['TodoEventPlatform', 'todo']])
  const api = await openKubeApi({ store: 'memory' })
  try {
    await api.client.apply(crdOf('0.1.0') as never, { fieldManager: 'test' })
    await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'todo' } } as never)
    expect(await strictly(api, objects[0]!)).toBeUndefined()
  } finally {
    await api.close()
  }
})
