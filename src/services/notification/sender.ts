import { createEvent } from '../../contracts/events/index.ts'
import type { Database, Sql } from '../../kit/db.ts'
import type { Logger } from '../../kit/log.ts'
import { append } from '../../kit/outbox.ts'
import { type Repeated, repeat } from '../../kit/repeat.ts'
import { ForbiddenTarget } from './outside.ts'
import { type Channel, type Kind, preferencesOf } from './preferences.ts'
import { quietUntil } from './quiet.ts'

/** Something to go out on one channel, with what it is about. */
export interface Delivery {
  id: string
  notification_id: string
  user_id: string
  channel: Exclude<Channel, 'in_app'>
  recipient: string | null
  target_id: string | null
  digest: boolean
  attempts: number
  kind: Kind
  title: string
  body: string
  task_id: string | null
  reminder_id: string | null
  created_at: Date
  url: string | null
  secrets: Record<string, string> | null
}

/** What a channel was told for ever: another attempt would be told the same. `gone` forgets the target too. */
export class Refused extends Error {
  readonly gone: boolean
  constructor(message: string, gone = false) {
    super(message)
    this.gone = gone
  }
}

export interface Outgoing {
  /** One delivery, or all of a digest. */
  deliveries: readonly [Delivery, ...Delivery[]]
  unsubscribeToken: string | undefined
}

export type Send = (outgoing: Outgoing) => Promise<void>

const EVERY_MS = 5_000
/** Attempts with doubling pauses from half a minute: about an hour for mails and webhooks, a quarter of one for a push. */
const ATTEMPTS = { email: 8, webhook: 8, web_push: 6 } as const
const DIGEST = 200

const QUEUE = `SELECT d.*, n.kind, n.title, n.body, n.task_id, n.reminder_id, n.created_at, t.url, t.secrets
  FROM notification.deliveries d JOIN notification.notifications n ON n.id = d.notification_id
  LEFT JOIN notification.targets t ON t.id = d.target_id
  WHERE d.sent_at IS NULL AND d.failed_at IS NULL AND d.next_attempt_at <= clock_timestamp()`

/** Sends what is queued for one channel, each delivery until it is out or has failed for good; quiet hours only make it wait. */
export function startSender(options: {
  db: Database
  channel: Delivery['channel']
  send: Send
  log: Logger
  appId: string
  everyMs?: number
}): Repeated {
  const { db, channel, send, log, appId, everyMs = EVERY_MS } = options
  /** Rows stay locked while they are sent, so that no other replica sends them too. */
  async function sendNext(sql: Sql): Promise<boolean> {
    const [first] = await sql.query<Delivery>(
      `${QUEUE} AND d.channel = $1 ORDER BY d.next_attempt_at, d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED`,
      [channel],
    )
    if (!first) return false
    const preferences = await preferencesOf(sql, first.user_id)
    const until = preferences && quietUntil(new Date(), preferences.quiet_hours, preferences.timezone)
    if (until) {
      await defer(sql, first, until)
      return true
    }
    const others = first.digest ? await restOfDigest(sql, first) : []
    const deliveries = [first, ...others] as const
    try {
      await send({ deliveries, unsubscribeToken: preferences?.unsubscribe_token })
      await succeed(sql, deliveries)
    } catch (error) {
      await fail(sql, deliveries, error as Error)
    }
    return true
  }

  const restOfDigest = (sql: Sql, { id, user_id: userId }: Delivery): Promise<Delivery[]> =>
    sql.query<Delivery>(
      `${QUEUE} AND d.user_id = $1 AND d.digest AND d.id <> $2 ORDER BY d.id LIMIT ${DIGEST} FOR UPDATE OF d SKIP LOCKED`,
      [userId, id],
    )

  async function defer(sql: Sql, delivery: Delivery, until: Date): Promise<void> {
    await sql.query('UPDATE notification.deliveries SET next_attempt_at = $2 WHERE id = $1', [delivery.id, until])
    const data = { ...about(delivery), until: until.toISOString() }
    await append(sql, [createEvent({ type: 'notification.deferred', appId, subject: subjectOf(delivery), data })])
  }

  async function succeed(sql: Sql, deliveries: readonly Delivery[]): Promise<void> {
    await sql.query(
      'UPDATE notification.deliveries SET sent_at = now(), attempts = attempts + 1, last_error = NULL WHERE id = ANY($1)',
      [deliveries.map(({ id }) => id)],
    )
    const sentAt = new Date().toISOString()
    const sent = deliveries.map(delivery =>
      createEvent({
        type: 'notification.sent',
        appId,
        subject: subjectOf(delivery),
        data: { ...about(delivery), sent_at: sentAt },
      }),
    )
    await append(sql, sent)
  }

  async function fail(sql: Sql, deliveries: readonly [Delivery, ...Delivery[]], error: Error): Promise<void> {
    const [{ id, attempts, target_id: target }] = deliveries
    const final = error instanceof Refused || error instanceof ForbiddenTarget
    const over = final || attempts + 1 >= ATTEMPTS[channel]
    const reason = error.message.slice(0, 500)
    log.warn({ delivery: id, channel, reason, attempt: attempts + 1, over }, 'a notification could not be sent')
    await sql.query(
      `UPDATE notification.deliveries SET attempts = attempts + 1, last_error = $2, failed_at = CASE WHEN $3 THEN now() END,
         next_attempt_at = now() + interval '30 seconds' * power(2, attempts) WHERE id = ANY($1)`,
      [deliveries.map(delivery => delivery.id), reason, over],
    )
    if (!over) return
    const failed = deliveries.map(delivery =>
      createEvent({
        type: 'notification.failed',
        appId,
        subject: subjectOf(delivery),
        data: { ...about(delivery), reason },
      }),
    )
    await append(sql, failed)
    if (error instanceof Refused && error.gone)
      await sql.query('DELETE FROM notification.targets WHERE id = $1', [target])
  }

  return repeat(everyMs, log, async () => {
    while (await db.tx({ system: true }, sendNext)) {
      // Until the queue has nothing that is due.
    }
  })
}

const subjectOf = ({ notification_id: id }: Delivery): string => `notification/${id}`

const about = (delivery: Delivery) => ({
  notification_id: delivery.notification_id,
  user_id: delivery.user_id,
  ...(delivery.task_id ? { task_id: delivery.task_id } : {}),
  ...(delivery.reminder_id ? { reminder_id: delivery.reminder_id } : {}),
  kind: delivery.kind,
  channel: delivery.channel,
  title: delivery.title,
})
