/** What Go's regexp/syntax says of a pattern it cannot parse: CRDs are refused in its words. */

const ESCAPES = /^[aAbBCdDfnpPQEQrsStvwWxz0-7\W_]/
const REPEAT = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})/
/** Flags, the start of a named group, or the end of flags. */
const GROUP = /^\(\?(?:P?<[A-Za-z_]\w*>|[imsU]*(?:-[imsU]+)?[:)])/

class PatternError extends Error {
  constructor(code: string, expression: string) {
    super(`error parsing regexp: ${code}: \`${expression}\``)
  }
}

/** @returns the message of regexp.Compile; `undefined` for a pattern without a fault that is looked for here */
export function patternProblem(pattern: string): string | undefined {
  try {
    scan(pattern)
    return undefined
  } catch (error) {
    if (error instanceof PatternError) return error.message
    throw error
  }
}

function scan(pattern: string): void {
  let depth = 0
  let repeatable = false
  let lastRepeat = ''
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at)
    const repeat = REPEAT.exec(rest)
    if (repeat) {
      const lazy = rest[repeat[0].length] === '?' ? '?' : ''
      const operator = repeat[0] + lazy
      checkRepeat(repeat, operator, repeatable, lastRepeat)
      lastRepeat = operator
      at += operator.length
      continue
    }
    lastRepeat = ''
    const first = rest[0]!
    if (first === '(') {
      at += openGroup(rest)
      const isFlags = /^\(\?[a-zA-Z-]*\)/.test(rest)
      if (!isFlags) depth++
      repeatable = isFlags && repeatable
      continue
    }
    if (first === ')') {
      if (depth === 0) throw new PatternError('unexpected )', pattern)
      depth--
    }
    repeatable = first !== '|'
    if (first === '\\') at += escapeLength(rest)
    else if (first === '[') at += classLength(rest)
    else at += 1
  }
  if (depth > 0) throw new PatternError('missing closing )', pattern)
}

function checkRepeat(repeat: RegExpExecArray, operator: string, repeatable: boolean, last: string): void {
  if (!repeatable) throw new PatternError('missing argument to repetition operator', repeat[0])
  if (last) throw new PatternError('invalid nested repetition operator', last + operator)
  const [, low, high] = repeat
  if (low === undefined) return
  if (Number(low) > 1000 || Number(high || 0) > 1000 || (high && Number(high) < Number(low)))
    throw new PatternError('invalid repeat count', repeat[0])
}

/** How long the opening of a group is. */
function openGroup(rest: string): number {
  if (rest[1] !== '?') return 1
  const opening = GROUP.exec(rest)
  if (opening) return opening[0].length
  const named = /^\(\?P?<[^>]*>?/.exec(rest)
  if (named && !/^\(\?<[=!]/.test(rest)) throw new PatternError('invalid named capture', named[0])
  throw new PatternError('invalid or unsupported Perl syntax', rest.slice(0, /^\(\?<[=!]/.test(rest) ? 4 : 3))
}

function escapeLength(rest: string): number {
  const next = rest[1]
  if (next === undefined) throw new PatternError('trailing backslash at end of expression', '')
  if (!ESCAPES.test(next) || /[1-9]/.test(next)) throw new PatternError('invalid escape sequence', rest.slice(0, 2))
  if (next === 'Q') {
    const end = rest.indexOf('\\E')
    return end < 0 ? rest.length : end + 2
  }
  const long = /^\\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[pP]\{\^?\w+\}|[pP]\w)/.exec(rest)
  if (!long && (next === 'x' || next === 'p' || next === 'P'))
    throw new PatternError(next === 'x' ? 'invalid escape sequence' : 'invalid character class range', rest.slice(0, 2))
  return long?.[0].length ?? 2
}

/** A class ends at the first bracket that is not its first character. */
function classLength(rest: string): number {
  let at = rest[1] === '^' ? 2 : 1
  for (let first = true; ; first = false) {
    const inner = rest.slice(at)
    if (inner === '') throw new PatternError('missing closing ]', rest)
    if (inner[0] === ']' && !first) return at + 1
    const named = /^\[:\^?\w+:\]/.exec(inner)
    const [low, length] = named ? ['', named[0].length] : single(inner)
    at += length
    const range = /^-([^\]])/s.exec(rest.slice(at))
    if (!range || named) continue
    const [high, more] = single(rest.slice(at + 1))
    if (low.length === 1 && high.length === 1 && low > high)
      throw new PatternError('invalid character class range', rest.slice(at - length, at + 1 + more))
    at += 1 + more
  }
}

/** The character that a class goes on with, and how long it is written. */
function single(inner: string): [character: string, length: number] {
  if (inner[0] !== '\\') return [inner[0]!, 1]
  const length = escapeLength(inner)
  return [length === 2 && /\W/.test(inner[1]!) ? inner[1]! : inner.slice(0, length), length]
}
