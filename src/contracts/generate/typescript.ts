import type { Schema } from '../platform/schema-builder.ts'

const comment = (text: string | undefined, indent: string): string => (text ? `${indent}/** ${text} */\n` : '')

const quoteKey = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key))

/** A schema as a TypeScript type expression; objects without declared fields become `Record`s. */
export function typeOf(schema: Schema, indent = ''): string {
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value).replaceAll('"', "'")).join(' | ')
  switch (schema.type) {
    case 'string':
      return 'string'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'array': {
      const items = schema.items ? typeOf(schema.items, indent) : 'unknown'
      return /[|&]/.test(items) && !items.startsWith('{') ? `(${items})[]` : `${items}[]`
    }
    case 'object':
      break
    default:
      return 'unknown'
  }
  if (schema.additionalProperties) return `Record<string, ${typeOf(schema.additionalProperties, indent)}>`
  if (!schema.properties) return 'Record<string, unknown>'
  const inner = `${indent}  `
  const fields = Object.entries(schema.properties).map(([key, field]) => {
    const optional = schema.required?.includes(key) ? '' : '?'
    return `${comment(field.description, inner)}${inner}${quoteKey(key)}${optional}: ${typeOf(field, inner)}\n`
  })
  return `{\n${fields.join('')}${indent}}`
}

export const declareType = (name: string, schema: Schema): string =>
  `${comment(schema.description, '')}export interface ${name} ${typeOf(schema)}\n`
