import { parseTime } from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'
import { invalid } from '../../kit/problem.ts'
import { type TaskJson, type TaskRow, toJson } from './model.ts'
import { complete } from './store.ts'

export interface ListQuery {
  status?: 'open' | 'done'
  priority?: string
  tag?: string
  q?: string
  due_before?: string
  due_after?: string
  series_id?: string
  parent_task_id?: string
  deleted?: boolean
  sort?: '-created_at' | 'due_at'
  limit?: number
  cursor?: string
}

export interface Page {
  items: TaskJson[]
  next_cursor: string | null
}

/** Keyset pagination: a page neither repeats nor skips rows when others are inserted meanwhile. */
export async function listTasks(sql: Sql, query: ListQuery): Promise<Page> {
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const limit = query.limit ?? 50
  const byDue = query.sort === 'due_at'
  // Timestamps are compared in microseconds, which JavaScript dates do not hold: the cursor carries the text.
  const key = byDue ? "coalesce(due_at, 'infinity')" : 'created_at'
  const where = [query.deleted ? 'deleted_at IS NOT NULL' : 'deleted_at IS NULL']
  for (const name of ['status', 'priority', 'series_id', 'parent_task_id'] as const) {
    if (query[name] !== undefined) where.push(`${name} = ${bind(query[name])}`)
  }
  if (query.tag) where.push(`${bind(query.tag)} = ANY(tags)`)
  if (query.q) {
    const pattern = bind(`%${query.q.replace(/[\\%_]/g, '\\$&')}%`)
    where.push(`(title ILIKE ${pattern} OR description ILIKE ${pattern})`)
  }
  if (query.due_before) where.push(`due_at < ${bind(instant(query.due_before, 'due_before'))}`)
  if (query.due_after) where.push(`due_at >= ${bind(instant(query.due_after, 'due_after'))}`)
  if (query.cursor) {
    const [value, id] = decode(query.cursor)
    where.push(`(${key}, id) ${byDue ? '>' : '<'} (${bind(value)}::timestamptz, ${bind(id)}::uuid)`)
  }
  const direction = byDue ? 'ASC' : 'DESC'
  const rows = await sql.query<TaskRow & { cursor_key: string }>(
    `SELECT *, (${key})::text AS cursor_key FROM backend.tasks WHERE ${where.join(' AND ')}
     ORDER BY ${key} ${direction}, id ${direction} LIMIT ${limit + 1}`,
    values,
  )
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  return {
    items: (await complete(sql, shown)).map(toJson),
    next_cursor: last ? encode(last.cursor_key, last.id) : null,
  }
}

const encode = (key: string, id: string): string => Buffer.from(JSON.stringify([key, id])).toString('base64url')

function decode(cursor: string): [string, string] {
  try {
    const [key, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
    const valid = typeof key === 'string' && /^(infinity|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d+:-]*)$/.test(key)
    if (valid && typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id)) return [key, id]
  } catch {
    // Reported below, like a cursor that parses but is not ours.
  }
  throw invalid('cursor', 'is not a next_cursor of this list')
}

function instant(text: string, field: string): string {
  const parsed = parseTime(text)
  if (!parsed) throw invalid(field, `${text} is no time; write e.g. 2026-01-05T09:00:00Z`)
  return parsed.at
}
