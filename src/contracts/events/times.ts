/** An instant read from what any publisher may have written. */
export interface ParsedTime {
  /** RFC 3339 in UTC, with milliseconds. */
  at: string
  /** Whether only a date was given: the task is due on that day, at no hour. */
  dateOnly: boolean
}

const dateOnly = /^\d{4}-\d{2}-\d{2}$/
const timed = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i
/** Above this a number cannot be seconds (it would be past the year 5138). */
const LARGEST_SECONDS = 1e11

/**
 * Accepts RFC 3339, ISO 8601 without a zone (taken as UTC: Python's `utcnow().isoformat()`), a date, and the Unix epoch
 * in seconds or milliseconds.
 * @returns undefined when it is none of them
 */
export function parseTime(value: unknown): ParsedTime | undefined {
  if (typeof value === 'number') return fromMilliseconds(Math.abs(value) < LARGEST_SECONDS ? value * 1000 : value)
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (dateOnly.test(text)) {
    const day = fromMilliseconds(Date.parse(`${text}T00:00:00Z`))
    return day && { ...day, dateOnly: true }
  }
  const parts = timed.exec(text)
  if (!parts) return undefined
  const [, day, minutes, seconds, zone] = parts
  const offset =
    zone && zone.toUpperCase() !== 'Z' && !zone.includes(':') ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  return fromMilliseconds(Date.parse(`${day}T${minutes}${seconds ?? ':00'}${offset?.toUpperCase() ?? 'Z'}`))
}

function fromMilliseconds(value: number): ParsedTime | undefined {
  const date = new Date(value)
  const year = date.getUTCFullYear()
  // RFC 3339 has four digits for the year.
  return Number.isNaN(year) || year < 0 || year > 9999 ? undefined : { at: date.toISOString(), dateOnly: false }
}
