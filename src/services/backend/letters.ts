import { isEventType, normalise, schemaUri } from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'

/** A dead letter: an event a consumer could not handle, with the reason recorded when it failed. */
export interface Letter {
  id: number
  consumer: string
  topic: string
  event_id: string | null
  user_id: string | null
  type: string
  code: string
  reason: string
  attempts: number
  body: string
  replays: number
  first_failed_at: Date
  dead_lettered_at: Date
  replayed_at: Date | null
}

/** Which letters; what is absent does not matter. */
export interface LetterFilter {
  consumer?: string
  topic?: string
  type?: string
  code?: string
  event_id?: string
  reason?: string
  after?: string
  before?: string
}

const name = { type: 'string', minLength: 1, maxLength: 249 } as const
const instant = { type: 'string', format: 'date-time' } as const
export const filterProperties = {
  consumer: { ...name, description: 'app-id that could not handle it' },
  topic: name,
  type: { ...name, description: 'short event type, e.g. task.created' },
  code: { type: 'string', pattern: '^TEP\\d{4}$' },
  event_id: { type: 'string', minLength: 1, maxLength: 128 },
  reason: { type: 'string', minLength: 1, maxLength: 200, description: 'text the reason contains' },
  after: { ...instant, description: 'parked at this time or later' },
  before: { ...instant, description: 'parked before this time' },
} as const

/** The condition of a filter, and its values. */
export function conditionOf(filter: LetterFilter): { where: string; values: unknown[] } {
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const where = ['dead_lettered_at IS NOT NULL']
  for (const column of ['consumer', 'topic', 'type', 'code', 'event_id'] as const) {
    if (filter[column] !== undefined) where.push(`${column} = ${bind(filter[column])}`)
  }
  if (filter.reason !== undefined) where.push(`strpos(reason, ${bind(filter.reason)}) > 0`)
  if (filter.after !== undefined) where.push(`dead_lettered_at >= ${bind(filter.after)}::timestamptz`)
  if (filter.before !== undefined) where.push(`dead_lettered_at < ${bind(filter.before)}::timestamptz`)
  return { where: where.join(' AND '), values }
}

/** Letters of a filter in the order they were parked, a page at a time. */
export async function* pages(sql: Sql, filter: LetterFilter, size = 500): AsyncGenerator<Letter[]> {
  const { where, values } = conditionOf(filter)
  for (let last = 0; ; ) {
    const page = await sql.query<Letter>(
      `SELECT * FROM messaging.inbox_failures WHERE ${where} AND id > $${values.length + 1} ORDER BY id LIMIT ${size}`,
      [...values, last],
    )
    if (page.length) yield page
    if (page.length < size) return
    last = page.at(-1)!.id
  }
}

/** An event that comes back this often will not get better by another replay. */
export const MOST_REPLAYS = 3

/** What a replay of a letter would meet: `invalid` would fail the same way again, `unreadable` cannot be published. */
export type Verdict = 'replayable' | 'guarded' | 'invalid' | 'unreadable'

export function assess(letter: Pick<Letter, 'body' | 'replays' | 'topic'>): { verdict: Verdict; event?: CloudEvent } {
  const event = cloudEventOf(letter.body)
  if (!event) return { verdict: 'unreadable' }
  if (Math.max(letter.replays, Number(event['replaycount']) || 0) >= MOST_REPLAYS) return { verdict: 'guarded', event }
  const invalid = normalise(letter.body, { topic: letter.topic }).outcome === 'invalid'
  return { verdict: invalid ? 'invalid' : 'replayable', event }
}

type CloudEvent = Record<string, unknown>

function cloudEventOf(body: string): CloudEvent | undefined {
  try {
    const event: unknown = JSON.parse(body)
    return event && typeof event === 'object' && 'specversion' in event ? (event as CloudEvent) : undefined
  } catch {
    return undefined
  }
}

/** A letter beside what its type's schema says today, which may be newer than the failure. */
export function againstSchema({ body, topic }: Letter): object {
  const result = normalise(body, { topic })
  const schema = result.type !== undefined && isEventType(result.type) ? schemaUri(result.type) : null
  if (result.outcome !== 'invalid') return { outcome: result.outcome === 'event' ? 'valid' : 'unknown type', schema }
  return { outcome: 'invalid', schema, code: result.code, field: result.field ?? null, message: result.reason }
}
