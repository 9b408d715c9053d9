/** YAML read as sigs.k8s.io/yaml reads it, and what libyaml says of a text that it cannot read. */
import { CORE_SCHEMA, load, YAMLException } from 'js-yaml'
import { duplicateKeys } from './duplicates.ts'

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

/** What is said of a text that is no YAML. */
export function yamlProblem({ reason, mark }: YAMLException): string {
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

/** JSON is YAML, and read faster as JSON; not so when a key is there twice, which is to be told in YAML's words. */
function fromJson(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return undefined
  const value: unknown = JSON.parse(text)
  return duplicateKeys(text, value).length === 0 ? value : undefined
}

/** The text as data. `tellDuplicate` hears of a key that is there twice. Throws a YAMLException. */
export function parseYaml(text: string, tellDuplicate: (what: string) => void): unknown {
  try {
    return fromJson(text) ?? load(text, { schema: CORE_SCHEMA })
  } catch (error) {
    if (error instanceof SyntaxError) return lenient(text)
    if (!(error instanceof YAMLException) || error.reason !== DUPLICATE) throw error
    tellDuplicate(duplicate(error))
    return lenient(text)
  }
}

/** Of a key that is there twice the last value counts. */
const lenient = (text: string): unknown => load(text, { schema: CORE_SCHEMA, json: true })
