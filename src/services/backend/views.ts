export const VIEWS = ['today', 'upcoming', 'overdue'] as const
export type View = (typeof VIEWS)[number]

/** The day a task is due: all-day ones keep their date wherever the person is now. */
const day = (zone: string): string =>
  `(due_at AT TIME ZONE (CASE WHEN all_day THEN coalesce(due_tz, 'UTC') ELSE ${zone} END))::date`

/**
 * Open tasks by their due time, as days are counted where the person is. One due earlier today is both of today and
 * overdue; an all-day task is overdue when its day is over.
 * @param zone SQL of an IANA time zone
 */
export function viewCondition(view: View, zone: string): string {
  const today = `(now() AT TIME ZONE ${zone})::date`
  const of = {
    today: `${day(zone)} = ${today}`,
    upcoming: `${day(zone)} > ${today}`,
    overdue: `CASE WHEN all_day THEN ${day(zone)} < ${today} ELSE due_at < now() END`,
  }[view]
  return `status = 'open' AND ${of}`
}
