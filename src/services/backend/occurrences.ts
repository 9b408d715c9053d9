import { isOfType, type Recurrence, type Task, uuidv7 } from '../../contracts/events/index.ts'
import { type Occurrence, upcoming } from '../../kit/occurrence.ts'
import type { Handler } from '../../kit/subscriber.ts'
import type { Actor } from './actor.ts'
import { announceNew } from './commands.ts'
import type { FullTask, ReminderRow, SeriesRow, TaskRow } from './model.ts'
import { movedWith } from './reminders.ts'
import { insertSeries, insertTask, lockSeries, remindersOf, TASK_COLUMNS, updateSeries } from './store.ts'

/**
 * Creates the next task of a series when the recurring service says it is time. (series, index) is unique, so however
 * often that is said, the task exists once. The series is locked: whoever pauses it, or leaves the very occurrence out,
 * comes before or after, never between.
 */
export const createOccurrence =
  (appId: string, wake: () => void): Handler =>
  async (event, { sql, log, afterCommit }) => {
    if (!isOfType(event, 'recurrence.triggered')) return
    const { series_id: seriesId, index, due_at: at, due_local: local, task_id: parentId, user_id: userId } = event.data
    const { task = {} } = event.data
    // One seed announces with this type an occurrence it has already created itself.
    if (!seriesId || index === undefined || !at) return log.info('an announcement without a time to create is ignored')
    const actor = { sql, userId, appId, cause: event }
    const series = await seriesOf(actor, seriesId, task)
    if (!series) return log.warn({ seriesId }, 'the rule of the series is unknown; nothing is created')
    if (series.paused_at) {
      const waiting = { index, at, ...(local ? { local } : {}), parent_id: parentId }
      return updateSeries(sql, { ...series, waiting })
    }
    const leftOut = local !== undefined && series.exdates.includes(local)
    const next = leftOut ? upcoming(series, 1, index + 1)[0] : { index, at }
    if (next && (await createNext(actor, series, parentId, next, task))) afterCommit(wake)
  }

/**
 * The next task of a series, like the one before it or like the series' template.
 * @param like what it is like when this service does not know the one before
 * @returns undefined when it exists already
 */
export async function createNext(
  actor: Actor,
  series: SeriesRow,
  parentId: string,
  { index, at }: Pick<Occurrence, 'index' | 'at'>,
  like: Task = {},
): Promise<FullTask | undefined> {
  const { sql, userId } = actor
  const [parent] = await sql.query<TaskRow>(`SELECT ${TASK_COLUMNS} FROM backend.tasks WHERE id = $1`, [parentId])
  const looks = series.template ?? parent ?? like
  const row = await insertTask(sql, {
    id: uuidv7(),
    user_id: userId,
    title: looks.title ?? '(untitled)',
    description: looks.description ?? null,
    priority: looks.priority ?? 'none',
    tags: looks.tags ?? [],
    status: 'open',
    completed_at: null,
    due_at: new Date(at),
    due_tz: series.tzid,
    all_day: parent?.all_day ?? like.all_day ?? false,
    parent_task_id: parentId,
    series_id: series.id,
    series_index: index,
  })
  if (!row) return undefined
  const reminders = parent ? carriedOver(await remindersOf(sql, [parentId]), parent, row) : []
  return announceNew(actor, row, series, reminders)
}

/** Series of the seeds exist in their events alone, until their first occurrence comes. */
async function seriesOf({ sql, userId }: Actor, id: string, task: Task): Promise<SeriesRow | undefined> {
  const known = await lockSeries(sql, id)
  const rule = task.recurrence
  if (known || !rule?.dtstart || !rule.tzid) return known
  await insertSeries(sql, seriesRow(id, userId, rule as Recurrence & { dtstart: string; tzid: string }))
  return lockSeries(sql, id)
}

const seriesRow = (id: string, userId: string, rule: Recurrence & { dtstart: string; tzid: string }): SeriesRow => ({
  id,
  user_id: userId,
  rrule: rule.rrule,
  dtstart: rule.dtstart,
  tzid: rule.tzid,
  exdates: rule.exdates ?? [],
  mode: rule.mode ?? 'schedule',
  missed: rule.missed ?? 'catch_up',
  paused_at: null,
  waiting: null,
  template: null,
})

/** Reminders keep their distance to the due time, relative and absolute ones alike; past ones are left out. */
function carriedOver(reminders: readonly ReminderRow[], parent: TaskRow, next: TaskRow): ReminderRow[] {
  const now = Date.now()
  return reminders.flatMap(reminder => {
    const remindAt = movedWith(reminder, parent.due_at, next.due_at)
    if (remindAt.getTime() <= now) return []
    const { id: taskId, user_id: userId } = next
    const same = { task_id: taskId, user_id: userId, before: reminder.before, status: 'scheduled' as const }
    return [{ id: uuidv7(), version: 1, remind_at: remindAt, snoozed_until: null, ...same }]
  })
}
