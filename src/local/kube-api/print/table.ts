/** Rows and columns of `kubectl get`: printer columns of CRDs, and a few columns of the built-in kinds. */
import type { Json, JsonObject } from '../json.ts'
import { at } from '../json.ts'
import type { Column, ResourceType } from '../kinds/registry.ts'
import { builtInColumns } from './columns.ts'
import { jsonPath } from './json-path.ts'

/** How long ago, as kubectl prints ages (k8s.io/apimachinery/pkg/util/duration.HumanDuration). */
export function age(since: Json | undefined, now: Date): string {
  const time = typeof since === 'string' ? Date.parse(since) : Number.NaN
  if (Number.isNaN(time)) return '<unknown>'
  return duration(now.getTime() - time)
}

export function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 0) return seconds >= -1 ? '0s' : '<invalid>'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  return years < 8 && days % 365 !== 0 ? `${years}y${days % 365}d` : `${years}y`
}

const nameColumn: JsonObject = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
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
      nameColumn,
      ...own.filter(column => column.priority === 0),
      ageColumn,
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
      name,
      ...columns.filter(column => !column.wide).map(cell),
      age(at(object, 'metadata.creationTimestamp'), now),
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
        : String(value)
  }
}
