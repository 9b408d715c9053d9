import { Counter } from 'prom-client'
import { createEvent, type TodoEvent } from '../contracts/events/index.ts'
import type { Database } from './db.ts'
import { type About, type DeliveryOptions, readDelivery } from './delivery.ts'
import { fingerprint, userOf } from './fingerprint.ts'
import { type Failure, recordDeadLetter } from './inbox.ts'
import { append } from './outbox.ts'

/** Notes that an event lies on its dead-letter topic, and tells of it the first time. */
export function deadLetters({ consumer, db, metrics }: Pick<DeliveryOptions, 'consumer' | 'db' | 'metrics'>) {
  const count = new Counter({
    name: 'events_dead_lettered_total',
    help: 'Dead letters received.',
    labelNames: ['topic'],
    registers: [metrics],
  })
  return async (topic: string, body: string, about: About): Promise<void> => {
    await note(db, consumer, topic, body, about)
    count.inc({ topic })
  }
}

async function note(db: Database, consumer: string, topic: string, body: string, about: About): Promise<void> {
  const result = readDelivery(topic, body, about)
  const eventId =
    result.outcome === 'event' ? result.event.id : result.outcome === 'invalid' ? (result.id ?? null) : null
  const type = result.outcome === 'event' ? result.type : (result.type ?? '')
  const userId = result.outcome === 'event' ? result.event.data.user_id : userOf(body)
  const letter = { consumer, topic, body, eventId, userId, type, fingerprint: fingerprint(body) }
  await db.tx({}, async sql => {
    const reason = await recordDeadLetter(sql, { ...letter, code: 'TEP4105', reason: 'no reason was recorded' })
    // A consumer that fails on the news of a parked event must not make news of that.
    if (reason !== undefined && !type.startsWith('dlq.')) await append(sql, [parked(letter, reason)])
  })
}

const parked = (
  { consumer, topic, eventId, userId, fingerprint: id }: Omit<Failure, 'code' | 'reason'>,
  reason: string,
): TodoEvent =>
  createEvent({
    type: 'dlq.parked',
    appId: consumer,
    subject: `dead-letter/${id}`,
    data: { event_id: eventId ?? id, user_id: userId ?? 'unknown', topic, consumer, reason: reason.slice(0, 1000) },
  })
