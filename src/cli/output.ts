import { type Command, Option } from 'commander'
import { dump } from 'js-yaml'

export const FORMATS = ['text', 'json', 'yaml'] as const
export type Format = (typeof FORMATS)[number]

/** `-o`, as kubectl has it. */
export const outputOption = (formats: readonly string[] = FORMATS): Option =>
  new Option('-o, --output <format>', 'for people or for programs').choices([...formats]).default('text')

export const withOutput = (command: Command, formats?: readonly string[]): Command =>
  command.addOption(outputOption(formats))

export const yamlOf = (value: unknown): string => dump(value, { noRefs: true, lineWidth: -1, sortKeys: true })

/** A value for programs; without a line feed at its end. */
export const structured = (value: unknown, format: 'json' | 'yaml'): string =>
  format === 'json' ? JSON.stringify(value, null, 2) : yamlOf(value).trimEnd()

/** Columns as wide as their widest cell, two spaces between them. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)).concat(all.slice(row.length)),
    [],
  )
  return rows.map(row =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}
