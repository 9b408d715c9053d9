/** What a model said in one round: words, and the tools it wants called. */
export interface Said {
  content?: string | null
  tool_calls?: ToolCall[]
}

export interface ToolCall {
  id: string
  function: { name: string; arguments: string }
}

interface Chunk {
  choices?: {
    delta?: {
      content?: string | null
      tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[]
    }
  }[]
}

/**
 * Puts a streamed chat completion (server-sent events of `chat.completion.chunk`) together, telling the words as they come.
 * @throws SyntaxError for a chunk that is no JSON, Error when the stream ends before its `[DONE]`
 */
export async function readCompletion(body: ReadableStream<Uint8Array>, heard: (words: string) => void): Promise<Said> {
  let content: string | undefined
  const calls = new Map<number, ToolCall>()
  for await (const data of dataOf(body)) {
    if (data === '[DONE]') return { ...(content !== undefined && { content }), tool_calls: [...calls.values()] }
    const delta = (JSON.parse(data) as Chunk | null)?.choices?.[0]?.delta
    if (delta?.content) {
      content = (content ?? '') + delta.content
      heard(delta.content)
    }
    for (const part of delta?.tool_calls ?? []) {
      const index = part.index ?? 0
      const call = calls.get(index) ?? { id: '', function: { name: '', arguments: '' } }
      calls.set(index, call)
      call.id ||= part.id ?? ''
      // The name comes whole, its arguments in pieces.
      call.function.name ||= part.function?.name ?? ''
      call.function.arguments += part.function?.arguments ?? ''
    }
  }
  throw new Error('the stream ended before it was done')
}

/** The data of each server-sent event; a completion has one line an event (WHATWG HTML §9.2.6, as far as it is used). */
async function* dataOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r/)
    rest = lines.pop()!
    for (const line of lines) if (line.startsWith('data:')) yield line.slice(5).trim()
  }
  if (rest.startsWith('data:')) yield rest.slice(5).trim()
}
