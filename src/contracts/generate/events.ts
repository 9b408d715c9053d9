import { asyncapi } from '../asyncapi.ts'
import { DEFINITIONS, EVENT_SCHEMAS, type EventType, schemaUri } from '../events/schemas.ts'
import { xregistry } from '../xregistry.ts'
import { declareType, fieldsOf } from './typescript.ts'

const folder = 'src/contracts/generated'

/** Path → text of what is generated from the event schemas: the types, and a JSON Schema document for each type. */
export function eventFiles(header: string): Record<string, string> {
  const definitions = Object.entries(DEFINITIONS).map(([name, schema]) => declareType(name, schema))
  const data = Object.entries(EVENT_SCHEMAS).map(([type, schema]) => `  '${type}': ${fieldsOf(schema, '  ')}\n`)
  const types = `// ${header}\n${definitions.join('\n')}\nexport interface EventData {\n${data.join('')}}\n`
  const documents = (Object.keys(EVENT_SCHEMAS) as EventType[]).map(
    type => [`${folder}/schemas/${type}.schema.json`, schemaDocument(type)] as const,
  )
  return {
    [`${folder}/events.ts`]: types,
    [`${folder}/asyncapi.json`]: textOf(asyncapi()),
    [`${folder}/xregistry.json`]: textOf(xregistry()),
    ...Object.fromEntries(documents),
  }
}

function schemaDocument(type: EventType): string {
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: schemaUri(type),
    title: type,
    ...EVENT_SCHEMAS[type],
    $defs: DEFINITIONS,
  }
  return textOf(document)
}

const textOf = (document: object): string => `${JSON.stringify(document, null, 2)}\n`
