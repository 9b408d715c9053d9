import { createEvent, isOfType, type Task } from '../../contracts/events/index.ts'
import { SERVICES } from '../../contracts/topology.ts'
import type { ServiceConfig } from '../../kit/config.ts'
import { append } from '../../kit/outbox.ts'
import { type RunningService, startService } from '../../kit/service.ts'
import { type Handler, subscribe } from '../../kit/subscriber.ts'
import { nextAfterCompletion } from './next.ts'

const contract = SERVICES.find(({ service }) => service === 'recurring')!

/** Turns completed occurrences into the request for the next one. */
export const startRecurring = (config: ServiceConfig): Promise<RunningService> =>
  startService('recurring', config, ({ app, db, dapr, log, metrics }) => {
    subscribe(app, {
      consumer: config.appId,
      topics: contract.consumes.map(({ topic }) => topic),
      handlers: { 'task.completed': onCompleted(config.appId), 'user.erased': onErased },
      db,
      dapr,
      log,
      metrics,
      ...(config.appApiToken ? { appApiToken: config.appApiToken } : {}),
    })
  })

const onCompleted =
  (appId: string): Handler =>
  async (event, { sql }) => {
    if (!isOfType(event, 'task.completed')) return
    const next = nextAfterCompletion(event)
    if (next.kind === 'none') return
    const { task_id: taskId, user_id: userId, task = {} } = event.data
    const subject = `series/${next.seriesId}`
    if (next.kind === 'exhausted') {
      const data = { task_id: taskId, user_id: userId, series_id: next.seriesId, reason: 'COUNT or UNTIL reached' }
      return append(sql, [createEvent({ type: 'recurrence.exhausted', appId, subject, data, cause: event })])
    }
    const { seriesId, series, occurrence } = next
    // Completed, reopened, completed again: the same occurrence follows, and it was already asked for.
    const fresh = await sql.query(
      `INSERT INTO recurring.occurrences (series_id, index, user_id, due_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1`,
      [seriesId, occurrence.index, userId, occurrence.at],
    )
    if (!fresh.length) return
    const recurrence = { ...series, exdates: [...(series.exdates ?? [])], series_id: seriesId, index: occurrence.index }
    const data = {
      task_id: taskId,
      user_id: userId,
      series_id: seriesId,
      index: occurrence.index,
      due_at: occurrence.at,
      due_local: occurrence.local,
      tzid: series.tzid,
      task: { ...template(task), recurrence },
    }
    await append(sql, [createEvent({ type: 'recurrence.triggered', appId, subject, data, cause: event })])
  }

/** The transaction sees the rows of the event's user only. */
const onErased: Handler = async (_, { sql }) => {
  await sql.query('DELETE FROM recurring.occurrences')
}

/** What the next occurrence takes over, in case its creator does not know the task that was completed. */
function template({ title, description, priority, tags, all_day }: Task): Task {
  return JSON.parse(JSON.stringify({ title, description, priority, tags, all_day })) as Task
}
