import type { ConversationMessage, Dapr } from '../../../kit/dapr.ts'
import { type Model, type ModelMessage, silent } from './model.ts'

/**
 * A model behind a conversation component of Dapr: whichever provider it names, and its key stays with the sidecar. It
 * answers in one piece.
 */
export const daprConversation = (dapr: Pick<Dapr, 'converse'>, component: string): Model => ({
  async complete(messages, tools, heard) {
    const answer = await dapr.converse(component, messages.map(written), tools)
    // What the provider said may repeat the key: the sidecar's log has it.
    if ('refused' in answer) throw silent(`component ${component}, ${answer.refused}`)
    const { content, toolCalls = [] } = answer
    if (content === undefined && toolCalls.length === 0) throw silent('its answer has no message')
    if (content) heard(content)
    return {
      content: content ?? null,
      tool_calls: toolCalls.map(({ id = '', function: call }) => ({ id, function: call })),
    }
  },
})

/** From the form of OpenAI to that of Dapr, which has a type for each role. */
function written(message: ModelMessage): ConversationMessage {
  const content = message.content ? [{ text: message.content }] : []
  switch (message.role) {
    case 'system':
      return { ofSystem: { content } }
    case 'user':
      return { ofUser: { content } }
    case 'assistant':
      return {
        ofAssistant: {
          content,
          ...(message.tool_calls && {
            toolCalls: message.tool_calls.map(({ id, function: call }) => ({ id, function: call })),
          }),
        },
      }
    case 'tool':
      return { ofTool: { toolId: message.tool_call_id, name: message.name, content } }
  }
}
