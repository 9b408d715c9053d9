import { createHash } from 'node:crypto'
import pg from 'pg'

export interface Migration {
  /** Sorts and identifies it for ever: `0001-messaging`. */
  name: string
  sql: string
}

/** One number for every installation: migrations of one database run one at a time, whoever starts them. */
const LOCK = 7_406_301

/**
 * Applies what is not yet applied, in order, each in its own transaction, one process at a time.
 * @returns names of the migrations that ran now
 * @throws Error TEP4207 when a migration that already ran reads differently now, TEP4208 when the login may not do it
 */
export async function migrate(databaseUrl: string, migrations: readonly Migration[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    await client.query(
      'CREATE TABLE IF NOT EXISTS public.schema_migrations (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    )
    const rows = await client.query<{ name: string; checksum: string }>(
      'SELECT name, checksum FROM public.schema_migrations',
    )
    const known = new Map(rows.rows.map(row => [row.name, row.checksum]))
    const applied: string[] = []
    for (const { name, sql } of migrations) {
      const checksum = createHash('sha256').update(sql).digest('hex')
      const before = known.get(name)
      if (before === checksum) continue
      if (before) throw new Error(`TEP4207: migration ${name} was changed after it ran; write a new one instead.`)
      await client.query('BEGIN')
      await client.query(sql).catch(error => {
        throw explain(error, client.user)
      })
      await client.query('INSERT INTO public.schema_migrations (name, checksum) VALUES ($1, $2)', [name, checksum])
      await client.query('COMMIT')
      applied.push(name)
    }
    return applied
  } finally {
    // Ending the session rolls back what was open and releases the lock.
    await client.end()
  }
}

/** insufficient_privilege: each service gets a role of its own, which an ordinary login may not create. */
function explain(error: Error & { code?: string }, login: string | undefined): Error {
  if (error.code !== '42501') return error
  return new Error(
    `TEP4208: the database login lacks a right (${error.message}). As an administrator run: ALTER ROLE "${login ?? 'login'}" CREATEROLE;`,
    { cause: error },
  )
}
