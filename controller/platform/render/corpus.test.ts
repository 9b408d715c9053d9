/**
 * A platform that names its version keeps its pods when the operator is upgraded: what each release rendered is kept, and
 * every later operator has to render the same.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { dump, load, loadAll } from 'js-yaml'
import packageJson from '../../../package.json' with { type: 'json' }
import { platformOf, SETTINGS, settledFacts } from '../../../test/support/platforms.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { effectiveSpec } from '../effective.ts'
import type { Platform } from '../platform.ts'
import { render } from './index.ts'

const root = join(import.meta.dirname, '../../..')
const corpus = join(import.meta.dirname, 'corpus')
const ours = packageJson.version
/** Until a release is out, what it renders may still be written anew. */
const isOut = (release: string): boolean =>
  !readFileSync(join(root, 'CHANGELOG.md'), 'utf8').includes(`## ${release} (unreleased)`)

const [major, minor, patch] = ours.split('-')[0]!.split('.').map(Number) as [number, number, number]
/** This operator, and those that come after it. */
const OPERATORS = [ours, `${major}.${minor}.${patch + 7}`, `${major}.${minor + 1}.0`]

interface Kept {
  platform: Pick<Platform, 'metadata' | 'spec'>
  /** By `Kind name`. */
  pods: Record<string, unknown>
}

function podsOf({ metadata, spec }: Kept['platform'], operator: string): Kept['pods'] {
  const platform = platformOf(spec, metadata)
  const settings = { ...SETTINGS, version: operator }
  const all = render({ platform, effective: effectiveSpec(platform, operator), facts: settledFacts(), settings })
  const owners = all.map(({ object }) => object).filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
  return Object.fromEntries(
    owners.map(({ kind, metadata: { name }, spec: { template } }) => [`${kind} ${name}`, template]),
  )
}

/** Every platform among the examples, pinned to this release. */
const examples = (): [name: string, Kept['platform']][] =>
  readdirSync(join(root, 'examples'))
    .filter(file => file.endsWith('.yaml'))
    .flatMap(file => {
      const documents = loadAll(readFileSync(join(root, 'examples', file), 'utf8')) as KubeObject[]
      const platform = documents.find(document => document?.kind === 'TodoEventPlatform') as Platform | undefined
      if (!platform) return []
      return [[basename(file, '.yaml'), { metadata: platform.metadata, spec: { ...platform.spec, version: ours } }]]
    })

if (process.env['UPDATE_GOLDEN'] === '1' && !(isOut(ours) && existsSync(join(corpus, ours)))) {
  mkdirSync(join(corpus, ours), { recursive: true })
  for (const [name, platform] of examples()) {
    const kept: Kept = { platform, pods: podsOf(platform, ours) }
    writeFileSync(
      join(corpus, ours, `${name}.golden.yaml`),
      dump(kept, { noRefs: true, lineWidth: 160, sortKeys: true }),
    )
  }
}

const releases = existsSync(corpus) ? readdirSync(corpus) : []

test('this release is kept, with every example', () => {
  expect(releases).toContain(ours)
  expect(readdirSync(join(corpus, ours)).sort()).toEqual(
    examples()
      .map(([name]) => `${name}.golden.yaml`)
      .sort(),
  )
})

describe.each(releases)('release %s', release => {
  test.each(readdirSync(join(corpus, release)))('%s keeps its pods under this operator and later ones', file => {
    const { platform, pods } = load(readFileSync(join(corpus, release, file), 'utf8')) as Kept
    expect(platform.spec.version).toBe(release)
    expect(Object.keys(pods).length).toBeGreaterThan(1)
    for (const operator of OPERATORS) expect({ operator, pods: podsOf(platform, operator) }).toEqual({ operator, pods })
  })
})
