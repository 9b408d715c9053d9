/** The chart before linters by others (`make lint-chart` gets them first). */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { root, run, withHelm } from './helm.ts'
import { LINTERS } from './linters.ts'
import { writeSchemas } from './schemas.ts'

const folder = mkdtempSync(join(tmpdir(), 'schemas-'))
const values = join(import.meta.dirname, 'values')
const published = process.env['CRDS'] ?? join(root, '../shared/crds')
const render = (set: string): string =>
  run('template', 'todo', '.', '--namespace', 'todo', '--values', join(values, `${set}.yaml`))

beforeAll(async () => {
  // Kinds of the Prometheus operator are rendered too.
  const files = [...globSync(join(root, 'crds/*.yaml')), ...globSync(join(published, 'prometheus-operator/*.yaml'))]
  await writeSchemas(
    folder,
    files.map(file => load(readFileSync(file, 'utf8')) as KubeObject),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SETS = ['default', ...(existsSync(published) ? ['production'] : [])]
if (SETS.length === 1) console.log(`no CRDs in ${published} (or set CRDS=…): only the default values are looked at`)

describe.each(LINTERS.map(linter => [linter.name, linter] as const))('%s', (name, linter) => {
  const { command } = linter
  if (typeof command !== 'string') console.log(`${name} does not look at the chart: ${command.missing}`)
  const check = typeof command === 'string' ? withHelm : test.skip

  check.each(SETS)('has nothing to say of %s that was not decided otherwise', set => {
    expect(linter.lint(render(set), folder)).toEqual([])
  })

  check('notices a chart that is worse', () => {
    const worse = render('default').replaceAll(/^( *)(readOnlyRootFilesystem: )true/gm, '$1$2false\n$1colour: red')
    expect(linter.lint(worse, folder)).not.toEqual([])
  })
})
