/** get and list (API concepts: "Resource versions", "Retrieving large results sets in chunks"). */

import type { Context } from '../context.ts'
import { fieldForbidden, fieldNotSupported } from '../field-errors.ts'
import { parseJson } from '../go-json.ts'
import type { JsonObject } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { type Form, present, presentList } from '../print/negotiate.ts'
import { integer } from '../request.ts'
import { jsonResponse, type KubeResponse } from '../response.ts'
import { fieldSelector } from '../selectors/fields.ts'
import { labelSelector, type Selector } from '../selectors/labels.ts'
import { badRequest, expired, type FieldError, invalid, notFound, StatusError } from '../status.ts'
import type { StoredObject } from '../store/store.ts'

export function find(context: Context, type: ResourceType, namespace: string | undefined, name: string): StoredObject {
  const entry = context.store.get(type.table, namespace ?? '', name)
  if (!entry) throw notFound(type, name)
  return entry
}

export function get(
  context: Context,
  type: ResourceType,
  namespace: string | undefined,
  name: string,
  form: Form,
): KubeResponse {
  return jsonResponse(present(find(context, type, namespace, name), type, form, context.now()).json)
}

/** Both selectors of a query as one test of a stored entry. */
export function selectorOf(query: URLSearchParams, type: ResourceType): (entry: StoredObject) => boolean {
  const byLabels: Selector = labelSelector(query.get('labelSelector'))
  const byFields: Selector = fieldSelector(query.get('fieldSelector'), type)
  return entry => byLabels(entry.object) && byFields(entry.object)
}

interface Continue {
  version: number
  after: string
}

const encodeContinue = (token: Continue): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.version, start: token.after })).toString('base64url')

function decodeContinue(text: string): Continue {
  const refuse = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`)
  let token: unknown
  try {
    token = parseJson(Buffer.from(text, 'base64url').toString())
  } catch (error) {
    throw refuse((error as Error).message)
  }
  const { rv, start } = (token ?? {}) as { rv?: unknown; start?: unknown }
  if (typeof rv !== 'number' || rv === 0)
    throw refuse('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (typeof start !== 'string' || start === '') throw refuse('encoded start key empty (version meta.k8s.io/v1)')
  return { version: rv, after: start }
}

/** Checks the combination of resourceVersion and resourceVersionMatch and returns the version asked for. */
export function requestedVersion(query: URLSearchParams, list = false): number | undefined {
  const text = query.get('resourceVersion')
  if (text !== null && text !== '' && !/^\d+$/.test(text)) {
    const why = `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`
    // Only a list makes the client's mistake of it; from the storage it comes as the server's own.
    throw list ? badRequest(`invalid resource version: ${why}`) : new StatusError(500, '', why)
  }
  return text ? Number(text) : undefined
}

export const tooLarge = (version: number, current: number) =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${version}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

/** What is wrong with the combination of options of a list (apimachinery/pkg/apis/meta/internalversion/validation). */
function matchErrors(query: URLSearchParams, match: string | null, version: number | undefined): FieldError[] {
  const errors: FieldError[] = []
  const forbid = (field: string, detail: string) => errors.push(fieldForbidden(field, detail))
  if (match) {
    if (version === undefined)
      forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided')
    if (query.get('continue'))
      forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(fieldNotSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && version === 0)
      forbid('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  }
  if (query.get('sendInitialEvents') !== null) forbid('sendInitialEvents', 'sendInitialEvents is forbidden for list')
  return errors
}

/** Throws 422 about the options of a list or watch, when something is wrong with them. */
export function refuseOptions(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', plural: 'listoptions', kind: 'ListOptions' }, '', errors)
}

/** The version a list is made at: now, an exact one of the history, or that of the first page. */
function snapshotVersion(context: Context, query: URLSearchParams, token: Continue | undefined): number {
  const { store } = context
  const version = requestedVersion(query, true)
  const match = query.get('resourceVersionMatch')
  refuseOptions(matchErrors(query, match, version))
  if (token && version) throw badRequest('specifying resource version is not allowed when using continue')
  if (version !== undefined && version > store.version) throw tooLarge(version, store.version)
  const wanted = token?.version ?? (match === 'Exact' ? version! : store.version)
  if (wanted < store.compacted)
    throw expired(
      token
        ? 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.'
        : `The resourceVersion for the provided list is too old: ${wanted} (${store.compacted})`,
    )
  return wanted
}

export function list(
  context: Context,
  type: ResourceType,
  namespace: string | undefined,
  query: URLSearchParams,
  form: Form,
): KubeResponse {
  const continued = query.get('continue')
  const token = continued ? decodeContinue(continued) : undefined
  const version = snapshotVersion(context, query, token)
  const selected = selectorOf(query, type)
  const all =
    version === context.store.version
      ? context.store.list(type.table, namespace)
      : context.store.listAt(version, type.table, namespace)
  const keyOf = (entry: StoredObject) => `${entry.namespace}/${entry.name}`
  const rest = all.filter(entry => (token === undefined || keyOf(entry) > token.after) && selected(entry))
  // Less than nothing is no limit.
  const limit = (query.get('limit')?.startsWith('-') ? 0 : integer(query, 'limit')) || rest.length
  const page = rest.slice(0, limit)
  const metadata: JsonObject = { resourceVersion: String(version) }
  if (rest.length > page.length) {
    metadata['continue'] = encodeContinue({ version, after: keyOf(page.at(-1)!) })
    // Only known without selectors, as the API documents.
    if (!query.get('labelSelector') && !query.get('fieldSelector'))
      metadata['remainingItemCount'] = rest.length - page.length
  }
  // The list of an unstructured client has the field even when there is no more.
  if (type.crd && form.as === 'object') metadata['continue'] ??= ''
  return jsonResponse(presentList(page, type, form, context.now(), metadata))
}
