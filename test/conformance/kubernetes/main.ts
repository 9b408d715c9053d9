/**
 * `make conformance`: every table against the embedded API server and the real one. Prints a line for each row that
 * differs otherwise than noted (every row that differs with --verbose) and ends with 1 when there is one, or when the
 * recording is not what the engine answers today.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findEngines } from '../../engines/find.ts'
import { differences } from '../compare.ts'
import { type Exceptions, exceptionsIn, readExceptions, summary, unexpected } from './exceptions.ts'
import { prepare } from './fixtures-run.ts'
import { recordings } from './recorded.ts'
import { runTable } from './run.ts'
import { TABLES } from './tables/index.ts'
import { startEmbedded, startEngine } from './targets.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
    row: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
const tables = TABLES.filter(table => !values.only || values.only.split(',').includes(table.name))
if (tables.length === 0) process.exit(0)
const { missing } = findEngines(['etcd', 'kube-apiserver', 'kube-controller-manager'])
if (missing.length > 0) {
  console.error(`no ${missing.join(', ')} on this machine: nothing was compared with the real thing (make engines)`)
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
const started = performance.now()
const embedded = await startEmbedded(folder)
const engine = await startEngine(folder)
const noted = readExceptions()
const found: Record<string, Exceptions> = {}
let rows = 0
let unnoted = 0
let stale = 0
try {
  for (const target of [embedded, engine]) await prepare(target)
  for (const table of tables) {
    const only = values.row ? ({ name }: { name: string }) => name.includes(values.row!) : undefined
    const [real, ours] = await Promise.all([runTable(engine, table, only), runTable(embedded, table, only)])
    rows += Object.keys(ours).length
    if (values.record) recordings.write(table.name, real)
    else
      for (const each of differences(table, real, recordings.read(table.name), { ours: 'today', theirs: 'recorded' })) {
        stale++
        console.log(`stale recording: ${each.table}: ${each.row}: ${each.text}`)
      }
    const parted = exceptionsIn(ours, real)
    found[table.name] = parted
    const lines = unexpected(parted, noted[table.name] ?? {}, Object.keys(ours))
    unnoted += lines.length
    for (const line of lines) console.log(`${table.name}: ${line}`)
    for (const each of differences(table, ours, real))
      if (values.verbose || lines.some(line => line.startsWith(`${each.row}: `)))
        console.log(`differs: ${each.table}: ${each.row} (${each.rule}): ${each.text}`)
    console.log(`${table.name}: ${Object.keys(ours).length} rows, ${Object.keys(parted).length} differ`)
  }
} finally {
  await embedded.stop()
  await engine.stop()
  rmSync(folder, { recursive: true, force: true })
}

for (const line of summary(Object.values(found))) console.log(line)
const excepted = Object.values(found).flatMap(each => Object.keys(each)).length
console.log(
  `Kubernetes: ${rows} rows in ${Math.round((performance.now() - started) / 1000)} s: ${rows - excepted} answered alike, ${excepted} differ, ${unnoted} of them not as noted in exceptions.golden.yaml, ${stale} stale recordings`,
)
process.exit(unnoted + stale > 0 ? 1 : 0)
