import type { Sql } from '../../kit/db.ts'
import type { Entry } from './chain.ts'

export const entriesQuerySchema = {
  type: 'object',
  properties: {
    task_id: { type: 'string', format: 'uuid' },
    after: { type: 'integer', minimum: 0, default: 0, description: 'position of the last entry already seen' },
    limit: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
  },
} as const

export interface EntriesQuery {
  task_id?: string
  after: number
  limit: number
}

/** A person's entries, oldest first; whose they are the transaction says, or `userId` where it sees everybody's. */
export async function readEntries(
  sql: Sql,
  {
    taskId,
    userId,
    after = 0,
    limit,
  }: { taskId?: string | undefined; userId?: string; after?: number; limit?: number } = {},
): Promise<Entry[]> {
  const rows = await sql.query<Omit<Entry, 'occurred_at' | 'recorded_at'> & { occurred_at: Date; recorded_at: Date }>(
    `SELECT * FROM audit.entries WHERE position > $1 AND ($2::uuid IS NULL OR task_id = $2) AND ($4::text IS NULL OR user_id = $4)
     ORDER BY position LIMIT $3`,
    [after, taskId ?? null, limit ?? null, userId ?? null],
  )
  return rows.map(row => ({
    ...row,
    position: Number(row.position),
    occurred_at: row.occurred_at.toISOString(),
    recorded_at: row.recorded_at.toISOString(),
  }))
}
