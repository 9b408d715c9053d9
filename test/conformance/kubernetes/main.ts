/**
 * `make conformance`: every table against the embedded API server and the real one. Prints a line for each row that
 * differs and ends with 1 when there is one, or when the recording is not what the engine answers today.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findEngines } from '../../engines/find.ts'
import { type Difference, differences } from './compare.ts'
import { EXCEPTIONS } from './exceptions.ts'
import { prepare } from './fixtures-run.ts'
import { readRecording, writeRecording } from './recorded.ts'
import { runTable } from './run.ts'
import { TABLES } from './tables/index.ts'
import { startEmbedded, startEngine } from './targets.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, record: { type: 'boolean', default: false }, row: { type: 'string' } },
})
const tables = TABLES.filter(table => !values.only || values.only.split(',').includes(table.name))
const { missing } = findEngines(['etcd', 'kube-apiserver', 'kube-controller-manager'])
if (missing.length > 0) {
  console.error(`no ${missing.join(', ')} on this machine: nothing was compared with the real thing (make engines)`)
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
const started = performance.now()
const embedded = await startEmbedded(folder)
const engine = await startEngine(folder)
const found: Difference[] = []
let rows = 0
let stale = 0
const known = new Map(EXCEPTIONS.map(each => [`${each.table}: ${each.row}`, each]))
try {
  for (const target of [embedded, engine]) await prepare(target)
  for (const table of tables) {
    const only = values.row ? ({ name }: { name: string }) => name.includes(values.row!) : undefined
    const [real, ours] = await Promise.all([runTable(engine, table, only), runTable(embedded, table, only)])
    rows += Object.keys(ours).length
    if (values.record) writeRecording(table.name, real)
    else
      for (const each of differences(table, real, readRecording(table.name), { ours: 'today', theirs: 'recorded' })) {
        stale++
        console.log(`stale recording: ${each.table}: ${each.row}: ${each.text}`)
      }
    const parted = differences(table, ours, real)
    for (const each of parted)
      if (!known.has(`${each.table}: ${each.row}`))
        console.log(`differs: ${each.table}: ${each.row} (${each.rule}): ${each.text}`)
    found.push(...parted)
    console.log(`${table.name}: ${Object.keys(ours).length} rows, ${parted.length} differ`)
  }
} finally {
  await embedded.stop()
  await engine.stop()
  rmSync(folder, { recursive: true, force: true })
}

const unexpected = found.filter(each => !known.has(`${each.table}: ${each.row}`))
for (const each of EXCEPTIONS)
  if (tables.some(({ name }) => name === each.table)) console.log(`exception: ${each.table}: ${each.row}: ${each.reason}`)
const gone = values.row
  ? []
  : EXCEPTIONS.filter(
      each =>
        tables.some(({ name }) => name === each.table) &&
        !found.some(({ table, row }) => table === each.table && row === each.row),
    )
for (const each of gone) console.log(`no exception any more, take it out of the list: ${each.table}: ${each.row}`)
console.log(
  `Kubernetes: ${rows} rows in ${Math.round((performance.now() - started) / 1000)} s: ${unexpected.length} differences, ${found.length - unexpected.length} exceptions, ${stale} stale recordings`,
)
process.exit(unexpected.length + stale + gone.length > 0 ? 1 : 0)
