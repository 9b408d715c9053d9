import { type Cause, createEvent, type TodoEvent, uuidv7 } from '../../contracts/events/index.ts'
import { invalid } from '../../kit/problem.ts'
import { type Alarm, secondsOf } from './input.ts'
import { type ReminderRow, ringTime, type TaskRow } from './model.ts'

/** When an alarm rings. @throws Problem TEP4001 for a relative one on a task without a due time */
export function ringsAt(alarm: Alarm, due: Date | null, index: number): Date {
  if ('at' in alarm) return alarm.at
  if (!due) throw invalid(`reminders.${index}.before`, 'the task has no due_at to be reminded before')
  return new Date(due.getTime() - secondsOf(alarm.before, `reminders.${index}.before`) * 1000)
}

/** When a reminder rings once its task has moved from one due time to another. */
export function movedWith(
  { before, remind_at: at }: Pick<ReminderRow, 'before' | 'remind_at'>,
  from: Date | null,
  to: Date | null,
): Date {
  if (before && to) return ringsAt({ before }, to, 0)
  return from && to ? new Date(at.getTime() + to.getTime() - from.getTime()) : at
}

/** Rows for a new list of alarms. */
export const newReminders = (
  task: Pick<TaskRow, 'id' | 'user_id' | 'due_at'>,
  alarms: readonly Alarm[],
): ReminderRow[] =>
  alarms.map((alarm, index) => ({
    id: uuidv7(),
    task_id: task.id,
    user_id: task.user_id,
    version: 1,
    remind_at: ringsAt(alarm, task.due_at, index),
    before: 'before' in alarm ? alarm.before : null,
    status: 'scheduled' as const,
    snoozed_until: null,
  }))

/**
 * How reminders follow their task: none rings for a finished or deleted one, relative ones move with the due time,
 * and one that becomes wanted again rings only if its time is still to come.
 * @returns every reminder, the changed ones with a raised version
 */
export function followTask(task: TaskRow, reminders: readonly ReminderRow[], now: Date): ReminderRow[] {
  const active = task.status === 'open' && !task.deleted_at
  return reminders.map(reminder => {
    const moved =
      reminder.before && task.due_at ? ringsAt({ before: reminder.before }, task.due_at, 0) : reminder.remind_at
    const wanted = active && (reminder.before === null || task.due_at !== null)
    const again = reminder.status === 'cancelled' && moved > now
    const status =
      wanted && (reminder.status === 'scheduled' || again) ? ('scheduled' as const) : ('cancelled' as const)
    const same = status === reminder.status && moved.getTime() === reminder.remind_at.getTime()
    return same
      ? reminder
      : { ...reminder, status, remind_at: moved, snoozed_until: null, version: reminder.version + 1 }
  })
}

/** Events for what changed between two lists of one task's reminders. */
export function reminderEvents(
  appId: string,
  task: TaskRow,
  before: readonly ReminderRow[],
  after: readonly ReminderRow[],
  cause: TodoEvent,
): TodoEvent[] {
  return after.flatMap(reminder => {
    const old = before.find(({ id }) => id === reminder.id)
    if (old && old.version === reminder.version) return []
    if (!old && reminder.status === 'cancelled') return []
    const type =
      reminder.status === 'cancelled' ? 'reminder.cancelled' : old ? 'reminder.rescheduled' : 'reminder.scheduled'
    return [reminderEvent(type, appId, task, reminder, cause)]
  })
}

type ReminderEventType = `reminder.${'scheduled' | 'rescheduled' | 'snoozed' | 'cancelled'}`

export function reminderEvent(
  type: ReminderEventType,
  appId: string,
  task: TaskRow,
  reminder: ReminderRow,
  cause: Cause | undefined,
): TodoEvent {
  const data = {
    reminder_id: reminder.id,
    task_id: task.id,
    user_id: task.user_id,
    version: reminder.version,
    title: task.title,
    due_at: task.due_at?.toISOString() ?? null,
    remind_at: ringTime(reminder).toISOString(),
    ...(reminder.before ? { offset: reminder.before } : {}),
  }
  return createEvent({ type, appId, subject: `reminder/${reminder.id}`, data, cause }) as TodoEvent
}
