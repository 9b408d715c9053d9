import { id, json, ok, problem } from '../../kit/openapi.ts'
import { chatSchema } from './chat/routes.ts'
import { confirmSchema } from './mcp.ts'

const object = { type: 'object' } as const
const time = { type: 'string', format: 'date-time' } as const
const calls = {
  type: 'array',
  items: {
    type: 'object',
    required: ['tool', 'arguments'],
    properties: {
      tool: { type: 'string' },
      arguments: object,
      result: object,
      needs_confirmation: {
        type: 'object',
        required: ['token', 'summary', 'expires_at'],
        properties: { token: { type: 'string' }, summary: { type: 'string' }, expires_at: time },
      },
    },
  },
} as const
const answer = {
  type: 'object',
  required: ['conversation_id', 'reply', 'calls'],
  properties: {
    conversation_id: { type: ['string', 'null'], format: 'uuid' },
    reply: { type: 'string' },
    calls,
  },
} as const

/** Paths of the chat. */
export const chatPaths = {
  '/api/v1/chat': {
    get: { summary: 'Conversations, the latest first', responses: { 200: ok(object), default: problem } },
    post: {
      summary: 'Say something; what it asked for is done, or waits for a yes',
      description:
        'With `Accept: text/event-stream` the answer comes as it is made: started, call, token, done or failed.',
      requestBody: { required: true, ...json(chatSchema) },
      responses: {
        200: {
          description: 'The answer',
          content: { ...json(answer).content, 'text/event-stream': { schema: { type: 'string' } } },
        },
        default: problem,
      },
    },
  },
  '/api/v1/chat/confirm': {
    post: {
      summary: 'Do what asked for confirmation, once',
      requestBody: { required: true, ...json(confirmSchema) },
      responses: { 200: ok(answer), default: problem },
    },
  },
  '/api/v1/chat/{id}': {
    get: {
      summary: 'The messages of a conversation',
      parameters: [id],
      responses: { 200: ok(object), default: problem },
    },
    delete: {
      summary: 'Forget a conversation',
      parameters: [id],
      responses: { 204: { description: 'Forgotten' }, default: problem },
    },
  },
} as const
