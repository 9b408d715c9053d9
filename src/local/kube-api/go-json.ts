/** What Go's encoding/json says of a text that is no JSON (scanner.go); JavaScript says it in other words. */

/** The text as data. Throws a SyntaxError in Go's words. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new SyntaxError(new Scanner(text).problem())
  }
}

class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The first thing that is wrong. */
  problem(): string {
    try {
      this.#value()
      this.#space()
      if (this.#at < this.#text.length) this.#fail('after top-level value')
    } catch (error) {
      if (error instanceof SyntaxError) return error.message
      throw error
    }
    return 'unexpected end of JSON input'
  }

  #fail(where: string): never {
    const found = this.#text[this.#at]
    if (found === undefined) throw new SyntaxError('unexpected end of JSON input')
    const shown = found === "'" ? "'\\''" : found === '"' ? `'"'` : `'${JSON.stringify(found).slice(1, -1)}'`
    throw new SyntaxError(`invalid character ${shown} ${where}`)
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #value(): void {
    this.#space()
    const first = this.#text[this.#at] ?? ''
    if (first === '{') this.#object()
    else if (first === '[') this.#array()
    else if (first === '"') this.#string()
    else if (/[-0-9]/.test(first)) this.#number()
    else {
      const word = { t: 'true', f: 'false', n: 'null' }[first]
      if (!word) this.#fail('looking for beginning of value')
      this.#word(word)
    }
  }

  #word(word: string): void {
    for (const letter of word) {
      if (this.#text[this.#at] !== letter) this.#fail(`in literal ${word} (expecting '${letter}')`)
      this.#at++
    }
  }

  #object(): void {
    this.#at++
    this.#space()
    if (this.#text[this.#at] === '}') {
      this.#at++
      return
    }
    for (;;) {
      this.#space()
      if (this.#text[this.#at] !== '"') this.#fail('looking for beginning of object key string')
      this.#string()
      this.#space()
      if (this.#text[this.#at] !== ':') this.#fail('after object key')
      this.#at++
      this.#value()
      if (this.#closes('}', 'after object key:value pair')) return
    }
  }

  #array(): void {
    this.#at++
    this.#space()
    if (this.#text[this.#at] === ']') {
      this.#at++
      return
    }
    for (;;) {
      this.#value()
      if (this.#closes(']', 'after array element')) return
    }
  }

  #closes(end: string, where: string): boolean {
    this.#space()
    const next = this.#text[this.#at]
    if (next !== end && next !== ',') this.#fail(where)
    this.#at++
    return next === end
  }

  #string(): void {
    this.#at++
    for (;;) {
      const next = this.#text[this.#at]
      if (next === undefined || next < ' ') this.#fail('in string literal')
      this.#at++
      if (next === '"') return
      if (next !== '\\') continue
      const escaped = this.#text[this.#at]
      if (escaped === undefined || !'bfnrt\\/"u'.includes(escaped)) this.#fail('in string escape code')
      this.#at++
      for (let digit = 0; escaped === 'u' && digit < 4; digit++) {
        if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) this.#fail('in \\u hexadecimal character escape')
        this.#at++
      }
    }
  }

  #digits(where: string): void {
    if (!/[0-9]/.test(this.#text[this.#at] ?? '')) this.#fail(where)
    while (/[0-9]/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #number(): void {
    if (this.#text[this.#at] === '-') this.#at++
    if (this.#text[this.#at] === '0') this.#at++
    else this.#digits('in numeric literal')
    if (this.#text[this.#at] === '.') {
      this.#at++
      this.#digits('after decimal point in numeric literal')
    }
    if (/[eE]/.test(this.#text[this.#at] ?? '')) {
      this.#at++
      if (/[-+]/.test(this.#text[this.#at] ?? '')) this.#at++
      this.#digits('in exponent of numeric literal')
    }
  }
}
