import { isOfType, type Recurrence, type TodoEvent, uuidv5 } from '../../contracts/events/index.ts'
import { nextOccurrence, type Occurrence, type Series } from '../../kit/occurrence.ts'

/** What follows from a completed task. */
export type Next =
  | { kind: 'none' }
  | { kind: 'exhausted'; seriesId: string }
  | { kind: 'next'; seriesId: string; series: Series; occurrence: Occurrence }

/**
 * Decides what a completion leads to; pure.
 *
 * Events of the seeds carry a rule without a series: the task itself is then the first occurrence of a series named
 * after it.
 * @throws RecurrenceError for a rule that cannot be evaluated
 */
export function nextAfterCompletion(event: TodoEvent): Next {
  if (!isOfType(event, 'task.completed')) return { kind: 'none' }
  const { task, task_id: taskId, completed_at: completedAt } = event.data
  const rule = task?.recurrence
  if (!rule) return { kind: 'none' }
  const series = seriesOf(rule, task.due_at, task.due_tz)
  if (!series) return { kind: 'none' }
  const seriesId = rule.series_id ?? uuidv5(`series:${taskId}`)
  const occurrence = nextOccurrence(series, rule.index ?? 0, completedAt ?? task.completed_at ?? event.time)
  return occurrence ? { kind: 'next', seriesId, series, occurrence } : { kind: 'exhausted', seriesId }
}

function seriesOf(
  rule: Recurrence,
  dueAt: string | null | undefined,
  dueTz: string | null | undefined,
): Series | undefined {
  const tzid = rule.tzid ?? dueTz ?? 'UTC'
  const dtstart = rule.dtstart ?? (dueAt ? wallClock(dueAt, tzid) : undefined)
  if (!dtstart) return undefined
  return {
    rrule: rule.rrule,
    dtstart,
    tzid,
    exdates: rule.exdates ?? [],
    mode: rule.mode ?? 'schedule',
    missed: rule.missed ?? 'catch_up',
  }
}

/** An instant on the wall clock of a zone: `2026-01-05T09:00:00`. */
function wallClock(instant: string, tzid: string): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: tzid, dateStyle: 'short', timeStyle: 'medium' })
  return parts.format(new Date(instant)).replace(' ', 'T')
}
