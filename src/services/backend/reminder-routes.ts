import type { FastifyInstance } from 'fastify'
import { endpoints, type RouteOptions } from './endpoints.ts'
import { type Coming, comingReminders, inMinutes, LONGEST_MINUTES, readUntil, reminderJson, ringAgain } from './ring.ts'
import { idParams } from './schemas.ts'
import { timezoneOf } from './store.ts'

export const snoozeSchema = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: {
    minutes: { type: 'integer', minimum: 1, maximum: LONGEST_MINUTES, description: 'from now' },
    until: { type: 'string', maxLength: 64, description: 'RFC 3339; without an offset in the zone of the preferences' },
  },
} as const

export const comingSchema = {
  type: 'object',
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 100 },
    task_id: { type: 'string', format: 'uuid' },
  },
} as const

type ById = { Params: { id: string } }

/** Reminders by themselves: those to come, putting one off, ringing one at once. */
export function registerReminders(app: FastifyInstance, options: RouteOptions): void {
  const { read, write } = endpoints(options)

  app.get<{ Querystring: Coming }>('/api/v1/reminders', { schema: { querystring: comingSchema } }, request =>
    read(request, async ({ sql }) => ({ items: await comingReminders(sql, request.query) })),
  )

  app.post<ById & { Body: { minutes?: number; until?: string } }>(
    '/api/v1/reminders/:id/snooze',
    { schema: { params: idParams, body: snoozeSchema } },
    (request, reply) =>
      write(request, reply, async actor => {
        const { minutes, until } = request.body
        const at = until === undefined ? inMinutes(minutes!) : readUntil(until, await timezoneOf(actor.sql))
        return ok(reminderJson(await ringAgain(actor, request.params.id, at, 'reminder.snoozed')))
      }),
  )

  app.post<ById>('/api/v1/reminders/:id/fire', { schema: { params: idParams } }, (request, reply) =>
    write(request, reply, async actor =>
      ok(reminderJson(await ringAgain(actor, request.params.id, new Date(), 'reminder.rescheduled'))),
    ),
  )
}

const ok = (body: object) => ({ status: 200, headers: {}, body })
