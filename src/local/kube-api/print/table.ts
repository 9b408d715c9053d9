/** Rows and columns of `kubectl get`: printer columns of CRDs, and those of the built-in kinds. */
import columnData from '../generated/columns.json' with { type: 'json' }
import { at, type Json, type JsonObject, show } from '../json.ts'
import type { Column, ResourceType } from '../kinds/registry.ts'
import { age } from './age.ts'
import { cells } from './cells.ts'
import { METADATA_DESCRIPTIONS } from './descriptions.ts'
import { jsonPath } from './json-path.ts'
import { podRowConditions } from './pod-cells.ts'

const builtInColumns: ReadonlyMap<string, JsonObject[]> = new Map(
  Object.entries(columnData).map(([kind, columns]) => [
    kind,
    columns.map(([name, type, format, priority, description]) => ({
      name: name!,
      type: type!,
      format: format!,
      description: description!,
      priority: priority!,
    })),
  ]),
)

const nameColumn: JsonObject = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: METADATA_DESCRIPTIONS.name,
  priority: 0,
}

/** What no printer knows shows its name and its time (apiserver/pkg/registry/rest/table.go). */
const otherColumns: JsonObject[] = [
  nameColumn,
  { name: 'Created At', type: 'date', format: '', description: METADATA_DESCRIPTIONS.creationTimestamp, priority: 0 },
]

const columnsOf = (type: ResourceType) => builtInColumns.get(type.kind) ?? otherColumns

const definition = (column: Column): JsonObject => ({
  name: column.name,
  type: column.type,
  format: column.format ?? '',
  description: column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
  priority: column.priority ?? 0,
})

export const tableColumns = (type: ResourceType): JsonObject[] =>
  type.builtIn ? columnsOf(type) : [nameColumn, ...type.columns.map(definition)]

/** The cells of an object in its stored form. */
export function tableRow(object: JsonObject, type: ResourceType, now: Date): Json[] {
  const name = at(object, 'metadata.name') ?? ''
  if (!type.builtIn) return [name, ...type.columns.map(column => customCell(object, column, now))]
  return columnsOf(type).map(({ name: column }) => {
    if (column === 'Name') return name
    if (column === 'Age') return age(at(object, 'metadata.creationTimestamp'), now)
    if (column === 'Created At') return at(object, 'metadata.creationTimestamp') ?? null
    return cells[type.kind]![show(column)]!(object, now)
  })
}

/** What of a row tells that its object has run to its end. */
export const rowConditions = (object: JsonObject, type: ResourceType): JsonObject[] =>
  type.table === '/pods' ? podRowConditions(object) : []

function customCell(object: JsonObject, column: Column, now: Date): Json {
  const [value, ...more] = jsonPath(object, column.jsonPath)
  if (value === undefined || value === null) return null
  switch (column.type) {
    case 'date':
      return age(value, now)
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    default:
      return more.length > 0 || typeof value === 'object'
        ? JSON.stringify(more.length > 0 ? [value, ...more] : value)
        : show(value)
  }
}
