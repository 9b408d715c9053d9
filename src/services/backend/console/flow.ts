import type { ConsumerFlow, Flow, TopicFlow } from '../../../contracts/console.ts'
import { handledTypes, SERVICES, TOPICS } from '../../../contracts/topology.ts'
import type { Sql } from '../../../kit/db.ts'

/**
 * Who publishes and consumes what, and how it goes: from the outbox and the inboxes, which are what was truly committed,
 * and not from a broker's offsets, which say what was read.
 */
export async function flow(sql: Sql): Promise<Flow> {
  const consumers: ConsumerFlow[] = []
  for (const service of SERVICES) {
    const { appId, consumes, usesDatabase } = service
    for (const consumption of consumes) {
      const { topic } = consumption
      const counts = usesDatabase
        ? await consumerFlow(sql, appId, topic, handledTypes(service, consumption))
        : { per_minute: null, behind: null, oldest_behind_seconds: null, dead_letters: 0 }
      consumers.push({ consumer: appId, topic, ...counts })
    }
  }
  return {
    publishers: SERVICES.filter(({ publishes }) => publishes.length).map(({ appId, publishes }) => ({
      app: appId,
      topics: publishes,
    })),
    topics: await topicFlows(sql),
    consumers,
  }
}

async function topicFlows(sql: Sql): Promise<TopicFlow[]> {
  const rows = await sql.query<TopicFlow>(
    `SELECT topic, count(*) FILTER (WHERE published_at > now() - interval '1 minute') AS per_minute,
       count(*) FILTER (WHERE published_at IS NULL) AS waiting,
       extract(epoch FROM now() - min(created_at) FILTER (WHERE published_at IS NULL))::float8 AS oldest_waiting_seconds
     FROM messaging.outbox WHERE published_at IS NULL OR published_at > now() - interval '1 minute' GROUP BY topic`,
  )
  return TOPICS.map(
    ({ name }) =>
      rows.find(({ topic }) => topic === name) ?? {
        topic: name,
        per_minute: 0,
        waiting: 0,
        oldest_waiting_seconds: null,
      },
  )
}

/** @param types full types it handles; null: all */
async function consumerFlow(
  sql: Sql,
  consumer: string,
  topic: string,
  types: readonly string[] | null,
): Promise<Omit<ConsumerFlow, 'consumer' | 'topic'>> {
  const [row] = await sql.query<Omit<ConsumerFlow, 'consumer' | 'topic' | 'dead_letters'>>(
    `SELECT count(*) FILTER (WHERE i.received_at > now() - interval '1 minute') AS per_minute,
       count(*) FILTER (WHERE i.event_id IS NULL AND f.event_id IS NULL) AS behind,
       extract(epoch FROM now() - min(o.published_at) FILTER (WHERE i.event_id IS NULL AND f.event_id IS NULL))::float8 AS oldest_behind_seconds
     FROM messaging.outbox o
     LEFT JOIN messaging.inbox i ON i.consumer = $1 AND i.event_id = o.envelope->>'id'
     LEFT JOIN messaging.inbox_failures f ON f.consumer = $1 AND f.event_id = o.envelope->>'id' AND f.dead_lettered_at IS NOT NULL
     WHERE o.topic = $2 AND o.published_at > now() - interval '1 hour' AND ($3::text[] IS NULL OR o.type = ANY($3))`,
    [consumer, topic, types],
  )
  const [parked] = await sql.query<{ count: number }>(
    `SELECT count(*) FROM messaging.inbox_failures
     WHERE consumer = $1 AND topic = $2 AND dead_lettered_at IS NOT NULL AND replayed_at IS NULL`,
    [consumer, topic],
  )
  return { ...row!, dead_letters: parked!.count }
}
