/** The engines' answers as files of this repository: what the embedded parts are compared with where no engine is. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Recording } from './compare.ts'

export interface Recordings {
  /** Which program answered. */
  readonly engine: string
  /** Throws when there is no recording of the table, or one of another version. */
  read(table: string): Recording
  write(table: string, recording: Recording): void
}

/** The recordings in `folder`, of `engine` (name and version). */
export function recordingsIn(folder: string, engine: string): Recordings {
  const fileOf = (table: string) => join(folder, `${table}.golden.json`)
  return {
    engine,
    read(table) {
      if (!existsSync(fileOf(table)))
        throw new Error(`no recording of the table ${table}: make conformance RECORD=1 makes it from the engine`)
      const recorded = JSON.parse(readFileSync(fileOf(table), 'utf8')) as { engine: string; rows: Recording }
      if (recorded.engine !== engine)
        throw new Error(`the recording of ${table} is of ${recorded.engine}, not of ${engine}`)
      return recorded.rows
    },
    // A row a line, so that a person can read the difference of two recordings.
    write(table, recording) {
      mkdirSync(folder, { recursive: true })
      const rows = Object.entries(recording).map(
        ([name, answers]) => `${JSON.stringify(name)}: ${JSON.stringify(answers)}`,
      )
      writeFileSync(fileOf(table), `{"engine": ${JSON.stringify(engine)}, "rows": {\n${rows.join(',\n')}\n}}\n`)
    },
  }
}
