import { isOfType, type Recurrence, uuidv7 } from '../../contracts/events/index.ts'
import type { Handler } from '../../kit/subscriber.ts'
import { announceNew } from './commands.ts'
import type { ReminderRow, SeriesRow, TaskRow } from './model.ts'
import { ringsAt } from './reminders.ts'
import { findSeries, insertSeries, insertTask, remindersOf } from './store.ts'

/**
 * Creates the next task of a series when the recurring service says it is time. (series, index) is unique, so however
 * often that is said, the task exists once.
 */
export const createOccurrence =
  (appId: string, wake: () => void): Handler =>
  async (event, { sql, log, afterCommit }) => {
    if (!isOfType(event, 'recurrence.triggered')) return
    const { series_id: seriesId, index, due_at: due, task_id: parentId, user_id: userId, task = {}, tzid } = event.data
    // One seed announces with this type an occurrence it has already created itself.
    if (!seriesId || index === undefined || !due) return log.info('an announcement without a time to create is ignored')
    const series = await seriesOf(seriesId, userId)
    if (!series) return log.warn({ seriesId }, 'the rule of the series is unknown; nothing is created')
    const [parent] = await sql.query<TaskRow>('SELECT * FROM backend.tasks WHERE id = $1', [parentId])
    const row = await insertTask(sql, {
      id: uuidv7(),
      user_id: userId,
      title: parent?.title ?? task.title ?? '(untitled)',
      description: parent ? parent.description : (task.description ?? null),
      priority: parent?.priority ?? task.priority ?? 'none',
      tags: parent?.tags ?? task.tags ?? [],
      status: 'open',
      completed_at: null,
      due_at: new Date(due),
      due_tz: tzid ?? series.tzid,
      all_day: parent?.all_day ?? task.all_day ?? false,
      parent_task_id: parentId,
      series_id: seriesId,
      series_index: index,
    })
    if (!row) return
    const reminders = parent ? carriedOver(await remindersOf(sql, [parentId]), parent, row) : []
    await announceNew({ sql, userId, appId, cause: event }, row, series, reminders)
    afterCommit(wake)

    async function seriesOf(id: string, owner: string): Promise<SeriesRow | undefined> {
      const known = await findSeries(sql, id)
      const rule = task.recurrence
      if (known || !rule?.dtstart || !rule.tzid) return known
      const row = seriesRow(id, owner, rule as Recurrence & { dtstart: string; tzid: string })
      await insertSeries(sql, row)
      return row
    }
  }

const seriesRow = (id: string, userId: string, rule: Recurrence & { dtstart: string; tzid: string }): SeriesRow => ({
  id,
  user_id: userId,
  rrule: rule.rrule,
  dtstart: rule.dtstart,
  tzid: rule.tzid,
  exdates: rule.exdates ?? [],
  mode: rule.mode ?? 'schedule',
})

/** Reminders keep their distance to the due time, relative and absolute ones alike; past ones are left out. */
function carriedOver(reminders: readonly ReminderRow[], parent: TaskRow, next: TaskRow): ReminderRow[] {
  const shift = parent.due_at && next.due_at ? next.due_at.getTime() - parent.due_at.getTime() : 0
  const now = Date.now()
  return reminders.flatMap(({ before, remind_at: at }) => {
    const remindAt = before ? ringsAt({ before }, next.due_at, 0) : new Date(at.getTime() + shift)
    if (remindAt.getTime() <= now) return []
    const { id: taskId, user_id: userId } = next
    return [
      {
        id: uuidv7(),
        task_id: taskId,
        user_id: userId,
        version: 1,
        remind_at: remindAt,
        before,
        status: 'scheduled' as const,
      },
    ]
  })
}
