/** `JSON.rawJSON` and the reviver's `source` are in Node 24 (TC39 "JSON.parse source text access"), not yet in lib.es. */
interface PreciseJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source: string }) => unknown): unknown
  rawJSON(text: string): unknown
}
const precise = JSON as unknown as PreciseJson

/**
 * Parses JSON whose numbers survive `JSON.stringify` digit for digit, as Go's decoder does with UseNumber
 * (components-contrib pubsub/envelope.go unmarshalPrecise): an id of 20 digits must not change on its way.
 */
export function parsePrecisely(text: string): unknown {
  return precise.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && String(value) !== source ? precise.rawJSON(source) : value,
  )
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field as Go's encoding/json finds it: by its name, else without regard to case. */
export function fieldOf(record: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name]
  const found = Object.keys(record).find(key => key.toLowerCase() === name.toLowerCase())
  return found === undefined ? undefined : record[found]
}
