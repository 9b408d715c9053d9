import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ValidateFunction } from 'ajv'
import type { Ajv2020 } from 'ajv/dist/2020.js'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { EventContractError, MAX_EVENT_BYTES } from '../contracts/events/index.ts'
import { holdsNul } from '../contracts/events/nul.ts'
import { admit } from './admission.ts'
import type { Logger } from './log.ts'
import { Problem, problemDetails } from './problem.ts'
import { childTrace } from './trace.ts'
import { createValidator, invalidInput } from './validation.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Trace of this request; handed on in the events it causes. */
    trace: string
  }
}

export interface HttpOptions {
  service: string
  log: Logger
  /** Rejects while the service cannot work; readiness follows it. */
  check?: () => Promise<void>
  /** Requests at once, beyond which they are refused; absent: any number. */
  mostOpen?: number
}

export interface Http {
  app: FastifyInstance
  metrics: Registry
  /** From now on readiness is refused, so that no new work is sent here. */
  drain(): void
}

const PROBLEM_JSON = 'application/problem+json'
const BODY_LIMIT = 1024 * 1024

/** A fastify server with what every service answers: problem details, request ids, probes, metrics. */
export function createHttp({ service, log, check, mostOpen }: HttpOptions): Http {
  const metrics = new Registry()
  metrics.setDefaultLabels({ service })
  collectDefaultMetrics({ register: metrics })
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer an HTTP request.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [metrics],
  })
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: 'idle',
    genReqId: request => safeId(request.headers['x-request-id']) ?? randomUUID(),
  })
  let draining = false
  admit(app, { unknownLength: BODY_LIMIT, ...(mostOpen && { mostOpen }) })
  validateStrictly(app)
  acceptEmptyBodies(app)
  app.decorateRequest('trace', '')
  app.addHook('onRequest', async (request, reply) => {
    request.trace = childTrace(request.headers.traceparent as string | undefined)
    reply.header('x-request-id', request.id)
  })
  app.addHook('preValidation', async ({ body }) => {
    // A proxied body is a stream, and whoever reads it at last looks at it.
    if (isParsed(body) && holdsNul(body)) {
      throw new Problem('TEP4001', 'The body contains a NUL character, which no field may hold.')
    }
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unmatched'
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error)
    if (problem.code === 'TEP4201')
      log.error({ err: error, request: request.id, route: request.routeOptions.url }, 'request failed')
    const wait = problem.extra['retry_after']
    if (typeof wait === 'number') reply.header('retry-after', String(wait))
    return reply.code(problem.status).type(PROBLEM_JSON).send(problemDetails(problem, request.id))
  })
  app.setNotFoundHandler((request, reply) => {
    const problem = new Problem('TEP4005', `There is no ${request.method} ${request.url.split('?')[0]}.`)
    return reply.code(404).type(PROBLEM_JSON).send(problemDetails(problem, request.id))
  })

  app.get('/healthz/live', async () => ({ status: 'ok' }))
  app.get('/healthz/startup', async () => ({ status: 'ok' }))
  app.get('/healthz/ready', async () => {
    if (draining) throw new Problem('TEP4204', 'The service is finishing its work and takes no more.')
    await check?.().catch(error => {
      throw error instanceof Problem ? error : new Problem('TEP4202', `Not ready: ${(error as Error).message}`)
    })
    return { status: 'ok' }
  })
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()))

  return {
    app,
    metrics,
    drain: () => {
      draining = true
    },
  }
}

const isParsed = (body: unknown): boolean => typeof body === 'object' && body !== null && !(body instanceof Readable)

const safeId = (id: unknown): string | undefined =>
  typeof id === 'string' && /^[\w.:-]{1,128}$/.test(id) ? id : undefined

/** Query and path parameters are text and are converted; bodies are JSON and must already have the right types. */
function validateStrictly(app: FastifyInstance): void {
  const [strict, converting] = [createValidator(), createValidator({ coerceTypes: true })]
  app.setValidatorCompiler(({ schema, httpPart }) =>
    onFirstUse(httpPart === 'body' ? strict : converting, schema as object),
  )
}

/** Compiling all of them is a quarter of the time from a pod's start until it is ready; the first request takes a moment more. */
function onFirstUse(ajv: Ajv2020, schema: object): Validate {
  let compiled: ValidateFunction | undefined
  const validate: Validate = data => {
    compiled ??= ajv.compile(schema)
    const fits = compiled(data)
    validate.errors = compiled.errors ?? null
    return fits
  }
  return validate
}

type Validate = ((data: unknown) => boolean) & Pick<ValidateFunction, 'errors'>

/** Clients send `content-type: application/json` even where there is nothing to send, as with DELETE. */
function acceptEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else parse(request, body, done)
  })
}

/** Translates what fastify throws; anything unforeseen becomes TEP4201, whose text says nothing about our insides. */
export function toProblem(error: FastifyError): Problem {
  if (error instanceof Problem) return error
  if (error instanceof EventContractError && error.tooLarge) {
    return new Problem(
      'TEP4009',
      `All fields together are too large: the event would exceed ${MAX_EVENT_BYTES} bytes. Shorten the description.`,
    )
  }
  if (error.validation) return invalidInput(error.validation)
  switch (error.code) {
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new Problem('TEP4002', 'The body must be JSON.')
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('TEP4009', `The body may have at most ${BODY_LIMIT} bytes.`)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem('TEP4010', 'Send the body as application/json.')
  }
  if (error.statusCode === 429) return new Problem('TEP4011', 'Too many requests; wait as Retry-After says.')
  if (error.statusCode && error.statusCode < 500) return new Problem('TEP4001', error.message)
  return new Problem('TEP4201', 'The request could not be completed. Try again; if it stays, report the request id.')
}
