/** In which form a client wants objects: whole, metadata only, or as rows of a table (the `Accept` header). */

import { inVersion, jsonInVersion } from '../context.ts'
import { mediaTypesOf } from '../decode/body.ts'
import type { JsonObject } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { badRequest, notAcceptable, StatusError } from '../status.ts'
import type { StoredObject } from '../store/store.ts'
import { rowConditions, tableColumns, tableRow } from './table.ts'

export interface Form {
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata'
  /** The parameter `includeObject` of tables. */
  readonly include: 'None' | 'Metadata' | 'Object'
}

const whole: Form = { as: 'object', include: 'Metadata' }

const YAML = 'application/yaml'
const MEDIA = new Set(['application/json', YAML, '*/*', 'application/*'])

/** The first media type of `Accept` that can be served here, with its parameters. Protobuf never is: clients offer JSON, too. */
function accepted(accept: string): string[] | undefined {
  return accept
    .split(',')
    .map(offer => offer.split(';').map(part => part.trim()))
    .find(([media]) => MEDIA.has(media!))
}

/** True when the client wants its answer as YAML rather than JSON. */
export const wantsYaml = (accept: string | undefined): boolean => !!accept && accepted(accept)?.[0] === YAML

/** Reads `Accept`; throws 406 when nothing in it can be served. */
export function negotiate(
  accept: string | undefined,
  query: URLSearchParams,
  type: ResourceType,
  isCollection: boolean,
): Form {
  if (!accept) return whole
  const [media, ...parameters] = accepted(accept) ?? []
  if (!media) throw refusal(type, isCollection)
  const as = parameters.find(parameter => parameter.startsWith('as='))?.slice(3)
  if (as === 'Table') return { as, include: includeOf(query.get('includeObject')) }
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList')
    return { as: 'PartialObjectMetadata', include: 'Metadata' }
  return whole
}

/** The routes of the built-in kinds know what they serve; custom resources are asked when it comes to it. */
function refusal(type: ResourceType, isCollection: boolean): StatusError {
  const offers = mediaTypesOf(type)
  if (!type.builtIn) return notAcceptable(offers)
  const streams = isCollection
    ? ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
    : []
  const message = `406: Not Acceptable\n\nAvailable representations: ${[...offers, ...streams].join(', ')}`
  return new StatusError(406, 'NotAcceptable', message, {})
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

const BARE = new WeakMap<JsonObject, string>()

/** An item of a typed list: the list says of what kind its items are, they themselves do not. */
function bareJson({ object }: StoredObject, type: ResourceType): string {
  const known = BARE.get(object)
  if (known !== undefined) return known
  const shown = inVersion(object, type)
  const { apiVersion: _, kind: __, ...rest } = shown
  const text = JSON.stringify(rest)
  if (shown === object) BARE.set(object, text)
  return text
}

/** Items of a list as text: those of custom resources are whole objects. */
export const itemJson = (entry: StoredObject, type: ResourceType): string =>
  type.builtIn ? bareJson(entry, type) : jsonInVersion(entry, type)

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
    form.as === 'object' ? itemJson(entry, type) : JSON.stringify(partial(inVersion(entry.object, type))),
  )
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}`
}

/** The empty object of a bookmark: kind and resourceVersion, in the form the watch has. */
export function bookmark(type: ResourceType, form: Form, version: number, initialEventsEnd: boolean): JsonObject {
  const metadata: JsonObject = {
    resourceVersion: String(version),
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
