import { CODES, type Code } from './codes.ts'

export interface FieldProblem {
  /** Path of the field as the client wrote it, dotted: `recurrence.rrule`. */
  field: string
  message: string
}

/** An error that is answered as problem details (RFC 9457); its text is safe to show. */
export class Problem extends Error {
  readonly code: Code
  readonly errors: readonly FieldProblem[]
  readonly extra: Readonly<Record<string, unknown>>

  constructor(code: Code, detail: string, errors: readonly FieldProblem[] = [], extra: Record<string, unknown> = {}) {
    super(detail)
    this.name = 'Problem'
    this.code = code
    this.errors = errors
    this.extra = extra
  }

  get status(): number {
    return CODES[this.code].status
  }
}

/** One invalid field. */
export const invalid = (field: string, message: string): Problem =>
  new Problem('TEP4001', `${field}: ${message}`, [{ field, message }])

export interface ProblemDetails {
  type: string
  title: string
  status: number
  detail: string
  code: Code
  errors?: readonly FieldProblem[]
  request_id?: string
}

/** The body of an `application/problem+json` answer. */
export function problemDetails(problem: Problem, requestId?: string): ProblemDetails {
  return {
    type: `urn:todo-events:problem:${problem.code}`,
    title: CODES[problem.code].title,
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    ...(problem.errors.length ? { errors: problem.errors } : {}),
    ...problem.extra,
    ...(requestId ? { request_id: requestId } : {}),
  }
}
