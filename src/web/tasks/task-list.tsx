import { computed, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { zone } from '../kit/preferences.ts'
import { Problem } from '../ui/loaded.tsx'
import { moveTo, patchAll, remove, toggle } from './commands.ts'
import { dayFromNow, dayText } from './dates.ts'
import { QuickAdd } from './quick-add.tsx'
import { load, loading, loadProblem, tasks } from './store.ts'
import { PRIORITIES, type Priority, type Task } from './task.ts'
import { selection, TaskRow } from './task-row.tsx'
import { type Group, groupsOf, type View } from './views.ts'

/** Views turn with the day and overdue times: once a minute is soon enough. */
const now = signal(new Date())
setInterval(() => (now.value = new Date()), 60_000)

const childrenOf = computed(() => {
  const children = new Map<string, Task[]>()
  for (const task of tasks.value.values()) {
    if (!task.parent_task_id || task.deleted_at) continue
    const siblings = children.get(task.parent_task_id)
    if (siblings) siblings.push(task)
    else children.set(task.parent_task_id, [task])
  }
  return children
})

const NOTHING: Record<View['kind'], string> = {
  today: 'Nothing is due today.',
  upcoming: 'Nothing is planned for the days to come.',
  all: 'Nothing to do. Add a task above.',
  done: 'Nothing is done yet.',
  tag: 'No open task has this tag.',
}

/** Rendering more rows than anyone reads makes typing slow; the rest is one button away. */
const ROWS = 200

export function TaskList({ view }: { view: View }) {
  useEffect(() => endSelection, [view.kind])
  const groups = groupsOf(tasks.value.values(), view, zone, now.value)
  return (
    <>
      {view.kind !== 'done' && <QuickAdd tag={view.kind === 'tag' ? view.tag : undefined} />}
      {loadProblem.value && <Problem text={loadProblem.value} retry={load} />}
      <Selection shown={groups.flatMap(group => group.tasks)} />
      {groups.map(group => (
        <Section key={group.key} group={group} />
      ))}
      {groups.length === 0 && <p class="empty">{loading.value ? 'Loading …' : NOTHING[view.kind]}</p>}
    </>
  )
}

const endSelection = (): void => {
  selection.value = undefined
}

const isDay = (key: string): boolean => /^\d{4}-/.test(key)
const unfolded = signal<ReadonlySet<string>>(new Set())

export function Section({ group: { key, tasks: members } }: { group: Group }) {
  const shown = unfolded.value.has(key) ? members : members.slice(0, ROWS)
  return (
    <section class="group" aria-labelledby={`group-${key}`}>
      <h2 id={`group-${key}`}>
        {isDay(key) ? dayText(key) : key} <small>{members.length}</small>
      </h2>
      <ul class="tasks">
        {shown.map(task => (
          <TaskRow key={task.id} task={task} subtasks={childrenOf.value.get(task.id) ?? []} />
        ))}
      </ul>
      {shown.length < members.length && (
        <button type="button" onClick={() => (unfolded.value = new Set([...unfolded.value, key]))}>
          Show {members.length - shown.length} more
        </button>
      )}
    </section>
  )
}

function Selection({ shown }: { shown: readonly Task[] }) {
  const ids = selection.value
  if (!ids) {
    return shown.length > 1 ? (
      <p class="tools">
        <button type="button" onClick={() => (selection.value = new Set())}>
          Select several
        </button>
      </p>
    ) : null
  }
  const chosen = shown.filter(({ id }) => ids.has(id))
  const run = (work: (...chosen: Task[]) => void) => (): void => {
    if (chosen.length) work(...chosen)
    endSelection()
  }
  return (
    <div class="tools" role="toolbar" aria-label="Selected tasks">
      <span role="status">{chosen.length} selected</span>
      <button type="button" onClick={() => (selection.value = new Set(shown.map(({ id }) => id)))}>
        All
      </button>
      <button type="button" disabled={!chosen.length} onClick={run(toggle)}>
        Complete
      </button>
      <button type="button" disabled={!chosen.length} onClick={run((...all) => moveTo(dayFromNow(1), ...all))}>
        Tomorrow
      </button>
      <select
        aria-label="Priority of the selected"
        disabled={!chosen.length}
        value=""
        onChange={event => {
          const priority = event.currentTarget.value as Priority
          run((...all) => patchAll(all, () => ({ priority }), `set to ${priority} priority`))()
        }}
      >
        <option value="">Priority …</option>
        {PRIORITIES.map(priority => (
          <option key={priority}>{priority}</option>
        ))}
      </select>
      <button type="button" disabled={!chosen.length} onClick={run(remove)}>
        Delete
      </button>
      <button type="button" onClick={endSelection}>
        Cancel
      </button>
    </div>
  )
}
