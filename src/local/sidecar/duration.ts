const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A Go duration such as `1h30m` or `250ms`, in milliseconds; undefined when it is none (Go time.ParseDuration). */
export function parseGoDuration(text: string): number | undefined {
  const match = /^([+-])?((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text)
  if (text === '0') return 0
  if (!match) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * UNITS[unit!]!
  }
  return match[1] === '-' ? -total : total
}

/** A Go duration, or a bare number in the given unit (dapr/kit config decoding). Milliseconds. */
export function parseDuration(text: string, bareUnit: 'ms' | 's' = 'ms'): number | undefined {
  const bare = /^\d+$/.test(text) ? Number(text) * UNITS[bareUnit]! : undefined
  return bare ?? parseGoDuration(text)
}

export interface IsoDuration {
  years: number
  months: number
  /** Everything below a month, in milliseconds. */
  milliseconds: number
  repeats?: number
}

/** An ISO 8601 duration, optionally repeating (`R5/PT10M`), as dapr/kit time.ParseISO8601Duration takes it. */
export function parseIsoDuration(text: string): IsoDuration | undefined {
  const match =
    /^(?:R(\d+)\/)?P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(
      text,
    )
  if (!match) return undefined
  const [repeats, years, months, weeks, days, hours, minutes, seconds] = match.slice(1).map(part => Number(part ?? 0))
  const milliseconds =
    ((((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + (seconds ?? 0) * 1000
  const duration = { years: years ?? 0, months: months ?? 0, milliseconds }
  return match[1] === undefined ? duration : { ...duration, repeats: repeats ?? 0 }
}

/**
 * A point in time as the Jobs API takes it: RFC 3339, or a Go or ISO 8601 duration from now.
 *
 * @returns milliseconds since the epoch, or undefined when it is none of these
 */
export function parsePointInTime(text: string, now: number): number | undefined {
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i.test(text)) {
    const time = Date.parse(text)
    return Number.isNaN(time) ? undefined : time
  }
  const go = parseGoDuration(text)
  if (go !== undefined) return now + go
  const iso = parseIsoDuration(text)
  // A repetition is for a schedule only.
  if (iso === undefined || iso.repeats) return undefined
  const date = new Date(now)
  date.setUTCFullYear(date.getUTCFullYear() + iso.years, date.getUTCMonth() + iso.months)
  return date.getTime() + iso.milliseconds
}
