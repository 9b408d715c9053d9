import type pg from 'pg'
import type { Line } from './archive.ts'
import { inOrder, TABLES, type Table } from './tables.ts'

/** Rows fetched at a time. */
const BATCH = 2_000

/**
 * Every table of a database but the list of migrations, as it was at one moment; whoever works in it is not held up.
 * @param client connected, as the owner of the tables
 */
export async function* dump(client: pg.Client): AsyncGenerator<Line> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  // Rows that a policy would hide are an error and no silent gap.
  await client.query("SET LOCAL row_security = off; SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 1")
  const { rows } = await client.query<Table>(TABLES)
  for (const { name, columns } of inOrder(rows)) {
    yield { table: name, columns }
    const wanted = columns.map(column => client.escapeIdentifier(column)).join(', ')
    await client.query(
      `DECLARE backup CURSOR FOR SELECT row_to_json(t)::text AS row FROM (SELECT ${wanted} FROM ${name}) AS t`,
    )
    for (;;) {
      const { rows: batch } = await client.query<{ row: string }>(`FETCH ${BATCH} FROM backup`)
      for (const { row } of batch) yield { row }
      if (batch.length < BATCH) break
    }
    await client.query('CLOSE backup')
  }
  const { rows: sequences } = await client.query<{ sequence: string; value: string }>(
    `SELECT format('%I.%I', schemaname, sequencename) AS sequence, last_value::text AS value
     FROM pg_sequences WHERE last_value IS NOT NULL ORDER BY 1`,
  )
  yield* sequences
  await client.query('COMMIT')
}

/** Names of the migrations that ran, in their order; none where there was never one. */
export async function migrationsOf(client: pg.Client): Promise<string[]> {
  const { rows: known } = await client.query("SELECT to_regclass('public.schema_migrations') AS found")
  if (!known[0].found) return []
  const { rows } = await client.query<{ name: string }>('SELECT name FROM public.schema_migrations ORDER BY name')
  return rows.map(({ name }) => name)
}
