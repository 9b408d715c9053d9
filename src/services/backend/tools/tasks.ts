import { invalid } from '../../../kit/problem.ts'
import type { Actor } from '../actor.ts'
import { batchSchema, type Operation, runBatch } from '../batch.ts'
import { changeTask, createTask, deleteTask, restoreTask } from '../commands.ts'
import { readTask, type TaskBody } from '../input.ts'
import { type ListQuery, listTasks } from '../list.ts'
import type { FullTask } from '../model.ts'
import { type QuickAddBody, quickAdd, quickAddSchema } from '../quick-add/routes.ts'
import { createTaskSchema, listQuerySchema, patchTaskSchema } from '../schemas.ts'
import { skipOccurrence } from '../series.ts'
import { findTask } from '../store.ts'
import { taskIdOf, type Which } from './references.ts'
import { inputs, readWhen, shownTask, type Tool, type ToolInput, taskReference } from './tool.ts'

const due = {
  type: 'string',
  minLength: 1,
  maxLength: 100,
  description: 'due time in words or as a time: tomorrow 5pm, friday, 2030-01-05T09:00; instead of due_at',
} as const

/** Resolves `due`, in words, into the field that REST takes. */
function withDue({ due: words, ...body }: ToolInput, zone: string): TaskBody {
  if (words === undefined) return body as TaskBody
  if (body['due_at'] !== undefined) throw invalid('due', 'give either due or due_at')
  const tz = typeof body['due_tz'] === 'string' ? body['due_tz'] : zone
  return { ...body, due_at: readWhen(String(words), tz, 'due') } as TaskBody
}

type Change = (actor: Actor, id: string, zone: string) => Promise<FullTask>

/** A tool that does one thing to one task. */
const onTask = (name: string, description: string, which: Which, change: Change): Tool => ({
  name,
  description,
  inputSchema: inputs({ task: taskReference }, ['task']),
  readOnly: false,
  run: async (actor, { task }, zone) => {
    const id = await taskIdOf(actor.sql, String(task), which)
    return { task: shownTask(await change(actor, id, zone), zone) }
  },
})

/** A model has no use for an id of its own: it would make one up. */
const { id: _id, ...newTask } = createTaskSchema.properties

const titleOf = async ({ sql }: Actor, reference: unknown, which: Which): Promise<string> => {
  const { row } = await findTask(sql, await taskIdOf(sql, String(reference), which))
  return `“${row.title.slice(0, 100)}”`
}

export const taskTools: readonly Tool[] = [
  {
    name: 'search_tasks',
    description:
      'Finds tasks of the signed-in person: by words, tag, state, due time, or view (today, upcoming, overdue).',
    inputSchema: { ...listQuerySchema, additionalProperties: false },
    readOnly: true,
    run: ({ sql }, input) => listTasks(sql, input as ListQuery),
  },
  {
    name: 'quick_add',
    description:
      'Creates a task from one sentence with dates, #tags, !priority, repeats and reminders: Water plants every monday 9am #home',
    inputSchema: quickAddSchema,
    readOnly: false,
    run: async (actor, input, zone) => {
      const { task, understood } = await quickAdd(actor, input as unknown as QuickAddBody)
      return { task: shownTask(task, zone), understood }
    },
  },
  {
    name: 'create_task',
    description: 'Creates a task from fields. Repeats by RFC 5545 rules.',
    inputSchema: inputs({ ...newTask, due }, ['title']),
    readOnly: false,
    run: async (actor, input, zone) => {
      const body = withDue(input, zone)
      const task = await createTask(actor, { ...readTask(body, zone), title: body.title!.trim() }, zone)
      return { task: shownTask(task, zone) }
    },
  },
  {
    name: 'update_task',
    description: 'Changes fields of a task; fields left out stay, null clears.',
    inputSchema: inputs({ task: taskReference, ...patchTaskSchema.properties, due }, ['task']),
    readOnly: false,
    run: async (actor, { task, ...patch }, zone) => {
      if (!Object.keys(patch).length) throw invalid('body', 'name at least one field to change')
      const id = await taskIdOf(actor.sql, String(task), 'present')
      return { task: shownTask(await changeTask(actor, id, readTask(withDue(patch, zone), zone), zone), zone) }
    },
  },
  onTask(
    'complete_task',
    'Marks a task as done. A repeating one gets its next occurrence a moment later.',
    'open',
    (actor, id, zone) => changeTask(actor, id, { status: 'done' }, zone),
  ),
  onTask('reopen_task', 'Opens a task again that was done.', 'done', (actor, id, zone) =>
    changeTask(actor, id, { status: 'open' }, zone),
  ),
  onTask('skip_occurrence', 'Moves a repeating task on to its next occurrence, undone.', 'open', (actor, id) =>
    skipOccurrence(actor, id, undefined),
  ),
  {
    ...onTask('delete_task', 'Deletes a task. It can be restored.', 'present', (actor, id) => deleteTask(actor, id)),
    ask: async (actor, { task }) => `Delete ${await titleOf(actor, task, 'present')}`,
  },
  onTask('restore_task', 'Brings a deleted task back.', 'deleted', restoreTask),
  {
    name: 'batch_tasks',
    description: 'Up to 100 operations in order, all or none: create, update, complete, reopen, delete, restore, skip.',
    inputSchema: batchSchema,
    readOnly: false,
    ask: async (_, input) => {
      const deletions = (input['operations'] as Operation[]).filter(({ op }) => op === 'delete').length
      return deletions ? `Delete ${deletions === 1 ? 'a task' : `${deletions} tasks`}` : undefined
    },
    run: async (actor, { operations }, zone) => ({
      items: (await runBatch(actor, operations as Operation[])).map(task => shownTask(task, zone)),
    }),
  },
]
