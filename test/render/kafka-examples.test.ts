/** The examples of each kind of Kafka: what they render, and that servers which refuse unknown fields take it. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { effectiveSpec } from '../../controller/platform/effective.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import { refuse } from '../../controller/platform/refuse.ts'
import { render } from '../../controller/platform/render/index.ts'
import { platformCrd } from '../../src/contracts/platform/crd.ts'
import { type KubeApi, openKubeApi } from '../../src/local/kube-api/index.ts'
import { expectGolden } from '../support/golden.ts'
import { platformOf, SETTINGS, settledFacts } from '../support/platforms.ts'

const root = join(import.meta.dirname, '../..')
const EXAMPLES = ['platform', 'production-strimzi', 'existing-strimzi', 'redpanda-operator', 'redpanda-cloud']

const exampleOf = (name: string): Platform => {
  const objects = loadAll(readFileSync(join(root, `examples/${name}.yaml`), 'utf8')) as Platform[]
  const platform = objects.find(({ kind }) => kind === 'TodoEventPlatform')!
  return { ...platform, metadata: platformOf({}, platform.metadata).metadata }
}

function childrenOf(name: string): KubeObject[] {
  const platform = exampleOf(name)
  const credentials = {
    billing: { username: 'billing', password: 'x' },
    backend: { username: 'backend', password: 'x' },
  }
  const { kafka } = settledFacts()
  const facts = settledFacts({ kafka: { ...kafka, credentials: { ...kafka.credentials, ...credentials } } })
  const { effective, refused } = refuse(platform, effectiveSpec(platform, '0.1.0'), facts)
  expect(refused).toEqual([])
  return render({ platform, effective, facts, settings: SETTINGS }).map(({ object }) => object)
}

test.each(EXAMPLES)('the children of examples/%s.yaml are those of the golden file', name => {
  expectGolden(join(import.meta.dirname, `golden/${name}.golden.yaml`), childrenOf(name))
})

const folder = process.env['CRDS'] ?? join(root, '../shared/crds')
const definitions = globSync(join(folder, '**/*.yaml')).flatMap(
  file => loadAll(readFileSync(file, 'utf8')) as KubeObject[],
)
if (!existsSync(folder)) console.log(`strict validation is skipped: no CRDs in ${folder} (or set CRDS=…)`)

describe('a server that refuses unknown fields', () => {
  let api: KubeApi
  const plurals = new Map<string, string>()

  beforeAll(async () => {
    api = await openKubeApi({ store: 'memory' })
    for (const crd of [...definitions, platformCrd as unknown as KubeObject]) {
      if (crd?.kind !== 'CustomResourceDefinition') continue
      plurals.set(`${crd['spec'].group}/${crd['spec'].names.kind}`, crd['spec'].names.plural)
      await api.client.apply(crd as never, { fieldManager: 'test' })
    }
    for (const name of ['todo', 'kafka', 'redpanda'])
      await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as never)
  })
  afterAll(() => api.close())

  /** Why the server would not take it; `undefined` when it does. Kinds without a definition at hand are not asked about. */
  async function refusal({ apiVersion, kind, metadata, ...rest }: KubeObject): Promise<string | undefined> {
    const plural = plurals.get(`${apiVersion.split('/')[0]}/${kind}`)
    if (!plural) return undefined
    const { status, body } = (await api.handle({
      method: 'PATCH',
      url: `/apis/${apiVersion}/namespaces/${metadata.namespace}/${plural}/${metadata.name}?fieldManager=test&force=true&fieldValidation=Strict`,
      headers: { 'content-type': 'application/apply-patch+yaml' },
      // By JSON text: CEL takes no arrays of another realm, which structuredClone makes under jest.
      body: JSON.parse(JSON.stringify({ apiVersion, kind, metadata, ...rest })),
    })) as { status: number; body?: { message?: string } }
    return status < 300 ? undefined : `${kind} ${metadata.name}: ${body?.message}`
  }

  test.each(EXAMPLES)('takes examples/%s.yaml itself, and each of its children', async name => {
    const { apiVersion, kind, spec } = exampleOf(name)
    const example = { apiVersion, kind, metadata: { name: `example-${name}`, namespace: 'todo' }, spec }
    const answers = await Promise.all([example, ...childrenOf(name)].map(refusal))
    expect(answers.filter(answer => answer !== undefined)).toEqual([])
  })

  test('refuses what it does not know', async () => {
    const [child] = childrenOf('platform').filter(
      ({ kind }) => plurals.has(`kafka.strimzi.io/${kind}`) && kind === 'Kafka',
    )
    if (child) expect(await refusal({ ...child, spec: { ...child['spec'], zookeeper: {} } })).toMatch(/zookeeper/)
  })
})
