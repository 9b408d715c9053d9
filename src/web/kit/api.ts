/** The HTTP API as this app uses it. Failures are `ApiProblem`s with the sentence to show; no answer at all is `Offline`. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string | undefined
  /** Seconds to wait, where the server asks for it. */
  readonly retryAfter: number
  /** The whole problem document (RFC 9457). */
  readonly body: Record<string, unknown>

  constructor(status: number, body: Record<string, unknown>, retryAfter = 0) {
    super(typeof body['detail'] === 'string' ? body['detail'] : `The server answered ${status}.`)
    this.status = status
    this.code = typeof body['code'] === 'string' ? body['code'] : undefined
    this.body = body
    this.retryAfter = retryAfter
  }

  /** Worth another try with the same request. */
  get passing(): boolean {
    return this.status === 429 || this.status === 408 || this.status >= 500
  }
}

export class Offline extends Error {
  constructor() {
    super('The server cannot be reached. What you change is kept here and sent later.')
  }
}

export interface Request {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

let bearer = ''
let onRefused = (): void => {}

/** @param refused called when the server no longer takes the token */
export function authorise(token: string, refused: () => void): void {
  bearer = token
  onRefused = refused
}

export const authorization = (): Record<string, string> => (bearer ? { authorization: `Bearer ${bearer}` } : {})

/** @throws ApiProblem, Offline */
export async function call<T>(path: string, request: Request = {}): Promise<T> {
  const response = await send(path, request)
  const text = await response.text()
  return (text && /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text) as T
}

/** The answer itself, for streams and downloads. @throws ApiProblem, Offline */
export async function send(path: string, { method = 'GET', body, headers = {}, signal }: Request): Promise<Response> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const response = await fetch(path, {
    method,
    headers: { ...authorization(), ...(body !== undefined && { 'content-type': type }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch(error => {
    throw signal?.aborted ? error : new Offline()
  })
  if (response.ok) return response
  // A gateway in between may answer something that is no problem document.
  const problem = await response.json().catch(() => ({}))
  if (response.status === 401 && bearer) onRefused()
  throw new ApiProblem(
    response.status,
    problem as Record<string, unknown>,
    Number(response.headers.get('retry-after')) || 0,
  )
}
