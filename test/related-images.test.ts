/** The images a platform needs, as Artifact Hub and a mirror are told them, against those that anything renders. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load, loadAll } from 'js-yaml'
import { effectiveSpec } from '../controller/platform/effective.ts'
import type { Platform } from '../controller/platform/platform.ts'
import { render } from '../controller/platform/render/index.ts'
import { parseSettings } from '../controller/settings.ts'
import { platformCrd } from '../src/contracts/platform/crd.ts'
import { openKubeApi } from '../src/local/kube-api/index.ts'
import { IMAGES } from '../src/offline/bundle.ts'
import { platformOf, settledFacts } from './support/platforms.ts'
import { strictly } from './support/strictly.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const chart = load(read('Chart.yaml')) as { appVersion: string; annotations: Record<string, string> }
const values = load(read('values.yaml')) as { image: { repository: string } }
const listed = load(chart.annotations['artifacthub.io/images']!) as { name: string; image: string }[]

/** Every `image` of every pod, however deep. */
function imagesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) =>
    key === 'image' && typeof each === 'string' ? [each] : imagesIn(each),
  )
}

test('the images the chart lists are those of the operator and of all that the examples render', () => {
  const settings = parseSettings(['node', 'controller'], chart.appVersion)
  const rendered = globSync('examples/*.yaml', { cwd: root }).flatMap(file =>
    (loadAll(read(file)) as Platform[])
      .filter(each => each?.kind === 'TodoEventPlatform')
      .flatMap(({ spec, metadata }) => {
        const platform = platformOf(spec, metadata)
        const effective = effectiveSpec(platform, chart.appVersion)
        return render({ platform, effective, facts: settledFacts(), settings }).flatMap(({ object }) =>
          imagesIn(object),
        )
      }),
  )
  expect(rendered.length).toBeGreaterThan(40)
  const needed = new Set([...rendered, `${values.image.repository}:${chart.appVersion}`])
  expect(listed.map(({ image }) => image).sort()).toEqual([...needed].sort())
  // And the archive for clusters without internet holds the same.
  expect(listed.map(({ name }) => name).sort()).toEqual([...IMAGES].sort())
})

test('resources are set for each service; an image is not, and the API says so by its path', async () => {
  const api = await openKubeApi({ store: 'memory' })
  try {
    await api.client.apply(platformCrd as never, { fieldManager: 'test' })
    await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'todo' } } as never)
    const example = (loadAll(read('examples/platform.yaml')) as Platform[]).find(
      ({ kind }) => kind === 'TodoEventPlatform',
    )!
    const { apiVersion, kind, spec } = example
    const withAudit = (audit: object) =>
      strictly(api, {
        apiVersion,
        kind,
        metadata: { name: 'todo', namespace: 'todo' },
        spec: { ...spec, services: { audit } },
      })
    expect(await withAudit({ resources: { requests: { cpu: '2' } }, verticalAutoscaling: { mode: 'Off' } })).toBe(
      undefined,
    )
    expect(await withAudit({ image: 'example.com/audit:1' })).toMatch(/spec\.services\.audit\.image/)
  } finally {
    api.close()
  }
})
