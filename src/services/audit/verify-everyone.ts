import type pg from 'pg'
import type { Sql } from '../../kit/db.ts'
import { readEntries } from './entries.ts'
import { verifyAudit } from './verify.ts'

/**
 * The people whose audit is not as it was written, and where it first is not; signatures are left to who has the key.
 * @param client connected as the owner of the tables, whom no policy binds
 */
export async function verifyEveryone(client: pg.Client): Promise<{ user_id: string; position: number }[]> {
  const sql: Sql = { query: async (text, values) => (await client.query(text, values as unknown[])).rows }
  const chains = await sql.query<{ user_id: string; length: string; head: string }>(
    'SELECT user_id, length, head FROM audit.chains ORDER BY user_id',
  )
  const broken: { user_id: string; position: number }[] = []
  for (const { user_id: userId, length, head } of chains) {
    const chain = { length: Number(length), head }
    const { first_broken_position: position } = verifyAudit(await readEntries(sql, { userId }), chain, [], undefined)
    if (position !== undefined) broken.push({ user_id: userId, position })
  }
  return broken
}
