import type { FastifyInstance } from 'fastify'
import type { Sql } from '../../kit/db.ts'
import { append } from '../../kit/outbox.ts'
import { invalid, Problem } from '../../kit/problem.ts'
import type { Actor } from './actor.ts'
import { endpoints, type RouteOptions } from './endpoints.ts'
import { readInstant } from './input.ts'
import { type ReminderRow, ringTime } from './model.ts'
import { reminderEvent } from './reminders.ts'
import { idParams } from './schemas.ts'
import { findTask, insertReminders, timezoneOf } from './store.ts'

/** Minutes of a year: nothing is reminded of later. */
const LONGEST = 366 * 24 * 60

export const snoozeSchema = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: {
    minutes: { type: 'integer', minimum: 1, maximum: LONGEST, description: 'from now' },
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

interface Coming {
  limit: number
  task_id?: string
}

type ById = { Params: { id: string } }

/** Reminders by themselves: those to come, putting one off, ringing one at once. */
export function registerReminders(app: FastifyInstance, options: RouteOptions): void {
  const { read, write } = endpoints(options)

  app.get<{ Querystring: Coming }>('/api/v1/reminders', { schema: { querystring: comingSchema } }, request =>
    read(request, async ({ sql }) => ({ items: await coming(sql, request.query) })),
  )

  app.post<ById & { Body: { minutes?: number; until?: string } }>(
    '/api/v1/reminders/:id/snooze',
    { schema: { params: idParams, body: snoozeSchema } },
    (request, reply) =>
      write(request, reply, async actor => {
        const { minutes, until } = request.body
        const at = until === undefined ? inMinutes(minutes!) : await readUntil(actor.sql, until)
        return answer(await ringAgain(actor, request.params.id, at, 'reminder.snoozed'))
      }),
  )

  app.post<ById>('/api/v1/reminders/:id/fire', { schema: { params: idParams } }, (request, reply) =>
    write(request, reply, async actor =>
      answer(await ringAgain(actor, request.params.id, new Date(), 'reminder.rescheduled')),
    ),
  )
}

const inMinutes = (minutes: number): Date => new Date(Date.now() + minutes * 60_000)

async function readUntil(sql: Sql, until: string): Promise<Date> {
  const { at } = readInstant(until, await timezoneOf(sql), 'until')
  if (at.getTime() <= Date.now()) throw invalid('until', `${until} is over; give a time to come`)
  if (at > inMinutes(LONGEST)) throw invalid('until', 'is more than a year ahead')
  return at
}

const answer = (reminder: ReminderRow) => ({
  status: 200,
  headers: {},
  body: {
    id: reminder.id,
    task_id: reminder.task_id,
    remind_at: ringTime(reminder).toISOString(),
    before: reminder.before,
    snoozed_until: reminder.snoozed_until?.toISOString() ?? null,
  },
})

/**
 * Lets a reminder ring at another time, whether it rang before or not. Its place before the due time stays, so that the
 * next occurrence of a repeating task is reminded of as ever.
 * @throws Problem TEP4005, TEP4007 when its task is done or deleted, or the reminder was replaced
 */
async function ringAgain(
  actor: Actor,
  id: string,
  at: Date,
  type: 'reminder.snoozed' | 'reminder.rescheduled',
): Promise<ReminderRow> {
  const { sql, appId, cause } = actor
  const [known] = await sql.query<{ task_id: string }>('SELECT task_id FROM backend.reminders WHERE id = $1', [id])
  if (!known) throw new Problem('TEP4005', `There is no reminder ${id}.`)
  // The task is the lock: its reminders change with it.
  const { row, reminders } = await findTask(sql, known.task_id, true)
  const reminder = reminders.find(one => one.id === id)
  if (reminder?.status !== 'scheduled')
    throw new Problem('TEP4007', 'This reminder is cancelled: its task is done or deleted, or has other reminders now.')
  const next: ReminderRow = { ...reminder, snoozed_until: at, version: reminder.version + 1 }
  await insertReminders(sql, [next])
  await append(sql, [reminderEvent(type, appId, row, next, cause)])
  return next
}

/** What will ring, the next first. */
const coming = (sql: Sql, { limit, task_id: taskId }: Coming): Promise<object[]> =>
  sql.query(
    `SELECT r.id, r.task_id, t.title, t.due_at, coalesce(r.snoozed_until, r.remind_at) AS remind_at, r.before, r.snoozed_until
     FROM backend.reminders r JOIN backend.tasks t ON t.id = r.task_id
     WHERE r.status = 'scheduled' AND coalesce(r.snoozed_until, r.remind_at) > now() AND ($2::uuid IS NULL OR r.task_id = $2)
     ORDER BY 5, r.id LIMIT $1`,
    [limit, taskId ?? null],
  )
