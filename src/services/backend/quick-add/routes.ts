import type { FastifyInstance } from 'fastify'
import type { Sql } from '../../../kit/db.ts'
import type { Actor } from '../actor.ts'
import { createTask } from '../commands.ts'
import { endpoints, type RouteOptions } from '../endpoints.ts'
import { checkZone, readTask } from '../input.ts'
import { etagOf, type FullTask, toJson } from '../model.ts'
import { timezoneOf } from '../store.ts'
import { parseQuickAdd, type QuickAdd } from './index.ts'

export interface QuickAddBody {
  text: string
  zone?: string
}

export const quickAddSchema = {
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: {
    text: {
      type: 'string',
      minLength: 1,
      maxLength: 500,
      pattern: '\\S',
      description: 'e.g. Water plants every monday 9am #home !high remind me 30 minutes before',
    },
    zone: { type: 'string', maxLength: 64, description: 'IANA time zone; default: the one of the preferences' },
  },
} as const

/** A task from one sentence: what it would be, and the task itself. */
export function registerQuickAdd(app: FastifyInstance, options: RouteOptions): void {
  const { read, write } = endpoints(options)

  app.post<{ Body: QuickAddBody }>('/api/v1/quick-add/preview', { schema: { body: quickAddSchema } }, request =>
    read(request, ({ sql }) => understand(sql, request.body)),
  )

  app.post<{ Body: QuickAddBody }>('/api/v1/quick-add', { schema: { body: quickAddSchema } }, (request, reply) =>
    write(request, reply, async actor => {
      const { task, understood } = await quickAdd(actor, request.body)
      const headers = { etag: etagOf(task.row), location: `/api/v1/tasks/${task.row.id}` }
      return { status: 201, headers, body: { ...toJson(task), understood } }
    }),
  )
}

/** @throws Problem TEP4001 for an unknown zone */
async function understand(sql: Sql, { text, zone }: QuickAddBody): Promise<QuickAdd> {
  if (zone) checkZone(zone, 'zone')
  return parseQuickAdd(text, { zone: zone ?? (await timezoneOf(sql)), now: new Date() })
}

/** Creates the task a sentence describes. @throws Problem TEP4001 */
export async function quickAdd(
  actor: Actor,
  body: QuickAddBody,
): Promise<{ task: FullTask; understood: QuickAdd['understood'] }> {
  const {
    title,
    due_local: due,
    zone,
    priority,
    tags,
    recurrence,
    reminders,
    understood,
  } = await understand(actor.sql, body)
  const input = readTask(
    {
      title,
      tags: [...tags],
      reminders: [...reminders],
      ...(due ? { due_at: due, due_tz: zone } : {}),
      ...(priority ? { priority } : {}),
      ...(recurrence ? { recurrence } : {}),
    },
    zone,
  )
  return { task: await createTask(actor, { ...input, title }, zone), understood }
}
