import { Temporal } from 'temporal-polyfill'
import { parseTime } from '../../../contracts/events/index.ts'
import { invalid } from '../../../kit/problem.ts'
import type { Actor } from '../actor.ts'
import { type FullTask, type TaskJson, toJson } from '../model.ts'
import { parseWhen } from '../quick-add/index.ts'

export type ToolInput = Record<string, unknown>

/** One thing an assistant can do: the same commands as REST, for a model, an intent, or a program that speaks MCP. */
export interface Tool {
  name: string
  description: string
  inputSchema: object
  readOnly: boolean
  /**
   * What a person has to agree to before it runs, in words; undefined: nothing.
   * @throws Problem when it could not run at all
   */
  ask?(actor: Actor, input: ToolInput): Promise<string | undefined>
  /** @throws Problem, which is answered as a tool error with its code */
  run(actor: Actor, input: ToolInput, zone: string): Promise<object>
}

/** An object schema of these properties, and no others. */
export const inputs = (properties: object, required: readonly string[] = []) =>
  ({ type: 'object', ...(required.length ? { required } : {}), additionalProperties: false, properties }) as const

export const taskReference = {
  type: 'string',
  minLength: 1,
  maxLength: 500,
  description: 'id of the task, or its title where only one has it',
} as const

/** The task as tools answer it: with the due time as the person's clock shows it, for models count badly in zones. */
export function shownTask(task: FullTask, zone: string): TaskJson & { due_local: string | null } {
  const { due_at: at, due_tz: tz, all_day: allDay } = task.row
  const local = at && Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(allDay && tz ? tz : zone)
  const text =
    local && (allDay ? local.toPlainDate().toString() : local.toPlainDateTime().toString({ smallestUnit: 'minute' }))
  return { ...toJson(task), due_local: text }
}

/**
 * A time as a tool takes it: RFC 3339, local, or in words ("tomorrow 5pm").
 * @returns what the fields of a task take
 * @throws Problem TEP4001 naming the field
 */
export function readWhen(text: string, zone: string, field: string): string {
  if (parseTime(text)) return text
  const local = parseWhen(text, { zone, now: new Date() })
  if (local === undefined)
    throw invalid(field, `${text.slice(0, 60)} is no time; write e.g. tomorrow 5pm, or 2030-01-05T09:00`)
  return local
}
