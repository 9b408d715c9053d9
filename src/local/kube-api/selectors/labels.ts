/**
 * Label selectors (API concepts, "Labels and Selectors"): the lexer, the parser and the words of their refusals are those
 * of apimachinery/pkg/labels/selector.go.
 */

import { fieldInvalid } from '../field-errors.ts'
import { at, isObject, type JsonObject } from '../json.ts'
import { labelValueProblems, qualifiedNameProblems } from '../kinds/names.ts'
import { badRequest, type FieldError, fieldErrorLine } from '../status.ts'

export type Selector = (object: JsonObject) => boolean

export const everything: Selector = () => true

const OPERATORS = ['in', 'notin', '=', '==', '!=', 'gt', 'lt'] as const
/** What the words and signs of a selector mean to the parser. */
const TOKENS: Readonly<Record<string, string>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
  '!': '!',
  ',': ',',
  '(': '(',
  ')': ')',
}

interface Token {
  /** A value of `TOKENS`, `identifier`, `end` or `error`. */
  readonly kind: string
  readonly text: string
}

/** Signs stand together for as long as they mean something: `==` is one, `=)` two. */
function sign(text: string): Token {
  let found: Token | undefined
  for (let length = 1; length <= text.length; length++) {
    const kind = TOKENS[text.slice(0, length)]
    if (kind) found = { kind, text: text.slice(0, length) }
    else if (found) return found
  }
  return found ?? { kind: 'error', text: `error expected: keyword found '${text}'` }
}

function tokens(text: string): Token[] {
  const result: Token[] = []
  let rest = text.replace(/^[ \t\r\n]+/, '')
  while (rest !== '') {
    const signs = /^[=!(),><]+/.exec(rest)?.[0]
    const word = /^[^=!(),><\s]*/.exec(rest)![0]
    const token = signs ? sign(signs) : { kind: TOKENS[word] ?? 'identifier', text: word }
    result.push(token)
    rest = rest.slice(token.kind === 'error' ? signs!.length : token.text.length).replace(/^[ \t\r\n]+/, '')
  }
  return [...result, { kind: 'end', text: '' }]
}

interface Requirement {
  key: string
  operator: string
  values: readonly string[]
}

class Parser {
  readonly #tokens: readonly Token[]
  #position = 0

  constructor(text: string) {
    this.#tokens = tokens(text)
  }

  /** Where an operator cannot stand, `in` and `notin` are names like any other. */
  #next(asValue = true): Token {
    const token = this.#tokens[this.#position] ?? { kind: 'end', text: '' }
    return asValue && (token.kind === 'in' || token.kind === 'notin') ? { ...token, kind: 'identifier' } : token
  }

  #take(asValue = true): Token {
    const token = this.#next(asValue)
    this.#position++
    return token
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = []
    const begins = (token: Token) => token.kind === 'identifier' || token.kind === '!'
    for (;;) {
      const first = this.#next()
      if (first.kind === 'end') return requirements
      if (!begins(first)) throw new SyntaxError(`found '${first.text}', expected: !, identifier, or 'end of string'`)
      requirements.push(this.#requirement())
      const after = this.#take()
      if (after.kind === 'end') return requirements
      if (after.kind !== ',') throw new SyntaxError(`found '${after.text}', expected: ',' or 'end of string'`)
      if (!begins(this.#next())) throw new SyntaxError(`found '${this.#next().text}', expected: identifier after ','`)
    }
  }

  #requirement(): Requirement {
    try {
      return this.#unchecked()
    } catch (error) {
      throw new SyntaxError(`unable to parse requirement: ${(error as Error).message}`)
    }
  }

  #unchecked(): Requirement {
    let key = this.#take()
    const negated = key.kind === '!'
    if (negated) key = this.#take()
    if (key.kind !== 'identifier') throw new SyntaxError(`found '${key.text}', expected: identifier`)
    const problems = qualifiedNameProblems(key.text)
    if (problems.length > 0) throw new SyntaxError(fieldErrorLine(fieldInvalid('<nil>', key.text, problems.join('; '))))
    const alone = this.#next().kind === 'end' || this.#next().kind === ','
    if (negated || alone) return { key: key.text, operator: negated ? '!' : 'exists', values: [] }
    const { kind: operator, text } = this.#take(false)
    if (!(OPERATORS as readonly string[]).includes(operator))
      throw new SyntaxError(`found '${text}', expected: ${OPERATORS.join(', ')}`)
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()]
    return checked({ key: key.text, operator, values: [...new Set(values)].toSorted() })
  }

  #values(): string[] {
    const open = this.#take()
    if (open.kind !== '(') throw new SyntaxError(`found '${open.text}' expected: '('`)
    const first = this.#next()
    if (first.kind === ')') {
      this.#take()
      return ['']
    }
    if (first.kind !== 'identifier' && first.kind !== ',')
      throw new SyntaxError(`found '${first.text}', expected: ',', ')' or identifier`)
    const values = this.#identifiers()
    this.#take()
    return values
  }

  /** Values between commas, each of them perhaps empty, up to the closing parenthesis. */
  #identifiers(): string[] {
    const values: string[] = []
    for (;;) {
      const token = this.#take()
      const next = this.#next()
      if (token.kind === 'identifier') {
        values.push(token.text)
        if (next.kind === ')') return values
        if (next.kind !== ',') throw new SyntaxError(`found '${next.text}', expected: ',' or ')'`)
      } else if (token.kind === ',') {
        if (values.length === 0 || next.kind === ',' || next.kind === ')') values.push('')
        if (next.kind === ')') return values
      } else throw new SyntaxError(`found '${token.text}', expected: ',', or identifier`)
    }
  }

  #exactValue(): string {
    const next = this.#next()
    if (next.kind === 'end' || next.kind === ',') return ''
    this.#take()
    if (next.kind !== 'identifier') throw new SyntaxError(`found '${next.text}', expected: identifier`)
    return next.text
  }
}

/** What NewRequirement demands of the values. */
function checked(requirement: Requirement): Requirement {
  const { key, operator, values } = requirement
  const errors: FieldError[] = []
  if (operator === 'gt' || operator === 'lt')
    for (const [index, value] of values.entries())
      if (!/^[+-]?\d+$/.test(value))
        errors.push(fieldInvalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"))
  for (const [index, value] of values.entries()) {
    const problems = labelValueProblems(value)
    if (problems.length > 0) errors.push(fieldInvalid(`values[${index}][${key}]`, value, problems.join('; ')))
  }
  const lines = errors.map(fieldErrorLine)
  if (lines.length > 0) throw new SyntaxError(lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`)
  return requirement
}

function matches({ key, operator, values }: Requirement, labels: JsonObject): boolean {
  const has = Object.hasOwn(labels, key)
  const value = labels[key] as string
  switch (operator) {
    case 'exists':
      return has
    case '!':
      return !has
    case 'notin':
    case '!=':
      return !has || !values.includes(value)
    case 'gt':
      return has && /^[+-]?\d+$/.test(value) && Number(value) > Number(values[0])
    case 'lt':
      return has && /^[+-]?\d+$/.test(value) && Number(value) < Number(values[0])
    default:
      return has && values.includes(value)
  }
}

/** Parses `labelSelector`; throws 400 with the part that cannot be read. */
export function labelSelector(text: string | null | undefined): Selector {
  if (!text) return everything
  let requirements: Requirement[]
  try {
    requirements = new Parser(text).parse()
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest(error.message)
    throw error
  }
  return object => {
    const labels = at(object, 'metadata.labels')
    return requirements.every(each => matches(each, isObject(labels) ? labels : {}))
  }
}
