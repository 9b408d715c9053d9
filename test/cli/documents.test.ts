/** The page of the command line is what the program says of itself, and its examples run. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pageOf } from '../../src/cli/document.ts'
import { EXIT } from '../../src/cli/exit.ts'
import { tepProgram } from '../../src/cli/program.ts'
import { processTerminal } from '../../src/cli/terminal.ts'
import { root } from '../support/laptop.ts'
import { tep } from '../support/tep.ts'

const page = readFileSync(join(root, 'docs/cli.md'), 'utf8')

test('docs/cli.md is what the program says; make generate writes it', () => {
  expect(page).toBe(pageOf(tepProgram({ ...processTerminal(), env: {} })))
})

test('every exit code has its line', () => {
  for (const code of Object.values(EXIT)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'))
})

const [, block] = /```sh tested\n([\s\S]*?)```/.exec(page)!
/** Words as a shell splits them: single quotes are all the examples use. */
const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)

test.each(block!.trim().split('\n'))('%s', async line => {
  const args = words(line)
    .slice(1)
    .map(word => (word.startsWith('examples') ? join(root, word) : word))
  const { code, out, err } = await tep(args)
  expect([code, err.includes('TEP')]).toEqual([0, false])
  expect(out).not.toBe('')
})

describe('init', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tep-init-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test.each([
    [[]],
    [['--profile', 'Production', '--database', 'secretRef', '--name', 'shop', '--namespace', 'shop']],
    [['--kafka', 'external']],
  ])('writes what validate takes: %j', async more => {
    const { code, out } = await tep(['init', folder, '--yes', ...more])
    expect([code, out]).toEqual([0, expect.stringContaining('kubectl apply')])
    expect(await tep(['validate', folder, '-o', 'json'])).toMatchObject({ code: 0, out: '[]' })
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('.tep/\ntep-bundle/\n')
  })

  test('never writes over what is there, unless told to; names what is no name', async () => {
    await tep(['init', folder, '--yes'])
    expect(await tep(['init', folder, '--yes'])).toMatchObject({ code: 8, err: expect.stringContaining('TEP5019') })
    expect((await tep(['init', folder, '--yes', '--force', '--name', 'other'])).code).toBe(0)
    expect(readFileSync(join(folder, 'platform.yaml'), 'utf8')).toContain('name: other')
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('.tep/\ntep-bundle/\n')
    expect(await tep(['init', join(folder, 'b'), '--yes', '--name', 'No Name'])).toMatchObject({ code: 2 })
  })
})

const plugin = join(root, 'dist/kubectl-tep')
if (!existsSync(plugin)) console.log('the plugin of kubectl is not run: nothing is built')
;(existsSync(plugin) ? test : test.skip)('kubectl-tep is tep, and calls itself as people do', () => {
  expect(execFileSync(plugin, ['--help'], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } })).toMatch(
    /^Usage: kubectl tep /,
  )
})
