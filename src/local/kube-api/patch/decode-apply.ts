/** The body of a server-side apply: YAML, read as sigs.k8s.io/yaml reads it and refused in the words of libyaml. */
import { CORE_SCHEMA, load, YAMLException } from 'js-yaml'
import { isObject, type JsonObject } from '../json.ts'
import { badRequest } from '../status.ts'
import { jsonKind } from './decode.ts'

/** js-yaml's words and libyaml's. */
const WORDS: readonly (readonly [ours: RegExp, theirs: string])[] = [
  [/^unexpected end of the stream within a (double|single) quoted scalar/, 'found unexpected end of stream'],
  [/^unexpected end of the stream within a flow collection/, "did not find expected ',' or ']'"],
  [/^missed comma between flow collection entries/, "did not find expected ',' or ']'"],
  [/^bad indentation of a (mapping|sequence) entry/, 'did not find expected key'],
  [/^tab characters must not be used/, 'found character that cannot start any token'],
  [/^unknown escape sequence/, 'found unknown escape character'],
  [/^end of the stream or a document separator is expected/, 'did not find expected <document start>'],
]

const DUPLICATE = 'duplicated mapping key'

/** Where a node would have to come, whatever else is missing there. */
const WANTS_NODE = /[[{,:]\s*$/

function problem({ reason, mark }: YAMLException): string {
  const wantsNode = reason.includes('flow collection') && WANTS_NODE.test(mark?.buffer ?? '')
  const words = wantsNode
    ? 'did not find expected node content'
    : (WORDS.find(([ours]) => ours.test(reason))?.[1] ?? reason)
  return `error converting YAML to JSON: yaml: line ${(mark?.line ?? 0) + 1}: ${words}`
}

/** Where a key stands the second time, as goyaml tells of it. */
function duplicate({ mark }: YAMLException): string {
  const { buffer = '', position = 0, line = 0 } = mark ?? {}
  const key = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s:,{}[\]]+)/.exec(buffer.slice(position))?.[0] ?? ''
  return `line ${line + 1}: key ${JSON.stringify(key.replaceAll(/^["']|["']$/g, ''))} already set in map`
}

function parse(text: string, tellDuplicate: (what: string) => void): unknown {
  try {
    // JSON is YAML, and read faster.
    return text.trimStart().startsWith('{') ? JSON.parse(text) : load(text, { schema: CORE_SCHEMA })
  } catch (error) {
    if (error instanceof SyntaxError) return parseYaml(text)
    if (!(error instanceof YAMLException) || error.reason !== DUPLICATE) throw error
    tellDuplicate(duplicate(error))
    return parseYaml(text)
  }
}

/** Of a key that is there twice the last value counts. */
const parseYaml = (text: string): unknown => load(text, { schema: CORE_SCHEMA, json: true })

/** Throws 400 for what cannot be read, and for a key that is there twice where `validation` is strict. */
export function decodeApply(
  body: unknown,
  validation: 'Strict' | 'Warn' | 'Ignore',
  warn: (text: string) => void,
): JsonObject {
  let value = body
  if (typeof body === 'string')
    try {
      value = parse(body, what => {
        if (validation === 'Strict')
          throw badRequest(
            `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  ${what}`,
          )
        if (validation === 'Warn') warn(what)
      })
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error
      throw badRequest(`error decoding YAML: ${problem(error)}`)
    }
  if (isObject(value)) return value as JsonObject
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`,
  )
}
