/** Pieces of the OpenAPI document. */
export const json = (schema: object) => ({ content: { 'application/json': { schema } } })
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
export const problem = {
  description: 'Problem details',
  content: { 'application/problem+json': { schema: ref('Problem') } },
}
export const ok = (schema: object, description = 'OK') => ({ description, ...json(schema) })
export const id = { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }
export const letter = { ...id, schema: { type: 'integer', minimum: 1 } }
export const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
})
export const ifMatch = header('If-Match', 'ETag the client last saw; 412 when it changed meanwhile')
export const idempotency = header('Idempotency-Key', 'repeating a request with its key gets its first answer')

export const queryOf = ({ properties }: { properties: object }) =>
  Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))

export const action = (summary: string) => ({
  post: { summary, parameters: [id, ifMatch, idempotency], responses: { 200: ok(ref('Task')), default: problem } },
})

export const operators = (summary: string, more: object = {}) => ({
  summary: `${summary} (operators)`,
  ...more,
  responses: { 200: ok({ type: 'object' }), default: problem },
})

export const seriesChange = (summary: string) => ({
  summary,
  parameters: [id, idempotency],
  responses: { 200: ok({ type: 'object' }), default: problem },
})
