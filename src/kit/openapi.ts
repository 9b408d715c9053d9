import type { FastifyInstance } from 'fastify'

/** OpenAPI 3.1: the pieces that the services' descriptions are made of, and where they are served. */
export const json = (schema: object) => ({ content: { 'application/json': { schema } } })
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
export const problem = {
  description: 'Problem details',
  content: { 'application/problem+json': { schema: ref('Problem') } },
}
export const ok = (schema: object, description = 'OK') => ({ description, ...json(schema) })
export const object = (properties: object) => ({ type: 'object', properties })
export const id = { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }
export const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
})

export const queryOf = ({ properties, required = [] }: { properties: object; required?: readonly string[] }) =>
  Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }))

export const operators = (summary: string, more: object = {}) => ({
  summary: `${summary} (operators)`,
  ...more,
  responses: { 200: ok({ type: 'object' }), default: problem },
})

const Problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', pattern: '^TEP\\d{4}$' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } },
    },
    request_id: { type: 'string' },
  },
}

export type Paths = Readonly<Record<string, Readonly<Record<string, object>>>>

export interface ApiDescription {
  openapi: string
  info: { title: string; version: string; description: string }
  security: object[]
  paths: Paths
  components: { securitySchemes: object; schemas: Readonly<Record<string, object>> }
}

export const describe = (
  title: string,
  description: string,
  paths: Paths,
  schemas: Readonly<Record<string, object>> = {},
): ApiDescription => ({
  openapi: '3.1.0',
  info: { title, version: '1.0.0', description },
  security: [{ bearer: [] }],
  paths,
  components: {
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    schemas: { ...schemas, Problem },
  },
})

const API = '/api/v1/'

/**
 * Serves a description at `/openapi.json`, and sees to it that it is true: called before any route is registered, it keeps
 * the service from starting while a route under `/api/v1` is not described, or one is described that is not there.
 * @param elsewhere operations that are no routes, such as `get /api/v1/events/ws`
 * @throws Error when the service gets ready
 */
export function serveDescription(
  app: FastifyInstance,
  description: ApiDescription,
  elsewhere: readonly string[] = [],
): void {
  const served = new Set<string>(elsewhere)
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat().map(each => each.toLowerCase()))
      if (url.startsWith(API) && one !== 'head') served.add(`${one} ${url.replace(/:(\w+)/g, '{$1}')}`)
  })
  app.get('/openapi.json', async () => description)
  app.addHook('onReady', async () => {
    const described = new Set(
      Object.entries(description.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map(method => `${method} ${path}`),
      ),
    )
    const wrong = [
      ...[...served].filter(one => !described.has(one)).map(one => `${one} is not described`),
      ...[...described].filter(one => !served.has(one)).map(one => `${one} is described and not there`),
    ]
    if (wrong.length > 0) throw new Error(`${description.info.title}: ${wrong.join('; ')}`)
  })
}
