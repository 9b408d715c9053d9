import { signal } from '@preact/signals'
import { href } from '../kit/router.ts'
import { remove, snooze, toggle } from './commands.ts'
import { dueText, isOverdue } from './dates.ts'
import { describeRule } from './rule.ts'
import type { Task } from './task.ts'

/** The task whose editor is open. */
export const editing = signal('')
/** Ids of the tasks ticked for doing something with all of them; undefined: nothing is being selected. */
export const selection = signal<ReadonlySet<string> | undefined>(undefined)

export function select(id: string): void {
  const next = new Set(selection.value)
  if (!next.delete(id)) next.add(id)
  selection.value = next
}

export function TaskRow({ task, subtasks }: { task: Task; subtasks: readonly Task[] }) {
  const done = task.status === 'done'
  const due = dueText(task)
  const finished = subtasks.filter(({ status }) => status === 'done').length
  return (
    <li class="task" data-task={task.id} data-priority={task.priority ?? 'none'}>
      {selection.value && (
        <input
          type="checkbox"
          aria-label={`Select ${task.title}`}
          checked={selection.value.has(task.id)}
          onChange={() => select(task.id)}
        />
      )}
      <button
        type="button"
        class="check"
        aria-label={`${done ? 'Reopen' : 'Complete'} ${task.title}`}
        aria-pressed={done}
        onClick={() => toggle(task)}
      >
        <span aria-hidden="true">{done ? '✓' : ''}</span>
      </button>
      <div class="what">
        <button type="button" class="title" dir="auto" onClick={() => (editing.value = task.id)}>
          {task.title}
        </button>
        <span class="facts">
          {due && <time class={isOverdue(task) ? 'overdue' : ''}>{due}</time>}
          {task.recurrence && <span>{describeRule(task.recurrence.rrule)}</span>}
          {task.priority && task.priority !== 'none' && (
            <span class={`priority ${task.priority}`}>{task.priority}</span>
          )}
          {task.tags?.map(tag => (
            <a key={tag} href={href('tag', tag)}>
              #{tag}
            </a>
          ))}
          {subtasks.length > 0 && (
            <span>
              {finished} of {subtasks.length} done
            </span>
          )}
          {task.version === 0 && <span class="unsaved">not saved yet</span>}
        </span>
      </div>
      {!done && task.due_at && (
        <button
          type="button"
          class="icon"
          aria-label={`Move ${task.title} to tomorrow`}
          title="Tomorrow"
          onClick={() => snooze(task)}
        >
          <span aria-hidden="true">→</span>
        </button>
      )}
      <button
        type="button"
        class="icon"
        aria-label={`Delete ${task.title}`}
        title="Delete"
        onClick={() => remove(task)}
      >
        <span aria-hidden="true">×</span>
      </button>
    </li>
  )
}
