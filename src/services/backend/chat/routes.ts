import type { FastifyInstance } from 'fastify'
import type { ServiceConfig } from '../../../kit/config.ts'
import type { Dapr } from '../../../kit/dapr.ts'
import type { Logger } from '../../../kit/log.ts'
import type { RouteOptions } from '../endpoints.ts'
import { confirmSchema } from '../mcp.ts'
import { idParams } from '../schemas.ts'
import { streamAnswer, wantsStream } from './answer-stream.ts'
import { chat, confirm, requireConversation } from './chat.ts'
import { conversationKey, messagesOf } from './conversation.ts'
import { daprConversation } from './dapr-conversation.ts'
import type { Model } from './model.ts'
import { openAi } from './openai.ts'

export const chatSchema = {
  type: 'object',
  required: ['message'],
  additionalProperties: false,
  properties: {
    message: { type: 'string', minLength: 1, maxLength: 4000, pattern: '\\S' },
    conversation_id: { type: 'string', format: 'uuid', description: 'absent: a new conversation' },
  },
} as const

export interface ChatRouteOptions extends RouteOptions {
  dapr: Pick<Dapr, 'getState' | 'saveState' | 'deleteState'>
  model: Model | undefined
  log: Logger
}

/** The model that the configuration names, if any. */
export const modelOf = (config: ServiceConfig['chat'], dapr: Pick<Dapr, 'converse'>): Model | undefined =>
  config && ('component' in config ? daprConversation(dapr, config.component) : openAi(config))

type ById = { Params: { id: string } }

/** Conversations with the to-do list. */
export function registerChat(app: FastifyInstance, options: ChatRouteOptions): void {
  const { db, dapr, authenticate } = options

  app.post<{ Body: { message: string; conversation_id?: string } }>(
    '/api/v1/chat',
    { schema: { body: chatSchema } },
    async (request, reply) => {
      const { id } = await authenticate(request)
      if (!wantsStream(request)) return chat(options, id, request.body)
      return streamAnswer(request, reply, options.log, listener => chat(options, id, request.body, listener))
    },
  )

  app.post<{ Body: { token: string } }>('/api/v1/chat/confirm', { schema: { body: confirmSchema } }, async request =>
    confirm(options, (await authenticate(request)).id, request.body.token),
  )

  app.get('/api/v1/chat', async request => {
    const user = await authenticate(request)
    const items = await db.tx({ userId: user.id }, sql =>
      sql.query(
        'SELECT id, title, created_at, updated_at FROM backend.conversations ORDER BY updated_at DESC, id LIMIT 100',
      ),
    )
    return { items, model: options.model !== undefined }
  })

  app.get<ById>('/api/v1/chat/:id', { schema: { params: idParams } }, async request => {
    const { id } = request.params
    const user = await authenticate(request)
    await db.tx({ userId: user.id }, sql => requireConversation(sql, id))
    return { id, messages: await messagesOf(dapr, id) }
  })

  app.delete<ById>('/api/v1/chat/:id', { schema: { params: idParams } }, async (request, reply) => {
    const { id } = request.params
    const user = await authenticate(request)
    await db.tx({ userId: user.id }, sql => requireConversation(sql, id))
    // The words first: a row without them is harmless, words without a row would be forgotten here.
    await dapr.deleteState(conversationKey(id))
    await db.tx({ userId: user.id }, sql => sql.query('DELETE FROM backend.conversations WHERE id = $1', [id]))
    return reply.code(204).send()
  })
}
