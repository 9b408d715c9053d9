import type { Hop as HopAt, SeenEvent as SeenEventAt, Story as StoryAt } from '../../../contracts/console.ts'
import { isUuid, normalise } from '../../../contracts/events/index.ts'
import type { Sql } from '../../../kit/db.ts'
import { Problem } from '../../../kit/problem.ts'
import { redact } from './redact.ts'

type SeenEvent = SeenEventAt<Date>
type Hop = HopAt<Date>
type Story = StoryAt<Date>

export interface EventFilter {
  topic?: string
  type?: string
  subject?: string
  user_id?: string
  after_seq?: number
  before_seq?: number
  limit: number
}

interface Row {
  seq: number
  topic: string
  type: string
  aggregate: string
  envelope: Record<string, unknown> & { data?: Record<string, unknown> }
  created_at: Date
  published_at: Date | null
}

const COLUMNS = 'seq, topic, type, aggregate, envelope, created_at, published_at'

/** Newest first; with `after_seq` oldest first, for following. */
export async function listEvents(sql: Sql, filter: EventFilter): Promise<SeenEvent[]> {
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const where = ['true']
  if (filter.topic) where.push(`topic = ${bind(filter.topic)}`)
  if (filter.type) where.push(`type LIKE ${bind(`%${filter.type.replace(/[\\%_]/g, '\\$&')}%`)}`)
  if (filter.subject) where.push(`aggregate = ${bind(filter.subject)}`)
  if (filter.user_id) where.push(`envelope->'data'->>'user_id' = ${bind(filter.user_id)}`)
  if (filter.before_seq) where.push(`seq < ${bind(filter.before_seq)}`)
  if (filter.after_seq !== undefined) where.push(`seq > ${bind(filter.after_seq)}`)
  const rows = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM messaging.outbox WHERE ${where.join(' AND ')}
     ORDER BY seq ${filter.after_seq === undefined ? 'DESC' : 'ASC'} LIMIT ${filter.limit}`,
    values,
  )
  return rows.map(seen)
}

function seen({ seq, topic, type, aggregate, envelope, created_at, published_at }: Row): SeenEvent {
  const { outcome } = normalise(JSON.stringify(envelope), { topic })
  return {
    seq,
    id: String(envelope['id']),
    topic,
    type,
    subject: aggregate,
    user_id: typeof envelope.data?.['user_id'] === 'string' ? envelope.data['user_id'] : null,
    created_at,
    published_at,
    schema: outcome === 'event' ? 'valid' : outcome === 'invalid' ? 'invalid' : 'unknown',
    event: redact(envelope) as SeenEvent['event'],
  }
}

/** How many events after one are looked through for what it caused: there is no index for it, and effects come soon. */
const REACH = 200_000

/** Everything that happened to an event, and what came before and of it. @throws Problem TEP4005 */
export async function story(sql: Sql, id: string): Promise<Story> {
  const [first] = isUuid(id) ? await sql.query<Row>(`SELECT ${COLUMNS} FROM messaging.outbox WHERE id = $1`, [id]) : []
  if (!first) throw new Problem('TEP4005', `No event ${id} was published in the last day.`)
  const later = (condition: string): Promise<Row[]> =>
    sql.query<Row>(
      `SELECT ${COLUMNS} FROM messaging.outbox WHERE seq > $2 AND seq <= $2 + ${REACH} AND ${condition} ORDER BY seq LIMIT 100`,
      [id, first.seq],
    )
  const replays = await later("envelope->>'id' = $1")
  const inbox = await sql.query<{ consumer: string; received_at: Date }>(
    'SELECT consumer, received_at FROM messaging.inbox WHERE event_id = $1',
    [id],
  )
  const failures = await sql.query<{
    consumer: string
    code: string
    reason: string
    attempts: number
    first_failed_at: Date
    dead_lettered_at: Date | null
  }>(
    'SELECT consumer, code, reason, attempts, first_failed_at, dead_lettered_at FROM messaging.inbox_failures WHERE event_id = $1',
    [id],
  )
  const hops: Hop[] = [
    ...replays.flatMap(row => told(row, 'replayed')),
    ...inbox.map(({ consumer, received_at: at }): Hop => ({ at, what: 'handled', where: consumer })),
    ...failures.flatMap(
      ({ consumer, code, reason, attempts, first_failed_at: at, dead_lettered_at: parkedAt }): Hop[] => [
        {
          at,
          what: 'failed',
          where: consumer,
          detail: `${code} ${reason} (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'})`,
        },
        ...(parkedAt ? [{ at: parkedAt, what: 'parked' as const, where: consumer }] : []),
      ],
    ),
  ]
  const cause = first.envelope['causationid']
  const [causedBy] =
    typeof cause === 'string' && isUuid(cause)
      ? await sql.query<Row>(`SELECT ${COLUMNS} FROM messaging.outbox WHERE id = $1`, [cause])
      : []
  return {
    event: seen(first),
    hops: [...told(first, 'committed'), ...hops.sort((a, b) => a.at.getTime() - b.at.getTime())],
    caused_by: causedBy ? seen(causedBy) : null,
    causes: (await later("envelope->>'causationid' = $1")).map(seen),
  }
}

/** In this order whatever the clock says: a consumer may be done before the broker's word that it has the event is written down. */
const told = (
  { created_at: at, published_at: publishedAt, topic: where }: Row,
  what: 'committed' | 'replayed',
): Hop[] => [{ at, what, where }, ...(publishedAt ? [{ at: publishedAt, what: 'published' as const, where }] : [])]
