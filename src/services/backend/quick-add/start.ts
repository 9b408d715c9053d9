import { Temporal } from 'temporal-polyfill'
import { occurrenceAt } from '../../../kit/occurrence.ts'
import { RecurrenceError } from '../../../kit/recurrence-rule.ts'

/**
 * The first time a rule has at `from` or later, and after `after`. A series counts its start whatever the rule says
 * (RFC 5545 §3.8.5.3), so a rule that names days is asked with a start of the day before.
 * @returns undefined for a rule that is none, or has no such time
 */
export function firstLocal(
  rrule: string,
  from: Temporal.PlainDateTime,
  after?: Temporal.PlainDateTime,
): Temporal.PlainDateTime | undefined {
  // What is left out here concerns the times after the first.
  const rule = rrule.replace(/;(?:INTERVAL|COUNT|UNTIL)=[^;]*/g, '')
  const earliest = after && Temporal.PlainDateTime.compare(from, after) <= 0 ? after.add({ seconds: 1 }) : from
  if (!rule.includes('BY')) {
    const step = rrule.startsWith('FREQ=HOURLY') ? { hours: 1 } : { days: 1 }
    return earliest === from ? from : from.add(step)
  }
  const text = (local: Temporal.PlainDateTime): string => local.toString({ smallestUnit: 'second' })
  try {
    const series = { rrule: rule, dtstart: text(from.subtract({ days: 1 })), tzid: 'UTC' }
    const found = occurrenceAt(series, text(earliest), 1)
    return found && Temporal.PlainDateTime.from(found.local)
  } catch (error) {
    if (error instanceof RecurrenceError) return undefined
    throw error
  }
}
