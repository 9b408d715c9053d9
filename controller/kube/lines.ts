const NEWLINE = 0x0a

/**
 * Whole lines of a byte stream. A last line without its newline is not a line: a watch cut in the middle of an event
 * must be noticed by the reader (it resumes from the last whole event), never be parsed or dropped in silence.
 * Bytes are joined before they are decoded, so a character cut by a packet stays whole, and each byte is looked at once.
 */
export async function* wholeLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, { truncated: boolean }> {
  let pieces: Uint8Array[] = []
  for await (const chunk of body) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = text([...pieces, chunk.subarray(start, end)])
      pieces = []
      start = end + 1
      if (line) yield line
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start))
  }
  return { truncated: pieces.length > 0 }
}

const text = (pieces: Uint8Array[]): string => Buffer.concat(pieces).toString('utf8')

/**
 * The JSON of a whole answer; `{}` when it is empty. Text that is no JSON comes back as `{ message }`: proxies and load
 * balancers answer errors with pages of their own, and that text is the best explanation there is.
 */
export async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const pieces: Uint8Array[] = []
  for await (const chunk of body) pieces.push(chunk)
  const answer = text(pieces)
  if (!answer) return {}
  try {
    return JSON.parse(answer)
  } catch {
    return { message: answer.slice(0, 300) }
  }
}
