import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFECTS, type Defect } from './defects-list.ts'

/**
 * `node test/conformance/defects.ts [text in a name]`: breaks one behaviour after another in a copy of the sources and runs
 * the table of recorded answers. Ends with 1 when one is missed, or no longer fits the source.
 */
const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'conformance-defects-'))

function run(table: Defect['table']): Promise<{ failed: number; passed: number }> {
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    join(folder, 'node_modules/jest/bin/jest.js'),
    '--rootDir',
    folder,
  ]
  const child = spawn(
    process.execPath,
    [...args, '--roots', join(folder, 'test'), '--', `conformance/${table}/embedded`],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk
    })
  }
  const count = (word: string): number => Number(new RegExp(`^Tests:.*?(\\d+) ${word}`, 'm').exec(output)?.[1] ?? 0)
  return new Promise(resolve => child.once('exit', () => resolve({ failed: count('failed'), passed: count('passed') })))
}

async function main(): Promise<number> {
  for (const part of [
    'controller',
    'src',
    'crds',
    'examples',
    'test',
    'package.json',
    'jest.config.mjs',
    'tsconfig.json',
  ])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true, force: true, errorOnExist: false })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const wanted = DEFECTS.filter(({ name }) => name.includes(process.argv[2] ?? ''))
  for (const table of new Set(wanted.map(each => each.table))) {
    const { failed, passed } = await run(table)
    if (failed || !passed)
      throw new Error(`the table ${table} is not whole before anything is broken: ${failed} failed, ${passed} passed`)
    console.log(`whole   ${table}: ${passed} passed`)
  }
  let caught = 0
  for (const { name, table, file, find, replace } of wanted) {
    const path = join(folder, file)
    const source = readFileSync(path, 'utf8')
    if (!source.includes(find)) {
      console.log(`UNFIT   ${name}: ${file} has changed; bring the defect in step with it`)
      continue
    }
    writeFileSync(
      path,
      source.replace(find, () => replace),
    )
    const { failed } = await run(table)
    writeFileSync(path, source)
    if (failed) caught++
    console.log(`${failed ? 'caught ' : 'MISSED '} ${name} (${table}: ${failed} failed)`)
  }
  console.log(`\n${caught} of ${wanted.length} broken behaviours caught`)
  return caught === wanted.length ? 0 : 1
}

try {
  process.exitCode = await main()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
