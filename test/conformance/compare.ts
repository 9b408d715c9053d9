/** The first place where two recordings of a row part, and how many there are. */
import { canonical, equal, type Json, type JsonObject } from '../../src/local/kube-api/json.ts'

/** What is compared of one answer. */
export interface Recorded {
  request: string
  status: number
  /** Only what a rule is about. */
  headers: Record<string, string>
  body: Json
}

/** Answers by row. */
export type Recording = Record<string, Recorded[]>

/** What a difference tells of a table. */
export interface Rules {
  name: string
  rows: readonly { name: string; rule: string }[]
}

export interface Difference {
  table: string
  row: string
  rule: string
  /** One line. */
  text: string
}

interface Place {
  path: string
  ours: Json | undefined
  theirs: Json | undefined
}

const isRecord = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** All leaves at which two values differ. */
function places(ours: Json | undefined, theirs: Json | undefined, path = ''): Place[] {
  if (equal(ours, theirs)) return []
  if (isRecord(ours) && isRecord(theirs))
    return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap(key =>
      places(ours[key], theirs[key], path ? `${path}.${key}` : key),
    )
  if (Array.isArray(ours) && Array.isArray(theirs))
    return Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) =>
      places(ours[index], theirs[index], `${path}[${index}]`),
    ).flat()
  return [{ path, ours, theirs }]
}

const short = (value: Json | undefined): string => {
  const text = value === undefined ? 'nothing' : canonical(value)
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}

const asJson = (answers: readonly Recorded[]): Json => answers as unknown as Json

/** One line for each row whose answers differ. `ours` and `theirs` name the two sides in it. */
export function differences(
  table: Rules,
  recorded: Recording,
  reference: Recording,
  names: { ours: string; theirs: string } = { ours: 'embedded', theirs: 'engine' },
): Difference[] {
  return table.rows.flatMap(({ name, rule }) => {
    const ours = recorded[name]
    const theirs = reference[name]
    if (!ours) return []
    if (!theirs) return [{ table: table.name, row: name, rule, text: `${names.theirs} has no answer recorded` }]
    const [first, ...more] = places(asJson(ours), asJson(theirs))
    if (!first) return []
    const step = /^\[(\d+)\]\.?(.*)$/.exec(first.path)
    const where = step
      ? `${theirs[Number(step[1])]?.request ?? ours[Number(step[1])]?.request}: ${step[2]}`
      : first.path
    const text = `${where}: ${names.ours} ${short(first.ours)}, ${names.theirs} ${short(first.theirs)}${more.length > 0 ? ` (and ${more.length} more)` : ''}`
    return [{ table: table.name, row: name, rule, text }]
  })
}
