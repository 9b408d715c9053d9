/** A request as the core sees it, and what its path and query mean (API concepts, "Resource URIs"). */
import { fieldNotSupported } from './field-errors.ts'
import { badRequest, type FieldError, invalid } from './status.ts'

export interface KubeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | (string & {})
  /** Path and query, as in the request line. */
  url: string
  /** Lower-case names. */
  headers?: Readonly<Record<string, string | undefined>>
  /** Parsed JSON, or text that is parsed here (JSON, or YAML where the content type says so). */
  body?: unknown
  /** Who asks, for SelfSubjectReview-like answers and audit; the HTTP shell sets it from the token. */
  user?: string
}

export interface ResourcePath {
  group: string
  version: string
  plural: string
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
  /** The older way to ask for a watch: `/api/v1/watch/…`. */
  watch: boolean
}

/** The parts of a resource URI, or `undefined` when the path is none. */
export function parseResourcePath(pathname: string): ResourcePath | undefined {
  const parts: (string | undefined)[] = pathname.split('/').slice(1).map(decodePart)
  if (parts.at(-1) === '') parts.pop()
  const [root] = parts
  let group = ''
  if (root === 'apis') group = parts.splice(0, 2)[1] ?? ''
  else if (root === 'api') parts.shift()
  else return undefined
  const version = parts.shift()
  if (version === undefined || parts.length === 0) return undefined
  const watch = parts[0] === 'watch'
  if (watch) parts.shift()
  let namespace: string | undefined
  // /namespaces/x alone is the Namespace itself; /namespaces/x/status and finalize are its sub-resources.
  const ownSubresource = group === '' && parts.length === 3 && (parts[2] === 'status' || parts[2] === 'finalize')
  if (parts[0] === 'namespaces' && parts.length > 2 && !ownSubresource) namespace = parts.splice(0, 2)[1]
  const [plural, name, subresource, ...rest] = parts
  if (plural === undefined || rest.length > 0) return undefined
  return { group, version, plural, namespace, name, subresource, watch }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badRequest(`the path has a malformed escape: ${JSON.stringify(part)}`)
  }
}

export interface WriteOptions {
  dryRun: boolean
  fieldManager: string
  fieldValidation: 'Strict' | 'Warn' | 'Ignore'
  force: boolean
  /** What a strict reader objects to in the body. */
  problems: readonly string[]
  /** Tells the client something that is no failure (RFC 7234, "Warning"). */
  warn: (text: string) => void
}

/** The options of a write, from query and User-Agent (the manager's name defaults to the program's). */
export function writeOptions(
  { query, request, warn }: { query: URLSearchParams; request: KubeRequest; warn: WriteOptions['warn'] },
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): WriteOptions {
  const { headers } = request
  const refuse = (error: FieldError) => invalid({ group: 'meta.k8s.io', plural: '', kind }, '', [error])
  const dryRun = query.getAll('dryRun')
  if (dryRun.some(value => value !== 'All' && value !== '')) throw refuse(fieldNotSupported('dryRun', dryRun, ['All']))
  const validation = query.get('fieldValidation') || 'Warn'
  if (validation !== 'Strict' && validation !== 'Warn' && validation !== 'Ignore')
    throw refuse(fieldNotSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']))
  const fieldManager = query.get('fieldManager') ?? ''
  if (fieldManager.length > 128)
    throw refuse({ reason: 'FieldValueTooLong', field: 'fieldManager', detail: 'may not be more than 128 bytes' })
  return {
    dryRun: dryRun.includes('All'),
    fieldManager: fieldManager || (headers?.['user-agent'] ?? 'unknown').split('/')[0]!.slice(0, 128) || 'unknown',
    fieldValidation: validation,
    force: query.get('force') === 'true',
    problems: [],
    warn,
  }
}

/** A non-negative integer of the query, `undefined` when absent. */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  if (text.startsWith('-'))
    throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}: must be a non-negative integer`)
  return Number(text)
}

export const flag = (query: URLSearchParams, name: string) => {
  const value = query.get(name)
  return value === 'true' || value === '1' || value === ''
}
