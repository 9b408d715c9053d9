import { platformSchema } from '../contracts/platform/schema.ts'
import type { Schema } from '../contracts/platform/schema-builder.ts'
import { EXIT, Exit } from './exit.ts'

/** Of an object, or of the items of a list. */
export const fieldsOf = (schema: Schema): Record<string, Schema> | undefined =>
  schema.properties ?? (schema.items ? fieldsOf(schema.items) : undefined)

/** What the resource says of a field. @throws Exit TEP5014 for a field that is not there; names those that are */
export function schemaOf(path: readonly string[]): Schema {
  let schema: Schema = platformSchema
  for (const [depth, name] of path.entries()) {
    const below = fieldsOf(schema)
    const next = below?.[name.replace(/\[.*\]$/, '')] ?? (below ? undefined : schema.additionalProperties)
    if (!next) {
      const at = path.slice(0, depth).join('.') || 'TodoEventPlatform'
      const names = Object.keys(below ?? {})
      throw new Exit(
        'TEP5014',
        EXIT.usage,
        `${at} has no field ${name}; ${names.length ? `it has ${names.join(', ')}` : 'it has no fields that are declared here'}`,
      )
    }
    schema = next
  }
  return schema
}
