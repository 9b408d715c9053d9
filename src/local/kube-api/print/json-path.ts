/** The JSONPath of printer columns: fields, indexes, `[*]`, and filters such as `[?(@.type=="Ready")]`. */
import { isObject, type Json, show } from '../json.ts'

type Step = (value: Json) => readonly Json[]

const grammar =
  /\.([A-Za-z0-9_$-]+(?:\\\.[A-Za-z0-9_$-]+)*)|\['([^']+)'\]|\["([^"]+)"\]|\[(-?\d+)\]|\.?\[?\*\]?|\[\?\(@\.([\w.-]+)\s*(==|!=)\s*["']([^"']*)["']\)\]/y

const parsed = new Map<string, readonly Step[] | undefined>()

function parse(path: string): readonly Step[] | undefined {
  const text = path.replace(/^\{(.*)\}$/, '$1')
  const steps: Step[] = []
  const reader = new RegExp(grammar)
  while (reader.lastIndex < text.length) {
    const match = reader.exec(text)
    if (!match) return undefined
    const [, field, quoted, doubleQuoted, index, filter, operator, expected] = match
    const key = field?.replaceAll('\\.', '.') ?? quoted ?? doubleQuoted
    if (key !== undefined) steps.push(value => (isObject(value) && value[key] !== undefined ? [value[key]] : []))
    else if (index !== undefined)
      steps.push(value => (Array.isArray(value) ? value.slice(Number(index)).slice(0, 1) : []))
    else if (filter !== undefined) {
      const matches = (item: Json) => jsonPath(item, `.${filter}`).some(actual => show(actual) === expected)
      steps.push(value => (Array.isArray(value) ? value.filter(item => matches(item) === (operator === '==')) : []))
    } else steps.push(value => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []))
  }
  return steps
}

/** All values at the path, in order; none when the path cannot be read or leads nowhere. */
export function jsonPath(root: Json, path: string): Json[] {
  if (!parsed.has(path)) parsed.set(path, parse(path))
  let found: Json[] = [root]
  for (const step of parsed.get(path) ?? [() => []]) found = found.flatMap(step)
  return found
}
