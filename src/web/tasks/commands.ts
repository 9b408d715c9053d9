import { toast } from '../ui/toast.tsx'
import { dayFromNow, dayText, dueOf, inputsOf } from './dates.ts'
import { baseOf } from './edits.ts'
import { act, change } from './store.ts'
import type { Task, TaskFields } from './task.ts'

/** What a person does to tasks, each with its way back. */
export function toggle(...tasks: Task[]): void {
  for (const task of tasks) act(task, task.status === 'open' ? 'complete' : 'reopen')
  const done = tasks[0]?.status === 'open'
  toast(`${named(tasks)} ${done ? 'completed' : 'open again'}`, {
    label: 'Undo',
    run() {
      for (const task of tasks) act(task, done ? 'reopen' : 'complete')
    },
  })
}

export function remove(...tasks: Task[]): void {
  for (const task of tasks) act(task, 'delete')
  toast(`${named(tasks)} deleted`, {
    label: 'Undo',
    run() {
      for (const task of tasks) act(task, 'restore')
    },
  })
}

/** To another day, the time of day as it was. */
export function moveTo(day: string, ...tasks: Task[]): void {
  patchAll(tasks, task => dueOf(day, inputsOf(task).time), `moved to ${dayText(day)}`)
}

export const snooze = (...tasks: Task[]): void => moveTo(dayFromNow(1), ...tasks)

export function patchAll(tasks: readonly Task[], patchOf: (task: Task) => TaskFields, what: string): void {
  const before = tasks.map(task => ({ task, fields: baseOf(task, patchOf(task)) }))
  for (const task of tasks) change(task, patchOf(task))
  toast(`${named(tasks)} ${what}`, {
    label: 'Undo',
    run() {
      for (const { task, fields } of before) change({ ...task, ...patchOf(task) } as Task, defined(fields))
    },
  })
}

/** The API clears with null where a field can be empty; `all_day` cannot. */
const defined = (fields: TaskFields): TaskFields => ({ ...fields, ...(fields.all_day === null && { all_day: false }) })

const named = (tasks: readonly Task[]): string =>
  tasks.length === 1 ? `“${tasks[0]!.title}”` : `${tasks.length} tasks`
