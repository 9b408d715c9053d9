import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFECTS, type Defect } from './defects-list.ts'
import type { SoakResult } from './run.ts'

const ROOT = join(import.meta.dirname, '../..')
const SEEDS = 3
/** Soaks at once: most of one is waiting. */
const PARALLEL = 2

/**
 * `node test/soak/defects.ts [text in a name]`: soaks the sources as they are, then with one safeguard after another taken out. Ends with 1
 * when a soak without a safeguard passes, or the one with all of them does not.
 */
const left: (Defect | undefined)[] = [undefined, ...DEFECTS.filter(({ name }) => name.includes(process.argv[2] ?? ''))]
let wrong = 0
await Promise.all(Array.from({ length: PARALLEL }, work))
process.exitCode = wrong ? 1 : 0

/** Each in a copy of its own. */
async function work(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'soak-'))
  try {
    for (const part of ['src', 'test/soak', 'test/support', 'test/fault', 'controller', 'package.json'])
      cpSync(join(ROOT, part), join(folder, part), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    while (left.length) {
      const defect = left.shift()
      const found = defect ? await taken(folder, defect) : await faults(folder, 1)
      if (Boolean(defect) !== Boolean(found)) wrong++
      const word = defect ? (found ? 'caught' : 'MISSED') : found ? 'FAILED' : 'passed'
      console.log(`${word}  ${defect?.name ?? 'as it is'}${found ? ` (${found})` : ''}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @returns what the soak says of the first seed by which it notices */
async function taken(folder: string, { file, find, replace }: Defect): Promise<string | undefined> {
  const path = join(folder, file)
  const source = readFileSync(path, 'utf8')
  if (!source.includes(find)) throw new Error(`${file} has changed: bring the defect in step with it`)
  writeFileSync(
    path,
    source.replace(find, () => replace),
  )
  try {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const found = await faults(folder, seed)
      if (found) return found
    }
    return undefined
  } finally {
    writeFileSync(path, source)
  }
}

/** @returns what a soak found; undefined when it passes */
function faults(folder: string, seed: number): Promise<string | undefined> {
  const network = ['--duplicates', '0.2', '--reorder', '0.2', '--lost-replies', '0.1']
  const size = ['--commands', '300', '--kills', '1', '--clients', '8', '--drain', '90', '--seed', String(seed)]
  const child = spawn(process.execPath, ['--no-warnings', join(folder, 'test/soak/main.ts'), ...network, ...size], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  return new Promise(done =>
    child.on('close', code => {
      if (code === 0) return done(undefined)
      const { lost, duplicated, reordered, settled, examples } = JSON.parse(text || '{}') as Partial<SoakResult>
      if (lost === undefined) return done('it ended before anything was judged')
      const rest = settled ? '' : ', not at rest'
      done(`${lost} lost, ${duplicated} duplicated, ${reordered} reordered${rest}: ${examples![0] ?? ''}`)
    }),
  )
}
