/**
 * The API's errors: every failure is a `Status` object with an HTTP code and a reason
 * (API conventions, "Response Status Kind"; k8s.io/apimachinery/pkg/api/errors).
 */
import type { JsonObject } from './json.ts'

export interface Cause {
  reason?: string
  message: string
  field?: string
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: Cause[]
  retryAfterSeconds?: number
}

export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: JsonObject
  status: 'Failure' | 'Success'
  message?: string
  reason?: string
  details?: StatusDetails
  code?: number
}

/** What an error is about: enough of a resource type to name it as the API does (`deployments.apps "web"`). */
export interface Named {
  group: string
  plural: string
  kind: string
}

/** An API error in flight. `code` is the HTTP status, `reason` the machine-readable word of the API. */
export class StatusError extends Error {
  readonly status: Status
  readonly code: number
  readonly reason: string

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message)
    this.name = 'StatusError'
    this.code = code
    this.reason = reason
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason ? { reason } : {}),
      ...(details ? { details } : {}),
      code,
    }
  }
}

const qualified = (type: Named) => (type.group ? `${type.plural}.${type.group}` : type.plural)
const about = (type: Named, name: string): StatusDetails => ({
  ...(name ? { name } : {}),
  ...(type.group ? { group: type.group } : {}),
  kind: type.plural,
})
/** What the paths that no API has are answered with: no Status, but the text of Go's HTTP server. */
export class PageNotFound extends Error {}

export const badRequest = (message: string) => new StatusError(400, 'BadRequest', message)
export const unauthorized = () => new StatusError(401, 'Unauthorized', 'Unauthorized')
export const forbidden = (type: Named, name: string, why: string, causes?: Cause[]) =>
  new StatusError(403, 'Forbidden', `${qualified(type)} "${name}" is forbidden: ${why}`, {
    ...about(type, name),
    ...(causes ? { causes } : {}),
  })
export const notFound = (type: Named, name: string) =>
  new StatusError(404, 'NotFound', `${qualified(type)} "${name}" not found`, about(type, name))
export const noSuchPath = () => new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
export const methodNotAllowed = () =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
/** Of a custom resource: the verb is named. */
export const methodNotSupported = (type: Named, verb: string) =>
  new StatusError(
    405,
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind ${JSON.stringify(qualified(type))}`,
    about(type, ''),
  )
export const notAcceptable = (offers: string[]) =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${offers.join(', ')}`)
export const alreadyExists = (type: Named, name: string, leaving: boolean) =>
  new StatusError(
    409,
    'AlreadyExists',
    `${leaving ? 'object is being deleted: ' : ''}${qualified(type)} "${name}" already exists`,
    about(type, name),
  )
export const conflict = (type: Named, name: string, why: string) =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${why}`,
    about(type, name),
  )
export const modified = (type: Named, name: string) =>
  conflict(type, name, 'the object has been modified; please apply your changes to the latest version and try again')
/** A fault of the server's own, told as `errors.NewInternalError` does. */
export const internalError = (message: string) =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })
export const expired = (message: string) => new StatusError(410, 'Expired', message)
export const unsupportedMediaType = (offers: string[]) =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${offers.join(', ')}`,
  )
export const notImplemented = (what: string) =>
  new StatusError(501, 'NotImplemented', `${what} is not part of this API server`)

/** One wrong field, as k8s.io/apimachinery/pkg/util/validation/field prints it. */
export interface FieldError {
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueTypeInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueNotFound'
  field: string
  value?: unknown
  detail?: string
}

const words = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueNotFound: 'Not found',
} as const
const withoutValue = new Set<FieldError['reason']>(['FieldValueRequired', 'FieldValueForbidden', 'FieldValueTooLong'])

export function fieldErrorBody(error: FieldError): string {
  const value = withoutValue.has(error.reason) || error.value === undefined ? '' : `: ${JSON.stringify(error.value)}`
  return `${words[error.reason]}${value}${error.detail ? `: ${error.detail}` : ''}`
}

/** A wrong field in one line. */
export const fieldErrorLine = (error: FieldError): string => `${error.field}: ${fieldErrorBody(error)}`

/** 422 with one cause per wrong field. */
export function invalid(type: Named, name: string, errors: readonly FieldError[]): StatusError {
  const lines = [...new Set(errors.map(fieldErrorLine))]
  const kind = type.group ? `${type.kind}.${type.group}` : type.kind
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return new StatusError(422, 'Invalid', `${kind} "${name}" is invalid: ${text}`, {
    ...(name ? { name } : {}),
    ...(type.group ? { group: type.group } : {}),
    ...(type.kind ? { kind: type.kind } : {}),
    causes: errors.map(error => ({ reason: error.reason, message: fieldErrorBody(error), field: error.field })),
  })
}
