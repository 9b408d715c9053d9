import { preview } from '../../../kit/occurrence.ts'
import { invalid } from '../../../kit/problem.ts'
import { completeSeries, readTask, type TaskBody } from '../input.ts'
import { listTasks } from '../list.ts'
import { snoozeSchema } from '../reminder-routes.ts'
import { comingReminders, inMinutes, readUntil, reminderJson, ringAgain } from '../ring.ts'
import { previewSchema } from '../schemas.ts'
import { nextIndex } from '../series.ts'
import { findSeries, findTask } from '../store.ts'
import { VIEWS, type View } from '../views.ts'
import { reminderIdOf, taskIdOf } from './references.ts'
import { inputs, readWhen, type Tool, taskReference } from './tool.ts'

const reminder = { type: 'string', format: 'uuid', description: 'id of a reminder, instead of its task' } as const
const which = { task: taskReference, reminder_id: reminder } as const

export const planningTools: readonly Tool[] = [
  {
    name: 'agenda',
    description: 'Open tasks that are due today, overdue, or upcoming, in the zone of the person.',
    inputSchema: inputs({ view: { type: 'string', enum: VIEWS, default: 'today' } }),
    readOnly: true,
    run: ({ sql }, { view = 'today' }) => listTasks(sql, { view: view as View, limit: 100 }),
  },
  {
    name: 'list_reminders',
    description: 'Reminders to come, the next first.',
    inputSchema: inputs({ task: taskReference }),
    readOnly: true,
    run: async ({ sql }, { task }) => {
      const taskId = task === undefined ? undefined : await taskIdOf(sql, String(task), 'present')
      return { items: await comingReminders(sql, { limit: 100, ...(taskId ? { task_id: taskId } : {}) }) }
    },
  },
  {
    name: 'snooze_reminder',
    description: 'Puts a reminder off by minutes, or until a time such as tomorrow 9am.',
    inputSchema: inputs({ ...which, ...snoozeSchema.properties }),
    readOnly: false,
    run: async (actor, input, zone) => {
      const { minutes, until } = input
      if ((minutes === undefined) === (until === undefined)) throw invalid('minutes', 'give either minutes or until')
      const at =
        until === undefined ? inMinutes(Number(minutes)) : readUntil(readWhen(String(until), zone, 'until'), zone)
      return {
        reminder: reminderJson(await ringAgain(actor, await reminderIdOf(actor.sql, input), at, 'reminder.snoozed')),
      }
    },
  },
  {
    name: 'fire_reminder',
    description: 'Rings a reminder at once.',
    inputSchema: inputs(which),
    readOnly: false,
    run: async (actor, input) => {
      const id = await reminderIdOf(actor.sql, input)
      return { reminder: reminderJson(await ringAgain(actor, id, new Date(), 'reminder.rescheduled')) }
    },
  },
  {
    name: 'preview_series',
    description: 'The next occurrences of a repeating task, or of a rule nobody has yet.',
    inputSchema: inputs({ task: taskReference, ...previewSchema.properties }),
    readOnly: true,
    run: async ({ sql }, { task, count = 10, ...body }, zone) => {
      const now = new Date().toISOString()
      if (task === undefined) {
        if (body['recurrence'] === undefined) throw invalid('recurrence', 'give a rule, or the task that has one')
        const tz = (body['due_tz'] as string | undefined) ?? zone
        const input = readTask(body as TaskBody, tz)
        const series = completeSeries(input.series!, input.due ?? null, tz)
        return { tzid: series.tzid, items: preview(series, -1, Number(count), now) }
      }
      const { row } = await findTask(sql, await taskIdOf(sql, String(task), 'present'))
      if (!row.series_id) throw invalid('task', 'does not repeat')
      const series = await findSeries(sql, row.series_id)
      const newest = (await nextIndex({ sql }, series.id)) - 1
      return { tzid: series.tzid, items: preview(series, newest, Number(count), now) }
    },
  },
]
