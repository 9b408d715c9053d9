import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DEFECTS, type Defect } from './defects-list.ts'
import { referenceOf, writeReference } from './reference.ts'
import { SCENARIOS } from './scenarios.ts'
import type { Outcome } from './schedule.ts'

/**
 * `node test/fault/defects.ts [--schedules 300] [--only name]`: puts one defect after another into a copy of the sources and
 * runs schedules until one fails. Ends with 1 when fewer than 95 % are caught, or when a defect no longer fits the source.
 */
const { values } = parseArgs({
  options: { schedules: { type: 'string', default: '300' }, only: { type: 'string', default: '' } },
})
const ROOT = join(import.meta.dirname, '../..')
const GOAL = 0.95

const folder = mkdtempSync(join(tmpdir(), 'defects-'))
try {
  process.exitCode = await main()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function main(): Promise<number> {
  for (const part of ['controller', 'src', 'crds', 'test/fault', 'test/support', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const references = join(folder, 'references')
  mkdirSync(references)
  // What is right is what the controller without a defect does.
  for (const { name } of SCENARIOS) writeReference(references, await referenceOf(name))

  const only = new RegExp(values.only)
  const wanted = DEFECTS.filter(({ name }) => only.test(name))
  let caught = 0
  let unfit = 0
  for (const defect of wanted) {
    const found = await hunt(defect, references)
    if (found === 'unfit') unfit++
    else if (found) caught++
    console.log(
      `${found === 'unfit' ? 'UNFIT ' : found ? 'caught' : 'MISSED'}  ${defect.name.padEnd(60)} ${explain(found, defect)}`,
    )
  }
  const share = caught / wanted.length
  console.log(`\n${caught} of ${wanted.length} defects caught (${(share * 100).toFixed(1)} %)`)
  return share >= GOAL && unfit === 0 ? 0 : 1
}

function explain(found: Outcome | 'unfit' | 'crashed' | undefined, { file }: Defect): string {
  if (found === undefined) return ''
  if (found === 'unfit') return `${file} has changed: bring the defect in step with it`
  if (found === 'crashed') return 'the run itself broke'
  return `${found.violations[0]!.split(':').slice(0, 1)}  SEED=${found.name}`
}

async function hunt(defect: Defect, references: string): Promise<Outcome | 'unfit' | 'crashed' | undefined> {
  const path = join(folder, defect.file)
  const source = readFileSync(path, 'utf8')
  if (!source.includes(defect.find)) return 'unfit'
  writeFileSync(
    path,
    source.replace(defect.find, () => defect.replace),
  )
  try {
    const output = await runSchedules(defect.only ?? '', references)
    if (!output.trim().startsWith('{')) return 'crashed'
    return (JSON.parse(output) as { failures: Outcome[] }).failures[0]
  } finally {
    writeFileSync(path, source)
  }
}

function runSchedules(only: string, references: string): Promise<string> {
  const args = ['--json', '--stop-at', '1', '--schedules', values.schedules, '--only', only]
  const child = spawn(process.execPath, ['--no-warnings', join(folder, 'test/fault/main.ts'), ...args], {
    env: { ...process.env, FAULT_REFERENCES: references },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  return new Promise(resolve => child.on('exit', () => resolve(output)))
}
