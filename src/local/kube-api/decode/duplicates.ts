/** Keys that stand twice in an object of a JSON text: JSON.parse keeps the last and does not tell. */

const KEY = /"(?:[^"\\]|\\.)*"\s*:/g
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countKeys(item), 0)
  const entries = Object.values(value)
  return entries.reduce<number>((sum, item) => sum + countKeys(item), entries.length)
}

/** Their paths in the order of the text, each once. `value` is what the text means; it saves the second reading mostly. */
export function duplicateKeys(text: string, value: unknown): string[] {
  if ((text.match(KEY)?.length ?? 0) === countKeys(value)) return []
  const tokens = text.match(TOKEN) ?? []
  const found = new Set<string>()
  let position = 0
  const walk = (path: string): void => {
    const open = tokens[position++]
    if (open === '{') {
      const seen = new Set<string>()
      while (tokens[position] !== '}') {
        const key = JSON.parse(tokens[position]!) as string
        const own = path ? `${path}.${key}` : key
        if (seen.has(key)) found.add(own)
        seen.add(key)
        // The key and its colon.
        position += 2
        walk(own)
        if (tokens[position] === ',') position++
      }
      position++
    } else if (open === '[') {
      for (let index = 0; tokens[position] !== ']'; index++) {
        walk(`${path}[${index}]`)
        if (tokens[position] === ',') position++
      }
      position++
    }
  }
  walk('')
  return [...found]
}
