/** Pruning: unknown fields leave before anything is stored, and are named for `fieldValidation=Strict|Warn`. */
import { isObject, type Json, type JsonObject } from '../json.ts'
import { anything, fieldSchema, joinPath, type Schema } from './schema.ts'

export interface PruneOptions {
  /** Built-in kinds read `null` as absent; custom resources keep it for defaulting and validation. */
  dropNulls: boolean
}

/** Removes unknown fields in place and returns their paths. */
export function prune(value: Json, schema: Schema, options: PruneOptions): string[] {
  const unknown: string[] = []
  walk(value, schema, '', options, unknown)
  return unknown
}

function walk(value: Json, schema: Schema, path: string, options: PruneOptions, unknown: string[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      walk(item, schema.items ?? anything, `${path}[${index}]`, options, unknown)
  } else if (isObject(value)) walkObject(value, schema, path, options, unknown)
}

function walkObject(value: JsonObject, schema: Schema, path: string, options: PruneOptions, unknown: string[]): void {
  const keepAll = schema['x-kubernetes-preserve-unknown-fields'] === true
  for (const key of Object.keys(value)) {
    const entry = value[key]!
    if (entry === null && options.dropNulls && !keepAll) {
      delete value[key]
      continue
    }
    const known = fieldSchema(schema, key)
    if (known) walk(entry, known, joinPath(path, key), options, unknown)
    else if (!keepAll) {
      unknown.push(joinPath(path, key))
      delete value[key]
    }
  }
}
