import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from '../../src/kit/migrate.ts'
import { startPostgres } from '../../src/local/postgres/index.ts'
import { MIGRATIONS } from '../../src/services/migrations/index.ts'

export interface TestDatabase {
  /** Of a login that owns the database, as a service gets it. */
  url: string
  /** Runs SQL as the administrator, whom row-level security does not bind. */
  query<Row = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>
  stop(): Promise<void>
}

/** A real PostgreSQL of its own for one test file, with all migrations applied. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tep-test-'))
  const server = await startPostgres({ dataDir, fsync: false })
  const password = randomBytes(8).toString('hex')
  await server.createDatabase({ name: 'todo', owner: 'todo', password })
  const url = `postgres://todo:${password}@${server.host}:${server.port}/todo`
  await migrate(url, MIGRATIONS)
  const admin = new pg.Pool({ connectionString: server.adminUri.replace(/\/postgres$/, '/todo'), max: 2 })
  admin.on('error', () => {})
  return {
    url,
    query: async (sql, values) => (await admin.query(sql, values)).rows,
    stop: async () => {
      await admin.end()
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
