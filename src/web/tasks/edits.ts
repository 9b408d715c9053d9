import type { Task, TaskFields } from './task.ts'

/**
 * What a person did, kept until the server has it. The id is the request's Idempotency-Key, so that sending again has no
 * second effect. A change remembers what the fields were when the person saw them: that is what makes a merge possible.
 */
export type Edit = { id: string; taskId: string } & (
  | { kind: 'create'; task: TaskFields & { title: string } }
  | {
      kind: 'change'
      patch: TaskFields
      base: TaskFields
      version: number
      conflict?: Task
      scope?: 'this' | 'following'
    }
  | { kind: 'complete' | 'reopen' | 'delete' | 'restore' | 'skip' }
)
export type Change = Extract<Edit, { kind: 'change' }>

type Field = keyof TaskFields
const fieldsOf = (patch: TaskFields): Field[] => Object.keys(patch) as Field[]

/** The part of a task that a patch is about to replace. */
export function baseOf(task: Task, patch: TaskFields): TaskFields {
  return Object.fromEntries(fieldsOf(patch).map(field => [field, task[field as keyof Task] ?? null])) as TaskFields
}

/** The tasks as they will be once every edit is saved: what the person sees at once. Edits come oldest first. */
export function overlay(tasks: ReadonlyMap<string, Task>, edits: readonly Edit[]): Map<string, Task> {
  const seen = new Map(tasks)
  for (const edit of edits) {
    const task = seen.get(edit.taskId)
    if (edit.kind === 'create') {
      // News of it may come before the answer, or before another window hears that it is saved.
      if (!task)
        seen.set(edit.taskId, {
          id: edit.taskId,
          version: 0,
          title: edit.task.title,
          status: 'open',
          ...shown(edit.task),
        })
    } else if (task) seen.set(edit.taskId, apply(task, edit))
  }
  return seen
}

function apply(task: Task, edit: Exclude<Edit, { kind: 'create' }>): Task {
  switch (edit.kind) {
    case 'change':
      return { ...task, ...shown(edit.patch) }
    case 'complete':
      return { ...task, status: 'done', completed_at: task.completed_at ?? new Date(0).toISOString() }
    case 'reopen':
      return { ...task, status: 'open', completed_at: null }
    case 'delete':
      return { ...task, deleted_at: task.deleted_at ?? new Date(0).toISOString() }
    case 'restore':
      return { ...task, deleted_at: null }
    // Where it goes the server knows; until then it stays.
    case 'skip':
      return task
  }
}

/** Reminders of a patch have no ids yet; the server's answer brings them. */
function shown({ reminders: _reminders, ...fields }: TaskFields): Partial<Task> {
  return fields
}

export interface Merge {
  /** What can be sent on top of `version`: nobody else touched it, or it is a set of tags, which add up. */
  send: TaskFields
  /** What was changed here and elsewhere, to something else: the person decides. */
  conflicts: TaskFields
}

/**
 * Three-way merge of a change with what the task has become meanwhile. Nothing of anybody is lost: a field that only one
 * side changed takes that side's value, tags take the additions and removals of both, and the rest is a conflict.
 */
export function merge(change: Pick<Change, 'patch' | 'base'>, theirs: Task): Merge {
  const send: TaskFields = {}
  const conflicts: TaskFields = {}
  for (const field of fieldsOf(change.patch)) {
    const [mine, base, now] = [change.patch[field], change.base[field] ?? null, theirs[field as keyof Task] ?? null]
    if (field === 'tags') {
      send.tags = mergeTags((base ?? []) as string[], (mine ?? []) as string[], (now ?? []) as string[])
    } else if (same(field, base, now) || same(field, mine, now)) {
      Object.assign(send, { [field]: mine })
    } else {
      Object.assign(conflicts, { [field]: mine })
    }
  }
  return { send, conflicts }
}

function mergeTags(base: readonly string[], mine: readonly string[], theirs: readonly string[]): string[] {
  const kept = theirs.filter(tag => mine.includes(tag) || !base.includes(tag))
  return [...kept, ...mine.filter(tag => !base.includes(tag) && !kept.includes(tag))]
}

/** The server fills fields in (ids, series, defaults): only what a person chose counts as a difference. */
function same(field: Field, a: unknown, b: unknown): boolean {
  return JSON.stringify(chosen(field, a)) === JSON.stringify(chosen(field, b))
}

function chosen(field: Field, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (field === 'due_at') return Date.parse(value as string)
  if (field === 'recurrence') {
    const { rrule, mode = 'schedule', missed = 'catch_up' } = value as NonNullable<TaskFields['recurrence']>
    return [rrule, mode, missed]
  }
  if (field === 'reminders')
    return (value as { at?: string; before?: string | null; remind_at?: string; status?: string }[])
      .filter(({ status = 'scheduled' }) => status === 'scheduled')
      .map(({ before, at, remind_at }) => before ?? Date.parse((at ?? remind_at)!))
      .sort()
  return value
}

/** Fields of a change in the order a person reads them. */
export const labels: Record<Field, string> = {
  title: 'Title',
  description: 'Notes',
  priority: 'Priority',
  tags: 'Tags',
  due_at: 'Due',
  due_tz: 'Time zone',
  all_day: 'All day',
  recurrence: 'Repeat',
  reminders: 'Reminders',
  parent_task_id: 'Part of',
}
