import { Problem } from '../../kit/problem.ts'
import type { Actor } from './actor.ts'
import { changeTask, createTask, deleteTask, restoreTask } from './commands.ts'
import { readTask, type TaskBody } from './input.ts'
import type { FullTask } from './model.ts'
import { createTaskSchema, patchTaskSchema } from './schemas.ts'
import { skipOccurrence } from './series.ts'
import { zoneFor } from './zone.ts'

export interface Operation {
  op: 'create' | 'update' | 'complete' | 'reopen' | 'delete' | 'restore' | 'skip'
  id?: string
  /** Of a create or an update. */
  task?: TaskBody
  if_match?: string
}

const id = { type: 'string', format: 'uuid' } as const
const ifMatch = { type: 'string', maxLength: 200, description: 'ETag the client last saw' } as const
const operation = (names: readonly string[], required: readonly string[], properties: object) => ({
  type: 'object',
  required: ['op', ...required],
  additionalProperties: false,
  properties: { op: { type: 'string', enum: names }, ...properties },
})

export const batchSchema = {
  type: 'object',
  required: ['operations'],
  additionalProperties: false,
  properties: {
    operations: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        required: ['op'],
        properties: { op: { type: 'string' } },
        // By the operation, so that a mistake is told of that one and not of every other.
        allOf: [
          [operation(['create'], ['task'], { task: createTaskSchema })],
          [operation(['update'], ['id', 'task'], { id, task: patchTaskSchema, if_match: ifMatch })],
          [
            operation(['complete', 'reopen', 'delete', 'restore', 'skip'], ['id'], {
              id,
              if_match: ifMatch,
            }),
          ],
        ].map(([then]) => ({ if: { properties: { op: then!.properties.op } }, then })),
      },
    },
  },
} as const

/**
 * Runs operations in order, all or none: they share the transaction, so each sees what those before it did.
 * @throws Problem of the first that fails, naming its place
 */
export async function runBatch(actor: Actor, operations: readonly Operation[]): Promise<FullTask[]> {
  const zone = await zoneFor(
    actor.sql,
    operations.map(({ task = {} }) => task),
  )
  const results: FullTask[] = []
  for (const [index, operation] of operations.entries()) {
    try {
      results.push(await run(actor, operation, zone))
    } catch (error) {
      throw error instanceof Problem ? atOperation(error, index) : error
    }
  }
  return results
}

function run(actor: Actor, { op, id: taskId = '', task = {}, if_match: match }: Operation, zone: string) {
  const options = { ifMatch: match }
  switch (op) {
    case 'create':
      return createTask(actor, { ...readTask(task, zone), title: task.title!.trim() }, zone)
    case 'update':
      return changeTask(actor, taskId, readTask(task, zone), zone, options)
    case 'complete':
      return changeTask(actor, taskId, { status: 'done' }, zone, options)
    case 'reopen':
      return changeTask(actor, taskId, { status: 'open' }, zone, options)
    case 'delete':
      return deleteTask(actor, taskId, match)
    case 'restore':
      return restoreTask(actor, taskId)
    case 'skip':
      return skipOccurrence(actor, taskId, match)
    default:
      throw new Problem(
        'TEP4001',
        `${String(op)} is no operation: use create, update, complete, reopen, delete, restore or skip`,
      )
  }
}

function atOperation(problem: Problem, index: number): Problem {
  const errors = problem.errors.map(({ field, message }) => ({ field: `operations.${index}.task.${field}`, message }))
  return new Problem(problem.code, `operations.${index}: ${problem.message}`, errors, {
    ...problem.extra,
    operation: index,
  })
}
