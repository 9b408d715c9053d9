import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Dialog } from '../ui/dialog.tsx'
import { Choice, Field, field, onSubmit } from '../ui/form.tsx'
import { remove, toggle } from './commands.ts'
import { dueOf, inputsOf, momentText } from './dates.ts'
import { RecurrenceEditor, type Repeat } from './recurrence-editor.tsx'
import { act, change, create, fetchTask, find, tasks } from './store.ts'
import { PRIORITIES, type Task, type TaskFields } from './task.ts'
import { editing } from './task-row.tsx'

/** The editor of the task whose id stands in `editing`. */
export function TaskEditor() {
  const task = editing.value ? find(editing.value) : undefined
  if (!task) return null
  return <Editor key={editing.value} task={task} />
}

const close = (): void => {
  editing.value = ''
}

const BEFORE = [
  ['PT0S', 'when it is due'],
  ['PT10M', '10 minutes before'],
  ['PT1H', '1 hour before'],
  ['P1D', '1 day before'],
] as const

function Editor({ task }: { task: Task }) {
  const start = inputsOf(task)
  const date = useSignal(start.date)
  const time = useSignal(start.time)
  const repeat = useSignal<Repeat | null>(task.recurrence ? chosen(task.recurrence) : null)
  // Lists do not tell everything about a task (its reminders after a change elsewhere).
  useEffect(() => {
    if (task.version) fetchTask(task.id).catch(() => {})
  }, [])
  const due = dueOf(date.value, time.value)
  const save = (form: HTMLFormElement): void => {
    const patch = changed(task, {
      title: field(form, 'title'),
      description: field(form, 'description') || null,
      priority: field(form, 'priority') as NonNullable<Task['priority']>,
      tags: [
        ...new Set(
          field(form, 'tags')
            .split(/[\s,]+/)
            .map(tag => tag.replace(/^#/, ''))
            .filter(Boolean),
        ),
      ],
      ...due,
      recurrence: repeat.value,
    })
    const scope = field(form, 'scope') as 'this' | 'following' | ''
    if (Object.keys(patch).length) change(task, patch, 'recurrence' in patch ? undefined : scope || undefined)
    close()
  }
  return (
    <Dialog title="Task" onClose={close}>
      <form class="editor" onSubmit={onSubmit(save)}>
        <Field label="Title">
          <input name="title" required maxLength={500} defaultValue={task.title} />
        </Field>
        <Field label="Notes">
          <textarea name="description" rows={3} maxLength={16_384} defaultValue={task.description ?? ''} />
        </Field>
        <div class="row">
          <Field label="Day">
            <input type="date" value={date.value} onChange={event => (date.value = event.currentTarget.value)} />
          </Field>
          <Field label="Time">
            <input
              type="time"
              value={time.value}
              disabled={!date.value}
              onChange={event => (time.value = event.currentTarget.value)}
            />
          </Field>
          <Choice
            name="priority"
            label="Priority"
            value={task.priority ?? 'none'}
            options={PRIORITIES.map(each => [each, each])}
          />
        </div>
        <Field label="Tags" hint="Separated by spaces">
          <input name="tags" defaultValue={task.tags?.join(' ') ?? ''} autocapitalize="none" />
        </Field>
        <RecurrenceEditor value={repeat.value} dueAt={due.due_at} onChange={value => (repeat.value = value)} />
        {task.recurrence && (
          <Choice
            name="scope"
            label="What you change here is for"
            value=""
            options={[
              ['', 'this one; words pass on to the next ones'],
              ['this', 'this one alone'],
              ['following', 'this one and all that follow'],
            ]}
          />
        )}
        <Reminders task={task} />
        <Subtasks task={task} />
        <div class="actions">
          <button type="submit" class="primary">
            Save
          </button>
          <button
            type="button"
            onClick={() => {
              toggle(task)
              close()
            }}
          >
            {task.status === 'open' ? 'Complete' : 'Reopen'}
          </button>
          {task.recurrence && task.status === 'open' && (
            <button
              type="button"
              onClick={() => {
                act(task, 'skip')
                close()
              }}
            >
              Skip this one
            </button>
          )}
          <button
            type="button"
            class="danger"
            onClick={() => {
              remove(task)
              close()
            }}
          >
            Delete
          </button>
        </div>
      </form>
    </Dialog>
  )
}

const chosen = ({ rrule, mode = 'schedule', missed = 'catch_up' }: NonNullable<Task['recurrence']>): Repeat => ({
  rrule,
  mode,
  missed,
})

/** The fields that are not what the task has. */
function changed(task: Task, wanted: TaskFields): TaskFields {
  const present: TaskFields = {
    title: task.title,
    description: task.description ?? null,
    priority: task.priority ?? 'none',
    tags: task.tags ?? [],
    due_at: task.due_at ? new Date(task.due_at).toISOString() : null,
    all_day: task.all_day ?? false,
    recurrence: task.recurrence ? chosen(task.recurrence) : null,
  }
  const differs = Object.entries(wanted).filter(
    ([name, value]) => name !== 'due_tz' && JSON.stringify(value) !== JSON.stringify(present[name as keyof TaskFields]),
  )
  const patch = Object.fromEntries(differs) as TaskFields
  return { ...patch, ...('due_at' in patch && wanted.due_tz && { due_tz: wanted.due_tz }) }
}

function Reminders({ task }: { task: Task }) {
  const present = (task.reminders ?? []).filter(({ status }) => status === 'scheduled')
  const kept = present.map(({ before, remind_at: at }) => (before ? { before } : { at }))
  return (
    <fieldset>
      <legend>Reminders</legend>
      <ul class="plain">
        {present.map(({ id, before, remind_at: at }, index) => (
          <li key={id} class="row">
            <span>
              {momentText(at)}
              {before && ` (${BEFORE.find(([key]) => key === before)?.[1] ?? `${before} before`})`}
            </span>
            <button
              type="button"
              class="icon"
              aria-label={`Remove the reminder of ${momentText(at)}`}
              onClick={() => change(task, { reminders: kept.toSpliced(index, 1) })}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <select
        aria-label="Add a reminder"
        value=""
        onChange={event => {
          change(task, { reminders: [...kept, { before: event.currentTarget.value }] })
          event.currentTarget.value = ''
        }}
        disabled={!task.due_at}
      >
        <option value="">{task.due_at ? 'Add a reminder …' : 'Give it a day first'}</option>
        {BEFORE.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </fieldset>
  )
}

function Subtasks({ task }: { task: Task }) {
  const title = useSignal('')
  const children = [...tasks.value.values()].filter(each => each.parent_task_id === task.id && !each.deleted_at)
  const add = (): void => {
    if (title.value.trim()) create({ title: title.value.trim(), parent_task_id: task.id })
    title.value = ''
  }
  return (
    <fieldset>
      <legend>Steps</legend>
      <ul class="plain">
        {children.map(child => (
          <li key={child.id}>
            <label class="check-line">
              <input type="checkbox" checked={child.status === 'done'} onChange={() => toggle(child)} /> {child.title}
            </label>
          </li>
        ))}
      </ul>
      <div class="row">
        <input
          aria-label="Add a step"
          placeholder="Add a step"
          value={title.value}
          disabled={task.version === 0}
          onInput={event => (title.value = event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            add()
          }}
        />
        <button type="button" onClick={add} disabled={task.version === 0}>
          Add
        </button>
      </div>
    </fieldset>
  )
}
