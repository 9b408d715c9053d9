/** What Go's base64.StdEncoding says of a text that is none (encoding/base64, decodeQuantum). */

const LETTER = /[A-Za-z0-9+/]/

/** Where the text goes wrong, `undefined` for a text that is base64. Line ends count for nothing. */
function corruptAt(text: string): number | undefined {
  let at = 0
  const skip = () => {
    while (text[at] === '\n' || text[at] === '\r') at++
  }
  for (;;) {
    for (let digits = 0; digits < 4; digits++) {
      skip()
      const next = text[at]
      if (next === undefined) return digits === 0 ? undefined : at - digits
      at++
      if (LETTER.test(next)) continue
      if (next !== '=' || digits < 2) return at - 1
      if (digits === 2) {
        skip()
        if (text[at] === undefined) return text.length
        if (text[at] !== '=') return at - 1
        at++
      }
      skip()
      return at < text.length ? at : undefined
    }
  }
}

/** The message of the error, `undefined` for a text that is base64. */
export function base64Problem(text: string): string | undefined {
  const at = corruptAt(text)
  return at === undefined ? undefined : `illegal base64 data at input byte ${at}`
}
