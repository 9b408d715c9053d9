/**
 * `make conformance`, Dapr: every table against the embedded sidecar and against daprd with its scheduler and Kafka.
 * Prints a line for each row that differs and is not noted, and ends with 1 when there is one, or when the recording is
 * not what daprd answers today.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findEngines } from '../../engines/find.ts'
import { differences } from '../compare.ts'
import { readExceptions, unexpected } from './exceptions.ts'
import { recordings } from './recorded.ts'
import { idsOf, runTable } from './run.ts'
import { startEmbeddedStage, startEngineStage } from './stage.ts'
import { TABLES } from './tables/index.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const tables = TABLES.filter(table => !values.only || values.only.split(',').includes(table.name))
if (tables.length === 0) process.exit(0)
const { missing } = findEngines(['daprd', 'scheduler', 'kafka'])
if (missing.length > 0) {
  console.error(`no ${missing.join(', ')} on this machine: nothing was compared with the real thing (make engines)`)
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'conformance-dapr-'))
const began = performance.now()
const ids = idsOf(TABLES)
const rows = [...ids].map(([row, id]) => [id, row] as const)
const embedded = await startEmbeddedStage(rows)
const engine = await startEngineStage(rows, folder)
const exceptions = readExceptions()
let count = 0
let differing = 0
let unnoted = 0
let stale = 0
try {
  for (const table of tables) {
    const [real, ours] = await Promise.all([runTable(engine, table, ids), runTable(embedded, table, ids)])
    count += table.rows.length
    if (values.record) recordings.write(table.name, real)
    else
      for (const each of differences(table, real, recordings.read(table.name), { ours: 'today', theirs: 'recorded' })) {
        stale++
        console.log(`stale recording: ${each.table}: ${each.row}: ${each.text}`)
      }
    const found = differences(table, ours, real)
    const lines = unexpected(
      table.name,
      found.map(({ row }) => row),
      exceptions,
    )
    differing += found.length
    unnoted += lines.length
    for (const line of lines) console.log(`${table.name}: ${line}`)
    for (const each of found)
      if (values.verbose || lines.some(line => line.startsWith(`${each.row}: `)))
        console.log(`differs: ${each.table}: ${each.row} (${each.rule}): ${each.text}`)
    console.log(`${table.name}: ${table.rows.length} rows, ${found.length} differ`)
  }
} finally {
  await embedded.stop()
  await engine.stop()
  rmSync(folder, { recursive: true, force: true })
}
console.log(
  `Dapr: ${count} rows in ${Math.round((performance.now() - began) / 1000)} s: ${count - differing} answered alike, ${differing} differ, ${unnoted} of them not as noted in exceptions.yaml, ${stale} stale recordings`,
)
process.exit(unnoted + stale > 0 ? 1 : 0)
