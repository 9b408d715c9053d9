import { styleText } from 'node:util'
import type { Change, FieldChange } from '../../controller/platform/change.ts'
import type { Changes } from '../../controller/platform/changes.ts'

const SIGNS = { create: '+', update: '~', delete: '-' } as const
const COLOURS = { create: 'green', update: 'yellow', delete: 'red' } as const

/** A plan for people: one line for each child, and one for each field of it that changes. */
export function planText({ changes, conflicts, restarts, refused }: Changes, what: string): string {
  const count = (action: Change['action']): number => changes.filter(change => change.action === action).length
  const parts = [
    changes.length === 0
      ? [`${what}: nothing to change`]
      : [`${what}: ${count('create')} to create, ${count('update')} to change, ${count('delete')} to delete`],
    changes.flatMap(changeLines),
    section(
      'Pods that restart',
      restarts.map(
        ({ kind, name, certainty, reasons }) => `${kind} ${name} ${certainty} restart: ${reasons.join(', ')}`,
      ),
    ),
    section(
      'Taken back from others',
      conflicts.map(({ kind, name, path, manager }) => `${kind} ${name}: ${path} of ${manager}`),
    ),
    section(
      'Refused',
      refused.map(({ code, field, message }) => `${code} ${field}: ${message}`),
    ),
  ]
  return parts
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')
}

const section = (title: string, lines: string[]): string[] =>
  lines.length > 0 ? [`${title}:`, ...lines.map(line => `  ${line}`)] : []

function changeLines({ action, kind, namespace, name, after, fields }: Change): string[] {
  const place = namespace ? `${namespace}/${name}` : name
  const line = `${SIGNS[action]} ${kind} ${place}${after ? ` (${after})` : ''}`
  return [styleText(COLOURS[action], line), ...fields.map(field => `    ${fieldLine(field)}`)]
}

function fieldLine({ path, from, to }: FieldChange): string {
  if (from === undefined) return `${path}: ${brief(to)}`
  return to === undefined ? `${path}: ${brief(from)} → removed` : `${path}: ${brief(from)} → ${brief(to)}`
}

const LONGEST = 120

function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
