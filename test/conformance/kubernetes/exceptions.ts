/**
 * What the embedded server is known to answer otherwise than kube-apiserver: few kinds of difference, each with its
 * reason, and the rows of each kind by name in `recorded/exceptions.golden.yaml`. A row that differs and is not there,
 * that is there and differs no longer, or that differs in another way than noted fails the run.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { places, type Recorded, type Recording } from '../compare.ts'
import type { Json } from './row.ts'

/** From the mildest to the gravest; a row is of the gravest kind that one of its answers shows. */
export const REASONS = {
  wording:
    'the same answer in other words: message, causes or details of a refusal with the same code and reason (clients decide by code and reason), or the description of a column of a Table',
  warning: 'the same answer; a Warning header is missing, or there is one too many',
  ownership:
    'the same object; `managedFields` differ in who is noted for a field (entries of parents, of updates that change nothing, of scale)',
  content:
    'both accept; the object, list or stream answered differs beside its ownership (a default, an empty field, an order, the time from which history is thrown away)',
  code: 'both refuse, with another code or reason',
  strict: 'the embedded server refuses what kube-apiserver accepts',
  lenient:
    'the embedded server accepts what kube-apiserver refuses: it does not estimate what the rules of a definition could cost',
} as const
export type Kind = keyof typeof REASONS
export const KINDS = Object.keys(REASONS) as Kind[]

const isWording = /^body(\.failure)?\.(message|details\b.*)$/
const isDescription = /columnDefinitions\[\d+\]\.description$/
const fails = (answer: Recorded | undefined) => (answer?.status ?? 0) >= 400

function kindOfAnswer(ours: Recorded | undefined, theirs: Recorded | undefined): Kind | undefined {
  const paths = places(ours as Json | undefined, theirs as Json | undefined).map(({ path }) => path)
  if (paths.length === 0) return undefined
  if (fails(theirs) && !fails(ours)) return 'lenient'
  if (fails(ours) && !fails(theirs)) return 'strict'
  if (fails(ours)) return paths.every(path => isWording.test(path)) ? 'wording' : 'code'
  if (paths.every(path => isDescription.test(path))) return 'wording'
  if (paths.every(path => path === 'headers.warning')) return 'warning'
  return paths.every(path => path === 'headers.warning' || path.includes('managedFields')) ? 'ownership' : 'content'
}

/** How the answers of a row part; `undefined` when they do not. */
export function kindOf(ours: readonly Recorded[], theirs: readonly Recorded[]): Kind | undefined {
  const kinds = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) =>
    kindOfAnswer(ours[index], theirs[index]),
  )
  return KINDS.findLast(kind => kinds.includes(kind))
}

/** Kind of difference by row. */
export type Exceptions = Readonly<Record<string, Kind>>

/** The rows that differ, and how. Throws on a row that `theirs` has no answer to. */
export function exceptionsIn(ours: Recording, theirs: Recording): Exceptions {
  return Object.fromEntries(
    Object.entries(ours).flatMap(([row, answers]) => {
      const reference = theirs[row]
      if (!reference) throw new Error(`no answer of the engine is recorded for ${row}: make conformance RECORD=1`)
      const kind = kindOf(answers, reference)
      return kind ? [[row, kind] as const] : []
    }),
  )
}

export const EXCEPTIONS_FILE = join(import.meta.dirname, 'recorded', 'exceptions.golden.yaml')

/** The noted exceptions by table. */
export function readExceptions(): Readonly<Record<string, Exceptions>> {
  if (!existsSync(EXCEPTIONS_FILE)) return {}
  return load(readFileSync(EXCEPTIONS_FILE, 'utf8')) as Record<string, Exceptions>
}

/** A line for each row whose difference is not the noted one. */
export function unexpected(found: Exceptions, noted: Exceptions, rows: readonly string[]): string[] {
  return rows.flatMap(row => {
    if (found[row] === noted[row]) return []
    if (!noted[row]) return [`${row}: differs (${found[row]})`]
    if (!found[row]) return [`${row}: is noted as an exception (${noted[row]}) and differs no longer`]
    return [`${row}: is noted as ${noted[row]} and now is ${found[row]}`]
  })
}

/** The short list: a line for each kind with its number of rows. */
export function summary(all: readonly Exceptions[]): string[] {
  const kinds = all.flatMap(each => Object.values(each))
  return KINDS.map(kind => `exception ${kind}: ${kinds.filter(each => each === kind).length} rows: ${REASONS[kind]}`)
}
