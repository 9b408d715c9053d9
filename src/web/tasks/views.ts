import type { Task } from './task.ts'

export type View = { kind: 'today' | 'upcoming' | 'all' | 'done' } | { kind: 'tag'; tag: string }

export interface Group {
  /** A day (`2026-11-21`), or a name. */
  key: string
  tasks: Task[]
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** The calendar day an instant falls on in a zone: `2026-11-21`. */
export function dayIn(zone: string, instant: string | number | Date): string {
  let format = formatters.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    formatters.set(zone, format)
  }
  return format.format(new Date(instant))
}

/** The day a task is due: an all-day task has the day of its own zone wherever it is looked at. */
export const dueDay = (task: Pick<Task, 'due_at' | 'due_tz' | 'all_day'>, zone: string): string | undefined =>
  task.due_at ? dayIn((task.all_day && task.due_tz) || zone, task.due_at) : undefined

const RANK = { urgent: 0, high: 1, medium: 2, low: 3, none: 4 } as const

function byDue(a: Task, b: Task): number {
  const due = (a.due_at ?? '9').localeCompare(b.due_at ?? '9')
  return due || RANK[a.priority ?? 'none'] - RANK[b.priority ?? 'none'] || a.id.localeCompare(b.id)
}

/** What a view shows, in order, in groups that are not empty. Subtasks stand with their parents unless they are due themselves. */
export function groupsOf(tasks: Iterable<Task>, view: View, zone: string, now: Date): Group[] {
  const today = dayIn(zone, now)
  const present = [...tasks].filter(task => !task.deleted_at)
  const open = present.filter(({ status }) => status === 'open').sort(byDue)
  const groups = new Map<string, Task[]>()
  const put = (key: string, task: Task): void => void (groups.get(key) ?? groups.set(key, []).get(key)!).push(task)
  switch (view.kind) {
    case 'today':
      for (const task of open) {
        const day = dueDay(task, zone)
        if (day && day < today) put('Overdue', task)
        else if (day === today) put('Today', task)
      }
      break
    case 'upcoming':
      for (const task of open) {
        const day = dueDay(task, zone)
        if (day && day > today) put(day, task)
      }
      break
    case 'tag':
      for (const task of open) if (task.tags?.includes(view.tag)) put('Open', task)
      break
    case 'done':
      for (const task of present
        .filter(({ status }) => status === 'done')
        .sort((a, b) => (b.completed_at ?? '').localeCompare(a.completed_at ?? '')))
        put('Done', task)
      break
    case 'all':
      for (const task of open) put(task.due_at ? 'With a date' : 'Without a date', task)
  }
  return [...groups].map(([key, members]) => ({ key, tasks: members }))
}

/** Tags of open tasks with how many carry them, most used first. */
export function tagsOf(tasks: Iterable<Task>): { tag: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const task of tasks)
    if (task.status === 'open' && !task.deleted_at)
      for (const tag of task.tags ?? []) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return [...counts]
    .map(([tag, count]) => ({ tag, count }))
    .sort((a, b) => b.count - a.count || a.tag.localeCompare(b.tag))
}
