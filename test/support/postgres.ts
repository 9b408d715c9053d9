import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
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
  /** Kills the server with -9, as when its machine is lost. @returns the function that starts it again, with its data, at the same port */
  crash(): Promise<() => Promise<void>>
  stop(): Promise<void>
}

/**
 * A real PostgreSQL of its own for one test file, with all migrations applied.
 * @param fsync whether what it committed outlives its being killed; costs time
 */
export async function startTestDatabase(fsync = false): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tep-test-'))
  let server = await startPostgres({ dataDir, fsync })
  const password = randomBytes(8).toString('hex')
  await server.createDatabase({ name: 'todo', owner: 'todo', password })
  const url = `postgres://todo:${password}@${server.host}:${server.port}/todo`
  await migrate(url, MIGRATIONS)
  const admin = new pg.Pool({ connectionString: server.adminUri.replace(/\/postgres$/, '/todo'), max: 2 })
  admin.on('error', () => {})
  return {
    url,
    query: async (sql, values) => (await admin.query(sql, values)).rows,
    crash: async () => {
      const lock = await readFile(join(dataDir, 'pgdata', 'postmaster.pid'), 'utf8')
      process.kill(Number(lock.split('\n')[0]), 'SIGKILL')
      return async () => {
        for (let attempt = 1; ; attempt++) {
          try {
            server = await startPostgres({ dataDir, port: server.port, fsync })
            return
          } catch (error) {
            // Its former children hold the shared memory until they notice.
            if (attempt === 20) throw error
            await new Promise(done => setTimeout(done, 250))
          }
        }
      }
    },
    stop: async () => {
      await admin.end()
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
