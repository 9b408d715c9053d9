/** What Go's time.Parse says of a text that is no time (time/format.go), for the layouts of metav1.Time and MicroTime. */

export const RFC3339 = '2006-01-02T15:04:05Z07:00'
export const RFC3339_MICRO = '2006-01-02T15:04:05.000000Z07:00'

/** An element of a layout, what it matches, and the range of its number. */
type Element = readonly [layout: string, pattern: RegExp, range?: readonly [what: string, least: number, most: number]]

const literal = (text: string): Element => [text, new RegExp(`^${text}`)]
const TIME: readonly Element[] = [
  ['2006', /^\d{4}/],
  literal('-'),
  ['01', /^\d\d/, ['month', 1, 12]],
  literal('-'),
  ['02', /^\d\d/],
  literal('T'),
  ['15', /^\d\d?/, ['hour', 0, 23]],
  literal(':'),
  ['04', /^\d\d/, ['minute', 0, 59]],
  literal(':'),
  ['05', /^\d\d/, ['second', 0, 59]],
]
const ZONE: Element = ['Z07:00', /^(Z|[+-]\d\d:\d\d)/]
const LAYOUTS: Readonly<Record<string, readonly Element[]>> = {
  // A fraction may follow the seconds whether the layout has one or not.
  [RFC3339]: [...TIME.slice(0, -1), ['05', /^\d\d([.,]\d+)?/, ['second', 0, 59]], ZONE],
  [RFC3339_MICRO]: [...TIME, ['.000000', /^[.,]\d{6}/], ZONE],
}

const daysOf = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** The message of the error, `undefined` for a text that is a time. */
export function timeProblem(text: string, layout: typeof RFC3339 | typeof RFC3339_MICRO): string | undefined {
  const quoted = `parsing time ${JSON.stringify(text)}`
  let rest = text
  for (const [element, pattern, range] of LAYOUTS[layout]!) {
    const found = pattern.exec(rest)?.[0]
    if (found === undefined)
      return `${quoted} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`
    const number = Number.parseInt(found, 10)
    if (range && (number < range[1] || number > range[2])) return `${quoted}: ${range[0]} out of range`
    rest = rest.slice(found.length)
  }
  if (rest !== '') return `${quoted}: extra text: ${JSON.stringify(rest)}`
  const [year, month, day] = text.split(/[-T]/).map(Number) as [number, number, number]
  return day < 1 || day > daysOf(year, month) ? `${quoted}: day out of range` : undefined
}
