import { canonicalJson } from '../events/identifiers.ts'
import type { JsonSchema } from '../events/schemas.ts'
import { compileSchema, type Violation, violationsOf } from '../events/validate.ts'
import { type Definitions, valuesOf } from './documents.ts'

/** Everything that was or will be on the wire: the schemas of one release. */
export interface Contracts {
  version: string
  events: Readonly<Record<string, JsonSchema>>
  definitions: Definitions
}

/** Data that one release writes and another cannot read. */
export interface Break {
  type: string
  /** Release that writes the data, and the one that refuses it. */
  writer: string
  reader: string
  violation: Violation
  /** The data itself. */
  example: unknown
}

/**
 * Compares the schemas of a type with those of every earlier release, both ways: events stay on their topics while
 * services are renewed, so new consumers read old events (BACKWARD_TRANSITIVE), and old consumers new ones. A break is
 * reported with data that shows it, so there are no false alarms.
 * @returns the first break of each type and direction
 */
export function breaks(current: Contracts, releases: readonly Contracts[]): Break[] {
  return releases.flatMap(release => [
    ...Object.keys(release.events).flatMap(type => firstBreak(type, release, current) ?? []),
    // What an old consumer does not know at all, it acknowledges.
    ...Object.keys(release.events).flatMap(type =>
      current.events[type] ? (firstBreak(type, current, release) ?? []) : [],
    ),
  ])
}

function firstBreak(type: string, writer: Contracts, reader: Contracts): Break | undefined {
  const about = { type, writer: writer.version, reader: reader.version }
  const written = writer.events[type]!
  const known = reader.events[type]
  if (!known) return { ...about, violation: { field: '', message: 'the type is gone' }, example: undefined }
  if (whole(written, writer.definitions) === whole(known, reader.definitions)) return undefined
  const accepts = compileSchema(known, reader.definitions, 'consume')
  const emits = compileSchema(written, writer.definitions, 'publish')
  for (const example of valuesOf(written, writer.definitions)) {
    if (!emits(example) || accepts(example)) continue
    return { ...about, violation: violationsOf(accepts)[0]!, example }
  }
  return undefined
}

/** A schema with every definition it uses, directly or not, as comparable text. */
function whole(schema: JsonSchema, definitions: Definitions): string {
  const used = new Map<string, JsonSchema>()
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return
    const reference = (value as JsonSchema).$ref?.slice('#/$defs/'.length)
    if (reference !== undefined && !used.has(reference)) {
      used.set(reference, definitions[reference] ?? {})
      visit(definitions[reference])
    }
    for (const inner of Object.values(value)) visit(inner)
  }
  visit(schema)
  return canonicalJson([schema, ...[...used].sort(([a], [b]) => (a < b ? -1 : 1))])
}
