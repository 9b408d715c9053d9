/** What runs in public is what `.ci/run` runs, by actions that cannot be changed under it. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { root } from './support/laptop.ts'

interface Workflow {
  permissions: Record<string, string>
  jobs: Record<string, { steps: { uses?: string; run?: string; with?: Record<string, unknown> }[] }>
}
const files = globSync('.github/workflows/*.yaml', { cwd: root }).sort()

test.each(files)('%s pins its actions, may only read by default, keeps no credentials, and runs .ci/run', file => {
  const text = readFileSync(join(root, file), 'utf8')
  const { permissions, jobs } = load(text) as Workflow
  expect(permissions).toEqual({ contents: 'read' })
  const steps = Object.values(jobs).flatMap(job => job.steps)
  for (const { uses, with: input } of steps) {
    if (!uses) continue
    expect(uses).toMatch(/^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/)
    if (uses.startsWith('actions/checkout@')) expect(input).toMatchObject({ 'persist-credentials': false })
  }
  expect([...text.matchAll(/uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/gm)]).toHaveLength(
    steps.filter(({ uses }) => uses).length,
  )
  expect(steps.filter(({ run }) => run === '.ci/run')).toHaveLength(1)
})

test('what a release uploads is signed before, all of it', () => {
  const { steps } = (load(readFileSync(join(root, '.github/workflows/release.yaml'), 'utf8')) as Workflow).jobs[
    'bundle'
  ]!
  const at = (part: RegExp): number => steps.findIndex(({ run }) => part.test(run ?? ''))
  const signs = at(/^for file in dist\/\*\.tar; do cosign sign-blob /)
  expect([at(/^make bundle$/) < signs, signs < at(/^gh release upload /)]).toEqual([true, true])
  expect(steps[at(/^gh release upload /)]!.run).toMatch(
    /dist\/\*\.tar dist\/\*\.tar\.sha256 dist\/\*\.tar\.sigstore\.json$/,
  )
})
