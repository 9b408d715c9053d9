/**
 * Whole lines of a byte stream. A last line without its newline is not a line: a watch cut in the middle of an event
 * must be noticed by the reader (it resumes from the last whole event), never be parsed or dropped in silence.
 */
export async function* wholeLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, { truncated: boolean }> {
  const decoder = new TextDecoder('utf-8')
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    let start = 0
    for (let end = rest.indexOf('\n', start); end >= 0; end = rest.indexOf('\n', start)) {
      const line = rest.slice(start, end)
      if (line) yield line
      start = end + 1
    }
    rest = rest.slice(start)
  }
  return { truncated: rest.length > 0 }
}

export async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  if (!text) return {}
  try {
    return JSON.parse(text)
  } catch {
    // Proxies and load balancers answer with pages of their own; their text is the best explanation there is.
    return { message: text.slice(0, 300) }
  }
}
