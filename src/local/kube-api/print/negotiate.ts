/** In which form a client wants objects: whole, metadata only, or as rows of a table (the `Accept` header). */

import { inVersion, jsonInVersion } from '../context.ts'
import type { JsonObject } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { badRequest, notAcceptable } from '../status.ts'
import type { StoredObject } from '../store/store.ts'
import { rowConditions, tableColumns, tableRow } from './table.ts'

export interface Form {
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata'
  /** The parameter `includeObject` of tables. */
  readonly include: 'None' | 'Metadata' | 'Object'
}

const whole: Form = { as: 'object', include: 'Metadata' }

/** Reads `Accept`; throws 406 when nothing in it can be served. Protobuf is never served: every client offers JSON too. */
export function negotiate(accept: string | undefined, query: URLSearchParams): Form {
  if (!accept) return whole
  for (const offer of accept.split(',')) {
    const [media, ...parameters] = offer.split(';').map(part => part.trim())
    if (media !== 'application/json' && media !== '*/*' && media !== 'application/*') continue
    const as = parameters.find(parameter => parameter.startsWith('as='))?.slice(3)
    if (as === undefined) return whole
    const include = query.get('includeObject')
    if (as === 'Table') return { as, include: includeOf(include) }
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList')
      return { as: 'PartialObjectMetadata', include: 'Metadata' }
  }
  throw notAcceptable(['application/json'])
}

function includeOf(text: string | null): Form['include'] {
  if (!text) return 'Metadata'
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}

const meta = 'meta.k8s.io/v1'
const partial = (object: JsonObject) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: meta,
  metadata: object['metadata'],
})

function row(stored: JsonObject, type: ResourceType, form: Form, now: Date): JsonObject {
  const cells = tableRow(stored, type, now)
  const conditions = rowConditions(stored, type)
  const row = { cells, ...(conditions.length > 0 && { conditions }) }
  if (form.include === 'None') return { ...row, object: null }
  const object = inVersion(stored, type)
  return { ...row, object: form.include === 'Object' ? object : (partial(object) as JsonObject) }
}

const table = (
  type: ResourceType,
  rows: JsonObject[],
  version: string,
  withColumns: boolean,
  rest: JsonObject = {},
) => ({
  kind: 'Table',
  apiVersion: meta,
  metadata: { resourceVersion: version, ...rest },
  columnDefinitions: withColumns ? tableColumns(type) : null,
  rows,
})

/** One object in the form asked for, and its text where that is already at hand. */
export function present(
  entry: StoredObject,
  type: ResourceType,
  form: Form,
  now: Date,
  withColumns = true,
): { object: unknown; json: string } {
  if (form.as === 'object') return { object: inVersion(entry.object, type), json: jsonInVersion(entry, type) }
  const body =
    form.as === 'Table'
      ? table(type, [row(entry.object, type, form, now)], String(entry.version), withColumns)
      : partial(inVersion(entry.object, type))
  return { object: body, json: JSON.stringify(body) }
}

/** A list in the form asked for, as text: the objects' own texts are joined, not serialised again. */
export function presentList(
  entries: readonly StoredObject[],
  type: ResourceType,
  form: Form,
  now: Date,
  metadata: JsonObject,
): string {
  if (form.as === 'Table') {
    const rows = entries.map(entry => row(entry.object, type, form, now))
    return JSON.stringify(table(type, rows, String(metadata['resourceVersion']), true, metadata))
  }
  const [kind, apiVersion] =
    form.as === 'object' ? [type.listKind, type.apiVersion] : ['PartialObjectMetadataList', meta]
  const items = entries.map(entry =>
    form.as === 'object' ? jsonInVersion(entry, type) : JSON.stringify(partial(inVersion(entry.object, type))),
  )
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}`
}

/** The empty object of a bookmark: kind and resourceVersion, in the form the watch has. */
export function bookmark(type: ResourceType, form: Form, version: number, initialEventsEnd: boolean): JsonObject {
  const metadata: JsonObject = {
    resourceVersion: String(version),
    creationTimestamp: null,
    ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  }
  if (form.as === 'object') return { kind: type.kind, apiVersion: type.apiVersion, metadata }
  const object = { kind: 'PartialObjectMetadata', apiVersion: meta, metadata }
  if (form.as === 'PartialObjectMetadata') return object
  return {
    kind: 'Table',
    apiVersion: meta,
    metadata: { resourceVersion: String(version) },
    columnDefinitions: null,
    rows: [{ cells: [], object }],
  }
}
