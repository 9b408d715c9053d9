import { Temporal } from 'temporal-polyfill'

/** A daily span on the wall clock of a zone; `start` after `end` spans midnight. */
export interface QuietHours {
  start: string
  end: string
}

const zoned = (at: Date, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone)

/** The moment quiet hours end, when they are on at `now`; undefined when they are not. */
export function quietUntil(now: Date, hours: QuietHours | null, zone: string): Date | undefined {
  if (!hours || hours.start === hours.end) return undefined
  const time = zoned(now, zone).toPlainTime().toString({ smallestUnit: 'minute' })
  const { start, end } = hours
  const quiet = start < end ? time >= start && time < end : time >= start || time < end
  return quiet ? nextAt(now, end, zone) : undefined
}

/** The next time the wall of a zone shows `time` (HH:MM), later than `now`; where the clocks skip it, as soon as they have. */
export function nextAt(now: Date, time: string, zone: string): Date {
  const today = zoned(now, zone).toPlainDate()
  for (let days = 0; ; days++) {
    const local = today.add({ days }).toPlainDateTime(Temporal.PlainTime.from(time))
    const at = new Date(local.toZonedDateTime(zone).epochMilliseconds)
    if (at > now) return at
  }
}
