import { header, id, ok, problem, ref } from '../../kit/openapi.ts'

/** Pieces of the OpenAPI document of tasks. */
export const letter = { ...id, schema: { type: 'integer', minimum: 1 } }
export const ifMatch = header('If-Match', 'ETag the client last saw; 412 when it changed meanwhile')
export const idempotency = header('Idempotency-Key', 'repeating a request with its key gets its first answer')

export const action = (summary: string) => ({
  post: { summary, parameters: [id, ifMatch, idempotency], responses: { 200: ok(ref('Task')), default: problem } },
})

export const seriesChange = (summary: string) => ({
  summary,
  parameters: [id, idempotency],
  responses: { 200: ok({ type: 'object' }), default: problem },
})
