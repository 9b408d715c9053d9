/**
 * Every child of every example is taken by an API server that refuses unknown fields: built-in kinds by the models of
 * Kubernetes’ own OpenAPI document, the others by the definitions their projects release.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load, loadAll } from 'js-yaml'
import { type KubeObject, kindKey } from '../../controller/kube/objects.ts'
import { effectiveSpec } from '../../controller/platform/effective.ts'
import { CHILD_KINDS } from '../../controller/platform/platform.ts'
import { render } from '../../controller/platform/render/index.ts'
import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import { platformCrd } from '../../src/contracts/platform/crd.ts'
import { type KubeApi, openKubeApi } from '../../src/local/kube-api/index.ts'
import { platformOf, SETTINGS, settledFacts } from '../support/platforms.ts'
import { strictly } from '../support/strictly.ts'

const root = join(import.meta.dirname, '../..')
const folder = process.env['CRDS'] ?? join(root, '../shared/crds')
const definitions = existsSync(folder)
  ? globSync(join(folder, '**/*.yaml')).flatMap(file => loadAll(readFileSync(file, 'utf8')) as KubeObject[])
  : []
if (definitions.length === 0) console.log(`no CRDs in ${folder} (or set CRDS=…): only built-in kinds are validated`)

const everything = load(readFileSync(join(root, 'examples/everything.yaml'), 'utf8')) as { spec: PlatformSpec }
const EXAMPLES: Record<string, Partial<PlatformSpec>> = {
  everything: everything.spec,
  development: {},
  production: { profile: 'Production', auth: { issuer: 'https://id.example.com' } },
  'an Ingress and snapshots': {
    ...everything.spec,
    ingress: { host: 'todo.example.com', className: 'nginx', tlsSecretName: 'tls' },
    database: { cloudnativepg: { backup: { schedule: '0 0 3 * * *' } } },
  },
  'a Kafka and a database of others': {
    profile: 'Production',
    kafka: { strimzi: { clusterRef: { name: 'shared', namespace: 'kafka' } } },
    database: { secretRef: { name: 'db', key: 'uri' } },
  },
}

let api: KubeApi
beforeAll(async () => {
  api = await openKubeApi({ store: 'memory' })
  for (const object of [...definitions, platformCrd as unknown as KubeObject])
    if (object?.kind === 'CustomResourceDefinition') await api.client.apply(object as never, { fieldManager: 'test' })
  for (const name of ['todo', 'kafka'])
    await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as never)
})
afterAll(() => api.close())

const builtIn = ['', 'apps', 'batch', 'policy', 'networking.k8s.io', 'autoscaling']
const known = new Set(
  definitions
    .filter(({ kind }) => kind === 'CustomResourceDefinition')
    .map(({ spec }) => `${spec.names.kind}.${spec.group}`),
)
const canCheck = ({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean =>
  builtIn.includes(apiVersion.split('/').slice(0, -1).join('/')) || known.has(kindKey({ apiVersion, kind }))

const left = CHILD_KINDS.filter(kind => !canCheck(kind)).map(kindKey)
if (left.length > 0) console.log(`not validated, their CRDs are not at hand: ${left.join(', ')}`)

test.each(Object.entries(EXAMPLES))(
  'every child of %s is taken by a server that refuses unknown fields',
  async (_, spec) => {
    const platform = platformOf(spec)
    const all = render({
      platform,
      effective: effectiveSpec(platform, '0.1.0'),
      facts: settledFacts(),
      settings: SETTINGS,
    })
    const refused: string[] = []
    let checked = 0
    for (const { object } of all.filter(each => canCheck(each.object))) {
      const why = await strictly(api, object)
      if (why) refused.push(`${object.kind} ${object.metadata.name}: ${why}`)
      checked++
    }
    expect(refused).toEqual([])
    expect(checked).toBeGreaterThan(40)
  },
)

test('the server this is held against does refuse what it does not know', async () => {
  const platform = platformOf({ networkPolicy: { enabled: true } })
  const effective = effectiveSpec(platform, '0.1.0')
  const [policy] = render({ platform, effective, facts: settledFacts(), settings: SETTINGS })
    .map(({ object }) => structuredClone(object))
    .filter(({ kind }) => kind === 'NetworkPolicy')
  policy!['spec'].podSelektor = {}
  expect(await strictly(api, policy!)).toContain('podSelektor')
})
