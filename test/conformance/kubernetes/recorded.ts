/** The engine's answers as files of this repository: what the embedded server is compared with where no engine is. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KUBERNETES_VERSION } from '../../engines/bundles.ts'
import type { Recording } from './run.ts'

const folder = join(import.meta.dirname, 'recorded')
const fileOf = (table: string) => join(folder, `${table}.golden.json`)

/** Which program answered. */
export const ENGINE = `kube-apiserver ${KUBERNETES_VERSION}`

/** Throws when there is no recording of the table, or one of another version. */
export function readRecording(table: string): Recording {
  if (!existsSync(fileOf(table)))
    throw new Error(`no recording of the table ${table}: make conformance RECORD=1 makes it from the engine`)
  const { engine, rows } = JSON.parse(readFileSync(fileOf(table), 'utf8')) as { engine: string; rows: Recording }
  if (engine !== ENGINE) throw new Error(`the recording of ${table} is of ${engine}, not of ${ENGINE}`)
  return rows
}

/** A row a line, so that a person can read the difference of two recordings. */
export function writeRecording(table: string, recording: Recording): void {
  mkdirSync(folder, { recursive: true })
  const rows = Object.entries(recording).map(([name, answers]) => `${JSON.stringify(name)}: ${JSON.stringify(answers)}`)
  writeFileSync(fileOf(table), `{"engine": ${JSON.stringify(ENGINE)}, "rows": {\n${rows.join(',\n')}\n}}\n`)
}
