/** What a failed call means for the caller: try at once, later, or never again with this input. */
export type Retry = 'backoff' | 'never' | { afterSeconds: number }

export type KubeErrorCode =
  | 'Unreachable'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'Conflict'
  | 'AlreadyExists'
  | 'Invalid'
  | 'Expired'
  | 'Throttled'
  | 'Unavailable'
  | 'KindAbsent'
  | 'NotLeader'
  | 'Unexpected'

export interface StatusBody {
  message?: string
  reason?: string
  code?: number
  details?: { causes?: { reason?: string; message?: string; field?: string }[]; retryAfterSeconds?: number }
}

/** What a role has to allow, in the words of RBAC. */
export interface Rule {
  apiGroup: string
  resource: string
  verb: string
  namespace?: string
}

export class KubeError extends Error {
  readonly code: KubeErrorCode
  readonly retry: Retry
  readonly status: StatusBody
  /** The rule that is missing, of a `Forbidden` that RBAC explains. */
  rule?: Rule

  constructor(code: KubeErrorCode, message: string, retry: Retry, status: StatusBody = {}, cause?: unknown) {
    super(message, { cause })
    this.name = 'KubeError'
    this.code = code
    this.retry = retry
    this.status = status
  }
}

const BY_STATUS: Record<number, [KubeErrorCode, Retry]> = {
  400: ['Invalid', 'never'],
  401: ['Unauthorized', 'backoff'],
  403: ['Forbidden', 'backoff'],
  404: ['NotFound', 'backoff'],
  409: ['Conflict', 'backoff'],
  410: ['Expired', 'backoff'],
  415: ['Invalid', 'never'],
  422: ['Invalid', 'never'],
  429: ['Throttled', 'backoff'],
}

/** An HTTP answer or an in-band watch Status as an error. `retryAfter` is the header's value in seconds (RFC 9110 §10.2.3). */
export function errorFromStatus(
  httpStatus: number,
  status: StatusBody,
  request: string,
  retryAfter?: number,
): KubeError {
  const [code, retry] =
    BY_STATUS[httpStatus] ?? (httpStatus >= 500 ? ['Unavailable', 'backoff'] : ['Unexpected', 'never'])
  const after = retryAfter ?? status.details?.retryAfterSeconds
  const named = httpStatus === 409 && status.reason === 'AlreadyExists' ? 'AlreadyExists' : code
  return new KubeError(
    named,
    `${request}: ${status.message ?? `HTTP ${httpStatus}`}`,
    after ? { afterSeconds: after } : retry,
    status,
  )
}

export const isKubeError = (error: unknown, ...codes: KubeErrorCode[]): error is KubeError =>
  error instanceof KubeError && (codes.length === 0 || codes.includes(error.code))
