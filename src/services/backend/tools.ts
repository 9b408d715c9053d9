import { Problem } from '../../kit/problem.ts'
import type { Actor } from './actor.ts'
import { changeTask, createTask, deleteTask } from './commands.ts'
import { readTask, type TaskBody } from './input.ts'
import { type ListQuery, listTasks } from './list.ts'
import { toJson } from './model.ts'
import { createTaskSchema, listQuerySchema, patchTaskSchema } from './schemas.ts'
import { timezoneOf } from './store.ts'

/** One thing an assistant can do; the same commands as REST, behind the same schemas. */
export interface Tool {
  name: string
  description: string
  inputSchema: object
  readOnly: boolean
  destructive: boolean
  /** @throws Problem, which is answered as a tool error with its code */
  run(actor: Actor, input: Record<string, unknown>): Promise<object>
}

const taskId = { type: 'string', format: 'uuid', description: 'id of the task, from list_tasks' } as const
const withTaskId = (properties: object) => ({
  type: 'object',
  required: ['task_id'],
  additionalProperties: false,
  properties: { task_id: taskId, ...properties },
})

/** Models do not know the date; every answer tells them. */
const clock = async ({ sql }: Actor): Promise<{ now: string; timezone: string }> => ({
  now: new Date().toISOString(),
  timezone: await timezoneOf(sql),
})

export const TOOLS: readonly Tool[] = [
  {
    name: 'list_tasks',
    description:
      'Lists tasks of the signed-in user, newest first or by due time, with filters; also tells the present time.',
    inputSchema: { ...listQuerySchema, additionalProperties: false },
    readOnly: true,
    destructive: false,
    run: async (actor, input) => ({ ...(await listTasks(actor.sql, input as ListQuery)), ...(await clock(actor)) }),
  },
  {
    name: 'create_task',
    description: 'Creates a task. Times: RFC 3339, or local time without offset in due_tz. Repeats by RFC 5545 rules.',
    inputSchema: createTaskSchema,
    readOnly: false,
    destructive: false,
    run: async (actor, input) => {
      const zone = await timezoneOf(actor.sql)
      const body = input as unknown as TaskBody & { title: string }
      const task = await createTask(actor, { ...readTask(body, zone), title: body.title.trim() }, zone)
      return { task: toJson(task), ...(await clock(actor)) }
    },
  },
  {
    name: 'update_task',
    description: 'Changes fields of a task; fields left out stay, null clears.',
    inputSchema: withTaskId(patchTaskSchema.properties),
    readOnly: false,
    destructive: false,
    run: async (actor, { task_id: id, ...patch }) => {
      if (!Object.keys(patch).length) throw new Problem('TEP4001', 'Name at least one field to change.')
      const zone = await timezoneOf(actor.sql)
      return { task: toJson(await changeTask(actor, String(id), readTask(patch as TaskBody, zone), zone)) }
    },
  },
  {
    name: 'complete_task',
    description: 'Marks a task as done. A repeating task gets its next occurrence a moment later.',
    inputSchema: withTaskId({}),
    readOnly: false,
    destructive: false,
    run: async (actor, { task_id: id }) => ({
      task: toJson(await changeTask(actor, String(id), { status: 'done' }, 'UTC')),
    }),
  },
  {
    name: 'delete_task',
    description: 'Deletes a task. It can be restored.',
    inputSchema: withTaskId({}),
    readOnly: false,
    destructive: true,
    run: async (actor, { task_id: id }) => ({ deleted: toJson(await deleteTask(actor, String(id))) }),
  },
]
