import { parseTime } from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'
import { invalid } from '../../kit/problem.ts'
import { type TaskJson, type TaskRow, toJson } from './model.ts'
import { type Search, searchFor } from './search.ts'
import { complete, TASK_COLUMNS, timezoneOf } from './store.ts'
import { type View, viewCondition } from './views.ts'

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
  view?: View
  sort?: Sort
  limit?: number
  cursor?: string
}

export type Sort = '-created_at' | 'due_at' | 'relevance'

export interface Page {
  items: TaskJson[]
  next_cursor: string | null
}

interface Order {
  /** SQL of the value rows are ordered by, besides their id. */
  key: string
  type: 'timestamptz' | 'numeric'
  direction: 'ASC' | 'DESC'
}

/** Keyset pagination: a page neither repeats nor skips rows when others are inserted meanwhile. */
export async function listTasks(sql: Sql, query: ListQuery): Promise<Page> {
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const limit = query.limit ?? 50
  const where = [query.deleted ? 'deleted_at IS NOT NULL' : 'deleted_at IS NULL']
  const search = query.q?.trim() ? searchFor(query.q, bind) : undefined
  if (search) where.push(search.matches)
  if (query.view) where.push(viewCondition(query.view, bind(await timezoneOf(sql))))
  const { key, type, direction } = orderOf(query, search)
  for (const name of ['status', 'priority', 'series_id', 'parent_task_id'] as const) {
    if (query[name] !== undefined) where.push(`${name} = ${bind(query[name])}`)
  }
  if (query.tag) where.push(`${bind(query.tag)} = ANY(tags)`)
  if (query.due_before) where.push(`due_at < ${bind(instant(query.due_before, 'due_before'))}`)
  if (query.due_after) where.push(`due_at >= ${bind(instant(query.due_after, 'due_after'))}`)
  if (query.cursor) {
    const [value, id] = decode(query.cursor, type)
    where.push(`(${key}, id) ${direction === 'ASC' ? '>' : '<'} (${bind(value)}::${type}, ${bind(id)}::uuid)`)
  }
  const rows = await sql.query<TaskRow & { cursor_key: string }>(
    `SELECT ${TASK_COLUMNS}, (${key})::text AS cursor_key FROM backend.tasks WHERE ${where.join(' AND ')}
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

/** @throws Problem TEP4001 for relevance of nothing */
function orderOf({ sort, view }: ListQuery, search: Search | undefined): Order {
  const wanted = sort ?? (search ? 'relevance' : view ? 'due_at' : '-created_at')
  // Timestamps are compared in microseconds, which JavaScript dates do not hold: the cursor carries the text.
  if (wanted === 'due_at') return { key: "coalesce(due_at, 'infinity')", type: 'timestamptz', direction: 'ASC' }
  if (wanted === '-created_at') return { key: 'created_at', type: 'timestamptz', direction: 'DESC' }
  if (!search) throw invalid('sort', 'relevance needs q, the words to look for')
  return { key: search.rank, type: 'numeric', direction: 'DESC' }
}

const encode = (key: string, id: string): string => Buffer.from(JSON.stringify([key, id])).toString('base64url')

const KEYS = {
  timestamptz: /^(infinity|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d+:-]*)$/,
  numeric: /^\d{1,6}(\.\d{1,12})?$/,
} as const

function decode(cursor: string, type: Order['type']): [string, string] {
  try {
    const [key, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
    const valid = typeof key === 'string' && KEYS[type].test(key)
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
