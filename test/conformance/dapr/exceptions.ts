/** The rows in which the embedded sidecar is known to differ from daprd, each with its reason. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'

/** Reason by row, by table. */
export type Exceptions = Readonly<Record<string, Readonly<Record<string, string>>>>

export const readExceptions = (): Exceptions =>
  (load(readFileSync(join(import.meta.dirname, 'exceptions.yaml'), 'utf8')) ?? {}) as Exceptions

/** A line for each row that differs and is not noted, and for each that is noted and differs no longer. */
export function unexpected(table: string, differing: readonly string[], exceptions: Exceptions): string[] {
  const noted = Object.keys(exceptions[table] ?? {})
  return [
    ...differing.filter(row => !noted.includes(row)).map(row => `${row}: differs`),
    ...noted
      .filter(row => !differing.includes(row))
      .map(row => `${row}: is noted as an exception and differs no longer`),
  ]
}
