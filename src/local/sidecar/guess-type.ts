/** Bytes that no text has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BINARY = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/
const MARKS: readonly (readonly [begins: RegExp, type: string])[] = [
  [
    /^\s*<(!doctype html|!--|(html|head|body|script|table|h1|div|style|title|p|a|b|br|iframe|font)[\s>])/i,
    'text/html; charset=utf-8',
  ],
  [/^\s*<\?xml/, 'text/xml; charset=utf-8'],
  [/^%PDF-/, 'application/pdf'],
]

/**
 * The type of an answer that names none, by how it begins: text or not, and the documents among texts. Go knows signatures of
 * images, sound and archives besides (net/http DetectContentType, https://mimesniff.spec.whatwg.org/).
 */
export function guessType(bytes: Buffer): string {
  const begin = bytes.subarray(0, 512).toString('latin1')
  const marked = MARKS.find(([begins]) => begins.test(begin))
  if (marked) return marked[1]
  return BINARY.test(begin) ? 'application/octet-stream' : 'text/plain; charset=utf-8'
}
