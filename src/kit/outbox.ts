import { type EventType, shortType, type TodoEvent, topicOf, uuidv7 } from '../contracts/events/index.ts'
import type { Sql } from './db.ts'

/**
 * Puts events into the shared outbox, in the caller's transaction: they are published if and only if it commits.
 * Order of the array is the order of publication for one user.
 */
export async function append(sql: Sql, events: readonly TodoEvent[]): Promise<void> {
  if (!events.length) return
  await sql.query(
    `INSERT INTO messaging.outbox (id, topic, partition_key, type, aggregate, envelope)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[])`,
    [
      events.map(event => event.id),
      events.map(event => topicOf(shortType(event) as EventType)),
      events.map(event => event.partitionkey),
      events.map(event => event.type),
      events.map(event => event.subject ?? ''),
      events.map(event => JSON.stringify(event)),
    ],
  )
}

/**
 * Publishes an event that was published before, as it is, to the topic it came from. The row has an id of its own: the
 * event's may still be in the outbox, and need not be a UUID.
 */
export async function appendAgain(sql: Sql, topic: string, event: Readonly<Record<string, unknown>>): Promise<void> {
  const text = (name: string): string => (typeof event[name] === 'string' ? event[name] : '')
  await sql.query(
    'INSERT INTO messaging.outbox (id, topic, partition_key, type, aggregate, envelope) VALUES ($1, $2, $3, $4, $5, $6)',
    [uuidv7(), topic, text('partitionkey'), text('type'), text('subject'), JSON.stringify(event)],
  )
}
