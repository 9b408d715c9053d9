/**
 * Writes everything derived from the event schemas: TypeScript types and one `.schema.json` a type.
 * `node src/contracts/generate-events.ts [--check]`: with --check nothing is written, and a stale file exits 1.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DEFINITIONS, EVENT_SCHEMAS, type EventType, type JsonSchema, schemaUri } from './events/schemas.ts'

const folder = join(import.meta.dirname, 'generated')
const quote = (text: string): string => `'${text}'`

function typeOf(schema: JsonSchema, indent: string): string {
  if (schema.$ref) return schema.$ref.slice('#/$defs/'.length)
  if (schema.const) return quote(schema.const)
  if (schema.enum) return schema.enum.map(value => (value === null ? 'null' : quote(value))).join(' | ')
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['unknown'])
  return types.map(type => typeOfSingle(type, schema, indent)).join(' | ')
}

function typeOfSingle(type: string, schema: JsonSchema, indent: string): string {
  switch (type) {
    case 'integer':
    case 'number':
      return 'number'
    case 'array': {
      const item = typeOf(schema.items ?? {}, indent)
      return item.includes('|') ? `(${item})[]` : `${item}[]`
    }
    case 'object':
      return schema.properties ? fieldsOf(schema, indent) : `Record<string, ${mapValue(schema, indent)}>`
    default:
      return type
  }
}

const mapValue = ({ additionalProperties }: JsonSchema, indent: string): string =>
  typeof additionalProperties === 'object' ? typeOf(additionalProperties, indent) : 'unknown'

function fieldsOf(schema: JsonSchema, indent: string): string {
  const inner = `${indent}  `
  const lines = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description ? [`${inner}/** ${field.description} */`] : []),
    `${inner}${name}${schema.required?.includes(name) ? '' : '?'}: ${typeOf(field, inner)}`,
  ])
  return ['{', ...lines, `${indent}}`].join('\n')
}

function types(): string {
  const parts = [
    '// Generated from src/contracts/events/schemas.ts by src/contracts/generate-events.ts. Do not edit.',
    ...Object.entries(DEFINITIONS).map(
      ([name, schema]) =>
        `${schema.description ? `/** ${schema.description} */\n` : ''}export interface ${name} ${fieldsOf(schema, '')}`,
    ),
    `export interface EventData {\n${Object.entries(EVENT_SCHEMAS)
      .map(([type, schema]) => `  ${quote(type)}: ${fieldsOf(schema, '  ')}`)
      .join('\n')}\n}`,
  ]
  return `${parts.join('\n\n')}\n`
}

function schemaFile(type: EventType): string {
  const schema = EVENT_SCHEMAS[type]
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: schemaUri(type),
    title: type,
    ...schema,
    $defs: DEFINITIONS,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

const files = new Map([[join(folder, 'events.ts'), types()]])
for (const type of Object.keys(EVENT_SCHEMAS) as EventType[]) {
  files.set(join(folder, 'schemas', `${type}.schema.json`), schemaFile(type))
}

let stale = 0
for (const [path, content] of files) {
  if ((await readFile(path, 'utf8').catch(() => '')) === content) continue
  stale++
  if (process.argv.includes('--check')) {
    console.error(`stale: ${path}. Run: node src/contracts/generate-events.ts`)
    process.exitCode = 1
  } else {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
}
console.log(`${files.size} files, ${stale} ${process.argv.includes('--check') ? 'stale' : 'written'}`)
