import { momentText } from '../tasks/dates.ts'
import { type Change, type Edit, labels } from '../tasks/edits.ts'
import { describeRule } from '../tasks/rule.ts'
import { conflicts, discard, keepMine, refused, retry } from '../tasks/store.ts'
import type { Task, TaskFields } from '../tasks/task.ts'

/** What needs a decision before it can be saved: changes that somebody else's crossed, and what the server refused. */
export function Unsettled() {
  return (
    <>
      {conflicts.value.map(edit => (
        <Conflict key={edit.id} edit={edit} />
      ))}
      {refused.value.map(({ edit, reason }) => (
        <section key={edit.id} class="unsettled" role="alert">
          <p>
            {textOf(edit)} was not saved: {reason}
          </p>
          <div class="actions">
            <button type="button" onClick={() => retry(edit)}>
              Try again
            </button>
            <button type="button" onClick={() => discard(edit)}>
              Discard
            </button>
          </div>
        </section>
      ))}
    </>
  )
}

const textOf = (edit: Edit): string =>
  edit.kind === 'create' ? `“${edit.task.title}”` : edit.kind === 'change' ? 'A change' : `What you did (${edit.kind})`

function Conflict({ edit }: { edit: Change & { conflict: Task } }) {
  const fields = Object.keys(edit.patch) as (keyof TaskFields)[]
  return (
    <section class="unsettled" role="alert" aria-label="Changed in two places">
      <p>“{edit.conflict.title}” was changed elsewhere too.</p>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">Yours</th>
            <th scope="col">Theirs</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(field => (
            <tr key={field}>
              <th scope="row">{labels[field]}</th>
              <td>{valueText(field, edit.patch[field])}</td>
              <td>{valueText(field, edit.conflict[field as keyof Task])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="actions">
        <button type="button" class="primary" onClick={() => keepMine(edit)}>
          Keep mine
        </button>
        <button type="button" onClick={() => discard(edit)}>
          Take theirs
        </button>
      </div>
    </section>
  )
}

function valueText(field: keyof TaskFields, value: unknown): string {
  if (value === null || value === undefined || value === '') return '—'
  if (field === 'due_at') return momentText(value as string)
  if (field === 'recurrence') return describeRule((value as { rrule: string }).rrule)
  if (Array.isArray(value))
    return value.map(each => (typeof each === 'string' ? each : JSON.stringify(each))).join(', ')
  return String(value)
}
