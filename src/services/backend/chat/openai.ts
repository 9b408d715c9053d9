import { Problem } from '../../../kit/problem.ts'
import { type Model, type ModelMessage, silent, TIMEOUT_MS, type ToolDeclaration } from './model.ts'
import { readCompletion, type Said } from './model-stream.ts'

/** An endpoint that speaks OpenAI's chat completions, with tool calls. */
export interface OpenAiConfig {
  baseUrl: string
  model: string
  apiKey?: string
}

interface Completion {
  choices?: { message?: Said }[]
}

/** Says words as they come, where the endpoint can stream. Its problems tell neither the key nor what the endpoint said: that may repeat either. */
export const openAi = ({ baseUrl, model, apiKey }: OpenAiConfig): Model => ({
  async complete(messages: readonly ModelMessage[], tools: readonly ToolDeclaration[], heard): Promise<Said> {
    let body: Completion
    try {
      const response = await fetch(`${baseUrl.replace(/\/$/, '')}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
        body: JSON.stringify({
          model,
          messages,
          tools: tools.map(tool => ({ type: 'function', function: tool })),
          stream: true,
        }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (!response.ok) throw silent(`status ${response.status}`)
      // Endpoints that cannot stream answer in one piece all the same.
      if (response.headers.get('content-type')?.includes('text/event-stream'))
        return await readCompletion(response.body!, heard)
      body = (await response.json()) as Completion
    } catch (error) {
      if (error instanceof Problem) throw error
      throw silent(error instanceof SyntaxError ? 'its answer is no JSON' : 'it cannot be reached, or took too long')
    }
    const message = body?.choices?.[0]?.message
    if (!message) throw silent('its answer has no message')
    if (message.content) heard(message.content)
    return message
  },
})
