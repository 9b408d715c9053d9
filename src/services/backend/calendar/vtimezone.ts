import { Temporal } from 'temporal-polyfill'

/**
 * A zone as calendars need it (RFC 5545 §3.6.5): each change of its clocks, from the one before `from` until `to`.
 * Several observances instead of rules, since zones change theirs when their parliaments do.
 */
export function vtimezone(zone: string, from: Temporal.Instant, to: Temporal.Instant): string {
  const start = from.toZonedDateTimeISO(zone)
  // A zone that never changed its clocks still has the one offset.
  let change: Temporal.ZonedDateTime | null = start.getTimeZoneTransition('previous') ?? start
  const observances: string[] = []
  while (change && Temporal.Instant.compare(change.toInstant(), to) < 0) {
    observances.push(...observance(change))
    change = change.getTimeZoneTransition('next')
  }
  return ['BEGIN:VTIMEZONE', `TZID:${zone}`, ...observances, 'END:VTIMEZONE'].join('\r\n')
}

function observance(change: Temporal.ZonedDateTime): string[] {
  const before = change.subtract({ nanoseconds: 1 }).offset
  // The wall clock on which it happens is the one before.
  const local = change.toInstant().toZonedDateTimeISO(before).toPlainDateTime()
  const kind = change.offsetNanoseconds > standardOffset(change) ? 'DAYLIGHT' : 'STANDARD'
  return [
    `BEGIN:${kind}`,
    `DTSTART:${basic(local)}`,
    `TZOFFSETFROM:${before.replaceAll(':', '')}`,
    `TZOFFSETTO:${change.offset.replaceAll(':', '')}`,
    `END:${kind}`,
  ]
}

/** The smaller offset of the year: what a zone keeps when it does not save daylight. */
const standardOffset = (at: Temporal.ZonedDateTime): number =>
  Math.min(...[1, 7].map(month => at.with({ month, day: 1 }).offsetNanoseconds))

const basic = (local: Temporal.PlainDateTime): string => local.toString({ smallestUnit: 'second' }).replace(/[-:]/g, '')
