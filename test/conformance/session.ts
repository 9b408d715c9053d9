/**
 * What `make conformance` does for each real thing: every table against the embedded part and against the engine. Prints a
 * line for each row that differs.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type EngineName, missingEngines } from '../engines/find.ts'
import { differences, type Recording, type Rules } from './compare.ts'
import type { Recordings } from './recorded.ts'

/** Both sides, running. */
export interface Sides<Table> {
  embedded(table: Table): Promise<Recording>
  engine(table: Table): Promise<Recording>
  /** Why this engine cannot be asked about a table; absent: it can. */
  lacks?(table: Table): Promise<string | undefined>
  stop(): Promise<void>
}

export interface Subject<Table extends Rules> {
  name: string
  needs: readonly EngineName[]
  tables: readonly Table[]
  recordings: Recordings
  /** @param folder for its files; it is removed afterwards */
  open(folder: string): Promise<Sides<Table>>
}

/** @returns the exit code: 1 for a difference, a recording that is stale, or no engine to compare with */
export async function compareLive<Table extends Rules>(subject: Subject<Table>): Promise<0 | 1> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      record: { type: 'boolean', default: false },
    },
  })
  const tables = subject.tables.filter(({ name }) => !values.only || values.only.split(',').includes(name))
  if (tables.length === 0) return 0
  const missing = missingEngines(subject.needs)
  if (missing.length > 0) {
    console.error(`no ${missing.join(', ')} on this machine: nothing was compared with the real thing (make engines)`)
    return 1
  }
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  const began = performance.now()
  const sides = await subject.open(folder)
  const sum = { rows: 0, differing: 0, stale: 0 }
  try {
    for (const table of tables) {
      const lacking = await sides.lacks?.(table)
      if (lacking) {
        console.log(`${table.name}: not compared: ${lacking}`)
        continue
      }
      const [theirs, ours] = await Promise.all([sides.engine(table), sides.embedded(table)])
      if (values.record) subject.recordings.write(table.name, theirs)
      else sum.stale += tellStale(table, theirs, subject.recordings)
      const differing = differences(table, ours, theirs)
      sum.rows += table.rows.length
      sum.differing += differing.length
      for (const { row, rule, text } of differing) console.log(`differs: ${table.name}: ${row} (${rule}): ${text}`)
      console.log(`${table.name}: ${table.rows.length} rows, ${differing.length} differ`)
    }
  } finally {
    await sides.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const { rows, differing, stale } = sum
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(
    `${subject.name}: ${rows} rows in ${seconds} s: ${rows - differing} answered alike, ${differing} differ, ${stale} stale recordings`,
  )
  return differing + stale > 0 ? 1 : 0
}

function tellStale(table: Rules, today: Recording, recordings: Recordings): number {
  const stale = differences(table, today, recordings.read(table.name), { ours: 'today', theirs: 'recorded' })
  for (const { table: name, row, text } of stale) console.log(`stale recording: ${name}: ${row}: ${text}`)
  return stale.length
}
