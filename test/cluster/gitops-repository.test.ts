/** The repository that Argo CD reads in `make e2e`, without a cluster. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { findEngine } from '../engines/find.ts'
import type { Anything } from '../support/laptop.ts'
import { OPERATOR, Repository, STRATEGIES } from './gitops-repository.ts'
import { examplePlatform } from './neighbours.ts'
import { following } from './next-release.ts'

const folder = mkdtempSync(join(tmpdir(), 'repository-'))
const repository = new Repository(folder, 'http://git/mine.git')
const platform = examplePlatform('todo', '0.1.0')
repository.writeOverlay(platform)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const apps = (): Anything[] =>
  globSync('examples/gitops/argocd/apps/*.yaml', { cwd: folder })
    .sort()
    .map(file => load(readFileSync(join(folder, file), 'utf8')))

test('it is the tree, with its own address everywhere, and without what the cluster has already', () => {
  expect(existsSync(join(folder, 'Chart.yaml'))).toBe(true)
  expect(existsSync(join(folder, 'node_modules'))).toBe(false)
  expect(apps().map(({ metadata }) => metadata.name)).toEqual(['todo', 'todo-operator', 'todo-platform'])
  for (const { kind, spec } of [...apps(), repository.root()])
    if (kind === 'Application') expect(spec.source.repoURL).toBe('http://git/mine.git')
})

const kubectl = findEngine('kubectl')
if (!kubectl) console.log('the overlay is not built: no kubectl here (make engines gets it)')
const withKubectl = kubectl ? test : test.skip

withKubectl('the overlay is the example platform on the Kafka outside, with its built-in issuer', () => {
  const args = ['kustomize', join(folder, apps().at(-1).spec.source.path)]
  const built = load(execFileSync(kubectl!.command, [...kubectl!.prefix, ...args], { encoding: 'utf8' })) as Anything
  expect(built.metadata).toMatchObject({ name: 'todo', namespace: 'todo' })
  expect(built.spec).toEqual(platform.spec)
})

test('each strategy takes the place of the one before, and nothing is synced by itself until it shall be', () => {
  for (const strategy of STRATEGIES) {
    repository.use(strategy)
    const [, operator] = apps()
    expect(operator.spec.syncPolicy).toEqual({ syncOptions: strategy.syncOptions })
    const compare = operator.metadata.annotations['argocd.argoproj.io/compare-options']
    expect(compare).toBe(strategy.annotations['argocd.argoproj.io/compare-options'])
    expect(operator.metadata.annotations['argocd.argoproj.io/sync-wave']).toBe('-10')
  }
  repository.automate()
  expect(apps()[1].spec.syncPolicy.automated).toEqual({ prune: true, selfHeal: true })
})

test('an upgrade is another version of the chart, and of the values nothing', async () => {
  const before = apps()[1].spec.source.helm
  repository.edit(OPERATOR, ({ spec }) => {
    spec.source.helm.valuesObject.networkPolicy = { enabled: false }
  })
  await repository.release(following('0.1.0'))
  expect(load(readFileSync(join(folder, 'Chart.yaml'), 'utf8'))).toMatchObject({
    version: '0.2.0',
    appVersion: '0.2.0',
  })
  expect(apps()[1].spec.source.helm.valuesObject).toEqual({ ...before.valuesObject, networkPolicy: { enabled: false } })
})
