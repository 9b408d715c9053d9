/** Models behind Dapr's conversation API: components-contrib conversation/{echo,openai}. */
import type { Component } from './component.ts'

export interface ToolCall {
  id?: string
  function: { name: string; arguments: string }
}

export interface Message {
  role: 'system' | 'user' | 'assistant' | 'tool'
  texts: readonly string[]
  /** Of an assistant. */
  toolCalls?: readonly ToolCall[]
  /** Of a tool. */
  tool?: { id: string; name: string }
}

export interface Tool {
  name: string
  description?: string
  parameters?: { properties?: Record<string, unknown> }
}

export interface Usage {
  completionTokens: number
  promptTokens: number
  totalTokens: number
}

export interface Said {
  model?: string
  choices: { finishReason: string; content: string; toolCalls: readonly ToolCall[] }[]
  usage?: Usage
}

export interface Conversation {
  /** @param toolChoice `auto`, `none`, `required`, the name of a tool, or empty without tools */
  converse(messages: readonly Message[], tools: readonly Tool[], toolChoice: string): Promise<Said>
}

/** Answers with what it was told, and calls every tool it was given. */
export const echo: Conversation = {
  async converse(messages, tools) {
    const lines: string[] = []
    const toolCalls: ToolCall[] = tools.map(({ name, parameters }, index) => ({
      id: String(index),
      function: {
        name,
        arguments: Object.keys(parameters?.properties ?? {})
          .sort()
          .join(','),
      },
    }))
    for (const { texts, tool, toolCalls: made = [] } of messages) {
      for (const text of texts) {
        lines.push(tool ? `Tool Response for tool ID '${tool.id}' with name '${tool.name}': ${text}` : text)
      }
      toolCalls.push(...made)
    }
    const content = lines.join('\n')
    const words = content.split(/\s+/).filter(Boolean).length
    return {
      choices: [{ finishReason: toolCalls.length > 0 ? 'tool_calls' : 'stop', content, toolCalls }],
      usage: { completionTokens: words, promptTokens: words, totalTokens: 2 * words },
    }
  },
}

interface Completion {
  choices?: { finish_reason?: string; message?: { content?: string | null; tool_calls?: ToolCall[] } }[]
  usage?: { completion_tokens?: number; prompt_tokens?: number; total_tokens?: number }
}

const DEFAULT_ENDPOINT = 'https://api.openai.com/v1'
const DEFAULT_MODEL = 'gpt-5-nano'

/** A model behind OpenAI's chat completions. @throws Error without a key, as langchaingo does */
export function openAi(component: Component): Conversation {
  const key = component.get('key')
  if (!key) throw new Error('missing the OpenAI API key, set it in the OPENAI_API_KEY environment variable')
  const model = component.get('model') || DEFAULT_MODEL
  const url = `${component.get('endpoint') || DEFAULT_ENDPOINT}/chat/completions`
  return {
    async converse(messages, tools, toolChoice) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({
          model,
          messages: messages.map(asOpenAi),
          ...(tools.length > 0 && {
            tools: tools.map(tool => ({ type: 'function', function: tool })),
            tool_choice: ['auto', 'none', 'required'].includes(toolChoice)
              ? toolChoice
              : { type: 'function', function: { name: toolChoice } },
          }),
        }),
      })
      if (!response.ok) throw new Error(`API returned unexpected status code: ${response.status}`)
      const { choices = [], usage } = (await response.json()) as Completion
      return {
        model,
        choices: choices.map(({ finish_reason = '', message }) => ({
          finishReason: finish_reason || 'unknown',
          content: message?.content ?? '',
          toolCalls: message?.tool_calls ?? [],
        })),
        usage: {
          completionTokens: usage?.completion_tokens ?? 0,
          promptTokens: usage?.prompt_tokens ?? 0,
          totalTokens: usage?.total_tokens ?? 0,
        },
      }
    },
  }
}

const asOpenAi = ({ role, texts, tool, toolCalls }: Message): object => ({
  role,
  content: texts.join('\n'),
  ...(tool && { tool_call_id: tool.id, name: tool.name }),
  ...(toolCalls?.length && { tool_calls: toolCalls.map(call => ({ ...call, type: 'function' })) }),
})
