import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One safeguard of the data plane taken out, as a change of the source. */
interface Defect {
  name: string
  file: string
  find: string
  replace: string
}

const DEFECTS: readonly Defect[] = [
  {
    name: 'no inbox: every delivery has its effect',
    file: 'src/kit/inbox.ts',
    find: 'return rows.length > 0\n',
    replace: 'return rows.length >= 0\n',
  },
  {
    name: 'no sequence guard: the last event to come wins',
    file: 'src/services/analytics/main.ts',
    find: 'WHERE excluded.version > t.version OR',
    replace: 'WHERE true OR',
  },
  {
    name: 'no retry: what could not be published counts as published',
    file: 'src/kit/relay.ts',
    find: 'const done = rows.filter(row => !failures.has(row.id))',
    replace: 'const done = [...rows]',
  },
  {
    name: 'no order: the newest event is published first',
    file: 'src/kit/relay.ts',
    find: 'ORDER BY seq LIMIT',
    replace: 'ORDER BY seq DESC LIMIT',
  },
  {
    name: 'no idempotency keys: a repeated request is another request',
    file: 'src/services/backend/idempotency.ts',
    find: 'if (key === undefined)',
    replace: 'if (key !== null)',
  },
  {
    name: 'no sweep: an alarm that was not set never rings',
    file: 'src/services/notification/sweeper.ts',
    find: 'repeat(everyMs, log, async () => {',
    replace: 'repeat(everyMs, log, async () => {\n    if (everyMs > 0) return',
  },
]

const ROOT = join(import.meta.dirname, '../..')
const SEEDS = 3

/**
 * `node test/soak/defects.ts [text in a name]`: soaks the sources as they are, then with one safeguard after another taken out. Ends with 1
 * when a soak without a safeguard passes, or the one with all of them does not.
 */
const folder = mkdtempSync(join(tmpdir(), 'soak-'))
try {
  for (const part of ['src', 'test/soak', 'test/support', 'test/fault', 'controller', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  let wrong = 0
  const sound = await passes(1)
  console.log(`${sound ? 'passed' : 'FAILED'}  as it is`)
  if (!sound) wrong++
  for (const defect of DEFECTS.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
    const caught = await isCaught(defect)
    console.log(`${caught ? 'caught' : 'MISSED'}  ${defect.name}`)
    if (!caught) wrong++
  }
  process.exitCode = wrong ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function isCaught({ file, find, replace }: Defect): Promise<boolean> {
  const path = join(folder, file)
  const source = readFileSync(path, 'utf8')
  if (!source.includes(find)) throw new Error(`${file} has changed: bring the defect in step with it`)
  writeFileSync(
    path,
    source.replace(find, () => replace),
  )
  try {
    for (let seed = 1; seed <= SEEDS; seed++) if (!(await passes(seed))) return true
    return false
  } finally {
    writeFileSync(path, source)
  }
}

function passes(seed: number): Promise<boolean> {
  const faults = ['--duplicates', '0.2', '--reorder', '0.2', '--lost-replies', '0.1']
  const size = ['--commands', '300', '--kills', '1', '--clients', '8', '--drain', '90', '--seed', String(seed)]
  const child = spawn(process.execPath, ['--no-warnings', join(folder, 'test/soak/main.ts'), ...faults, ...size], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  return new Promise(done => child.on('exit', code => done(code === 0)))
}
