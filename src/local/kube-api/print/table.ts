/** Rows and columns of `kubectl get`: printer columns of CRDs, and a few columns of the built-in kinds. */
import { at, type Json, type JsonObject, show } from '../json.ts'
import type { Column, ResourceType } from '../kinds/registry.ts'
import { age } from './age.ts'
import { builtInColumns } from './columns.ts'
import { METADATA_DESCRIPTIONS } from './descriptions.ts'
import { jsonPath } from './json-path.ts'

const nameColumn: JsonObject = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: METADATA_DESCRIPTIONS.name,
  priority: 0,
}

const definition = (column: Column): JsonObject => ({
  name: column.name,
  type: column.type,
  format: column.format ?? '',
  description: column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
  priority: column.priority ?? 0,
})

const ageColumn: JsonObject = {
  name: 'Age',
  type: 'string',
  format: '',
  description: 'Time since creation.',
  priority: 0,
}

/** A few kinds show another time, or when they were created. */
const hasAge = (type: ResourceType) =>
  !['events', 'customresourcedefinitions', 'roles', 'clusterroles'].includes(type.plural)

export function tableColumns(type: ResourceType): JsonObject[] {
  if (type.builtIn) {
    const columns = builtInColumns(type)
    const own = columns.map(column => ({
      name: column.name,
      type: 'string',
      format: '',
      description: column.name,
      priority: column.wide ? 1 : 0,
    }))
    // Columns of `-o wide` stand after the age.
    return [
      ...(type.plural === 'events' ? [] : [nameColumn]),
      ...own.filter(column => column.priority === 0),
      ...(hasAge(type) ? [ageColumn] : []),
      ...own.filter(column => column.priority === 1),
    ]
  }
  return [nameColumn, ...type.columns.map(definition)]
}

export function tableRow(object: JsonObject, type: ResourceType, now: Date): Json[] {
  const name = at(object, 'metadata.name') ?? ''
  if (type.builtIn) {
    const columns = builtInColumns(type)
    const cell = (column: (typeof columns)[number]) => column.value(object, now)
    return [
      ...(type.plural === 'events' ? [] : [name]),
      ...columns.filter(column => !column.wide).map(cell),
      ...(hasAge(type) ? [age(at(object, 'metadata.creationTimestamp'), now)] : []),
      ...columns.filter(column => column.wide).map(cell),
    ]
  }
  return [name, ...type.columns.map(column => customCell(object, column, now))]
}

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
