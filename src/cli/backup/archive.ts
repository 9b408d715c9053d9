import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { KubeObject } from '../../../controller/kube/objects.ts'
import { EXIT, Exit } from '../exit.ts'

/**
 * A backup is gzipped lines of JSON: a header; each table, followed by its rows; where each sequence stands; and an end with
 * the digest of everything before, so that half a file is never taken for a whole one. Rows are text of PostgreSQL's own
 * making (`row_to_json`), which JavaScript's numbers would round.
 */
export interface Header {
  format: 'tep-backup/1'
  created_at: string
  /** Release of the program that wrote it. */
  version: string
  /** Migrations the data fits, in their order. */
  migrations: string[]
  /** The platform as it is applied; null: only a database was backed up. */
  platform: KubeObject | null
  /** Its topics as they were, with their configuration. */
  topics: KubeObject[]
}

export type Line =
  | { header: Header }
  /** Rows of this table follow. */
  | { table: string; columns: string[] }
  | { row: string }
  | { sequence: string; value: string }

interface End {
  end: { lines: number; sha256: string }
}

const ROW = '{"row":'
const text = (line: Line): string => ('row' in line ? `${ROW}${line.row}}` : JSON.stringify(line))

/** Writes a file that only its owner may read, whole or not at all. */
export async function writeArchive(file: string, lines: AsyncIterable<Line>): Promise<void> {
  const partial = `${file}.partial`
  try {
    await pipeline(
      Readable.from(withEnd(lines)),
      createGzip(),
      createWriteStream(partial, { mode: 0o600, flags: 'wx' }),
    )
    await rename(partial, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new Exit(
        'TEP5019',
        EXIT.refused,
        `${partial} is there already: another backup writes it, or left it behind`,
      )
    await rm(partial, { force: true })
    throw error
  }
}

async function* withEnd(lines: AsyncIterable<Line>): AsyncGenerator<string> {
  const digest = createHash('sha256')
  let count = 0
  for await (const line of lines) {
    const written = `${text(line)}\n`
    digest.update(written)
    count++
    yield written
  }
  const end: End = { end: { lines: count, sha256: digest.digest('hex') } }
  yield `${JSON.stringify(end)}\n`
}

const broken = (file: string, why: string): Exit =>
  new Exit('TEP5020', EXIT.usage, `${file} is no whole backup: ${why}; take another one`)

/**
 * The lines of a backup, in order. Ends only when the end was read and fits: whoever acts on lines must be able to take it back.
 * @throws Exit TEP5020
 */
export async function* readArchive(file: string): AsyncGenerator<Line> {
  const digest = createHash('sha256')
  let count = 0
  let ended = false
  for await (const line of linesOf(file)) {
    if (ended) throw broken(file, 'something follows its end')
    if (line.startsWith('{"end":')) {
      const { end } = parse(file, line) as unknown as End
      if (end.lines !== count || end.sha256 !== digest.digest('hex')) throw broken(file, 'its digest does not fit')
      ended = true
      continue
    }
    digest.update(`${line}\n`)
    const parsed: Line = line.startsWith(ROW) ? { row: line.slice(ROW.length, -1) } : parse(file, line)
    if (count++ === 0 && !('header' in parsed && parsed.header.format === 'tep-backup/1'))
      throw broken(file, 'it does not begin as one')
    yield parsed
  }
  if (!ended) throw broken(file, 'it has no end')
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const unzipped = createGunzip()
  createReadStream(file)
    .on('error', error => unzipped.destroy(error))
    .pipe(unzipped)
  let kept = ''
  try {
    for await (const chunk of unzipped.setEncoding('utf8')) {
      const lines = (kept + chunk).split('\n')
      kept = lines.pop()!
      yield* lines
    }
  } catch (error) {
    throw broken(file, (error as Error).message)
  }
  if (kept) yield kept
}

function parse(file: string, line: string): Line {
  try {
    return JSON.parse(line) as Line
  } catch {
    throw broken(file, 'a line is no JSON')
  }
}
