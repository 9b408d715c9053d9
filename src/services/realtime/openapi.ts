import { describe, header, object, ok, problem, queryOf } from '../../kit/openapi.ts'

const text = { type: 'string' }
const listening = {
  properties: {
    since: { ...text, description: 'position to go on from, `<epoch>:<offset>`' },
    presence: { type: 'boolean', description: 'whether to be told who else of this person comes and goes' },
    access_token: { ...text, description: 'for clients that can set no header' },
  },
}
const client = object({
  client: text,
  transport: { enum: ['sse', 'websocket'] },
  since: { ...text, format: 'date-time' },
})

/** What is served beside the routes: an upgrade is no request that a router sees. */
export const UPGRADES = ['get /api/v1/events/ws']

/** OpenAPI of what is told as it happens. */
export const openapi = describe('Todo events', 'What changes for the signed-in user, as it changes.', {
  '/api/v1/events/stream': {
    get: {
      summary: 'Server-sent events: `hello` with the position, then each change',
      parameters: [header('Last-Event-ID', 'position to go on from'), ...queryOf(listening)],
      responses: {
        200: { description: 'A stream without end', content: { 'text/event-stream': { schema: text } } },
        default: problem,
      },
    },
  },
  '/api/v1/events/ws': {
    get: {
      summary: 'The same by WebSocket; the token may be a subprotocol: `bearer, <token>`',
      parameters: queryOf(listening),
      responses: { 101: { description: 'Switching protocols' }, default: problem },
    },
  },
  '/api/v1/events/presence': {
    get: {
      summary: 'Which clients of the user are connected',
      responses: { 200: ok(object({ clients: { type: 'array', items: client } })), default: problem },
    },
  },
})
