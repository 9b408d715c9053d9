/** The part of JSON Schema that both the CRD and the event schemas are written in. */
export interface TypeSchema {
  type?: string | readonly string[]
  $ref?: string
  description?: string
  enum?: readonly (string | null)[]
  const?: string
  items?: TypeSchema
  properties?: Record<string, TypeSchema>
  required?: readonly string[]
  additionalProperties?: boolean | TypeSchema
}

const quote = (text: string): string => `'${text}'`
const comment = (text: string | undefined, indent: string): string => (text ? `${indent}/** ${text} */\n` : '')
const fieldName = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key))

/** A schema as a TypeScript type expression; `$ref`s are names of `#/$defs`, objects without declared fields are `Record`s. */
export function typeOf(schema: TypeSchema, indent = ''): string {
  if (schema.$ref) return schema.$ref.slice('#/$defs/'.length)
  if (schema.const) return quote(schema.const)
  if (schema.enum) return schema.enum.map(value => (value === null ? 'null' : quote(value))).join(' | ')
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['unknown'])
  return types.map(type => typeOfOne(type, schema, indent)).join(' | ')
}

function typeOfOne(type: string, schema: TypeSchema, indent: string): string {
  switch (type) {
    case 'integer':
    case 'number':
      return 'number'
    case 'array': {
      const item = typeOf(schema.items ?? {}, indent)
      return item.includes('|') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`
    }
    case 'object':
      return schema.properties ? fieldsOf(schema, indent) : `Record<string, ${entryType(schema, indent)}>`
    default:
      return type
  }
}

const entryType = ({ additionalProperties }: TypeSchema, indent: string): string =>
  typeof additionalProperties === 'object' ? typeOf(additionalProperties, indent) : 'unknown'

export function fieldsOf(schema: TypeSchema, indent = ''): string {
  const inner = `${indent}  `
  const lines = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const optional = schema.required?.includes(name) ? '' : '?'
    return `${comment(field.description, inner)}${inner}${fieldName(name)}${optional}: ${typeOf(field, inner)}\n`
  })
  return `{\n${lines.join('')}${indent}}`
}

export const declareType = (name: string, schema: TypeSchema): string =>
  `${comment(schema.description, '')}export interface ${name} ${fieldsOf(schema)}\n`
