import type { FastifyInstance } from 'fastify'
import { createEvent } from '../../contracts/events/index.ts'
import type { Dapr } from '../../kit/dapr.ts'
import type { Sql } from '../../kit/db.ts'
import { append } from '../../kit/outbox.ts'
import { conversationKey, messagesOf } from './chat/conversation.ts'
import type { RouteOptions } from './endpoints.ts'
import { type TaskRow, toJson } from './model.ts'
import { readPreferences } from './preferences.ts'
import { complete, TASK_COLUMNS } from './store.ts'

/** What a person may ask of their data (GDPR articles 15, 17 and 20): take it along, and have it erased. */
export function registerPerson(
  app: FastifyInstance,
  {
    db,
    dapr,
    authenticate,
    appId,
    wake,
  }: RouteOptions & { dapr: Pick<Dapr, 'getState' | 'saveState' | 'deleteState'> },
): void {
  app.get('/api/v1/me/export', async (request, reply) => {
    const user = await authenticate(request)
    reply.header('content-disposition', 'attachment; filename="todo-export.json"')
    const conversations = await Promise.all(
      (await db.tx({ userId: user.id }, conversationIds)).map(async id => ({
        id,
        messages: await messagesOf(dapr, id),
      })),
    )
    return db.tx({ userId: user.id }, async sql => {
      const rows = await sql.query<TaskRow>(`SELECT ${TASK_COLUMNS} FROM backend.tasks ORDER BY created_at, id`)
      const tasks = (await complete(sql, rows)).map(toJson)
      return {
        user_id: user.id,
        exported_at: new Date().toISOString(),
        preferences: await readPreferences({ sql }),
        tasks,
        conversations,
      }
    })
  })

  /** Rows go at once; the other services follow the event; topics forget by their retention; the audit keeps opaque ids. */
  app.delete('/api/v1/me', async (request, reply) => {
    const user = await authenticate(request)
    // Before their rows, which say where they are; if the store is away nothing is erased yet, and it is asked for again.
    for (const id of await db.tx({ userId: user.id }, conversationIds)) await dapr.deleteState(conversationKey(id))
    await db.tx({ userId: user.id }, async sql => {
      for (const table of [
        'reminders',
        'tasks',
        'series',
        'preferences',
        'idempotency_keys',
        'calendar_feeds',
        'confirmations',
      ]) {
        await sql.query(`DELETE FROM backend.${table}`)
      }
      await sql.query('DELETE FROM messaging.inbox_failures WHERE user_id = $1', [user.id])
      const data = { user_id: user.id }
      const cause = { traceparent: request.trace }
      await append(sql, [createEvent({ type: 'user.erased', appId, subject: `user/${user.id}`, data, cause })])
    })
    wake()
    return reply.code(204).send()
  })
}

const conversationIds = async (sql: Sql): Promise<string[]> =>
  (await sql.query<{ id: string }>('SELECT id FROM backend.conversations ORDER BY id')).map(({ id }) => id)
