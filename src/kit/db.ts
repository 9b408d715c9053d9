import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from './log.ts'
import { Problem } from './problem.ts'

/** SQL inside one transaction. */
export interface Sql {
  /**
   * A statement with values is prepared once a connection.
   * @returns the rows; int8 comes as a number, timestamps as Date
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

export interface TransactionOptions {
  /** Whose rows are visible and writable (row-level security); absent: nobody's. */
  userId?: string
  /** For work across users (sweepers, callbacks that name a row only); opens the tables whose policies allow it. */
  system?: boolean
}

export interface Database {
  /**
   * Runs `work` in one transaction under the service's own role and, with a user, as that user. Repeated from the start
   * after a serialization failure, a deadlock, or a connection lost before the commit was sent; so `work` must have no
   * effect outside the transaction.
   * @throws Problem TEP4202 when the database cannot be reached or takes nothing more
   */
  tx<T>(options: TransactionOptions, work: (sql: Sql) => Promise<T>): Promise<T>
  /** Resolves when the database answers and is migrated. @throws Problem TEP4202, or what the driver says */
  check(): Promise<void>
  close(): Promise<void>
}

export interface DatabaseOptions {
  url: string
  /** Service name; its transactions run under the role `<database>_<service>`. */
  service: string
  log: Logger
  connections?: number
}

pg.types.setTypeParser(pg.types.builtins.INT8, Number)

const ATTEMPTS = 5
/** Until a connection is free. */
const PATIENCE_MS = 5_000

export function openDatabase({ url, service, log, connections = 8 }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: PATIENCE_MS,
    idleTimeoutMillis: 60_000,
    application_name: service,
  })
  // Without a listener a broken idle connection would end the process.
  pool.on('error', error => log.warn({ err: error.message }, 'idle database connection lost'))

  async function attempt<T>(options: TransactionOptions, work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    let broken: Error | undefined
    let committing = false
    const lost = (error: Error): void => {
      broken = error
    }
    client.on('error', lost)
    try {
      await client.query(opening(service, options))
      const result = await work({
        query: async (text, values) => (await client.query(values ? prepared(text, values) : text)).rows,
      })
      committing = true
      await client.query('COMMIT')
      return result
    } catch (error) {
      if (isConnectionLoss(error) || isStale(error)) broken = error as Error
      else await client.query('ROLLBACK').catch(lost)
      // A commit whose answer was lost may have happened: only the caller can know whether repeating is safe.
      throw committing && broken ? new CommitUnknown(error) : error
    } finally {
      client.off('error', lost)
      client.release(broken)
    }
  }

  return {
    async tx(options, work) {
      for (let round = 1; ; round++) {
        try {
          return await attempt(options, work)
        } catch (error) {
          if (error instanceof CommitUnknown || isExhausted(error)) throw unavailable(error)
          if (!isConnectionLoss(error) && !isConflict(error) && !isStale(error)) throw error
          // Each round drops one connection; those that were open before may all be as old.
          const most = isStale(error) ? ATTEMPTS + connections : ATTEMPTS
          if (round >= most) throw isConflict(error) ? error : unavailable(error)
          log.debug({ round, err: (error as Error).message }, 'transaction is repeated')
          if (!isStale(error)) await sleep(10 * 2 ** round * Math.random())
        }
      }
    },
    async check() {
      const { rows } = await pool.query<{ migrated: boolean }>(
        "SELECT to_regclass('messaging.outbox') IS NOT NULL AS migrated",
      )
      if (!rows[0]?.migrated) throw new Problem('TEP4202', 'The database has no tables yet; run `migrate` first.')
    },
    close: () => pool.end(),
  }
}

/**
 * One round trip opens the transaction. set_config('role') is SET LOCAL ROLE with a computed name: none of the rights of
 * the pool's login reach the work.
 */
const opening = (service: string, { userId = '', system = false }: TransactionOptions): string =>
  `BEGIN; SELECT set_config('role', current_database() || ${pg.escapeLiteral(`_${service}`)}, true),
     set_config('app.user_id', ${pg.escapeLiteral(userId)}, true), set_config('app.system', '${system ? 'on' : 'off'}', true)`

/** The rest of the transaction is for somebody else, and sees their rows alone. */
export const become = async (sql: Sql, userId: string): Promise<void> => {
  await sql.query("SELECT set_config('app.user_id', $1, true)", [userId])
}

/** Beyond these, statements are planned each time: the filters of a list have more combinations than a server should keep. */
const MOST_PREPARED = 300
const names = new Map<string, string>()

function prepared(text: string, values: readonly unknown[]): pg.QueryConfig {
  const name = names.get(text) ?? (names.size < MOST_PREPARED ? `s${names.size}` : undefined)
  if (name === undefined) return { text, values: values as unknown[] }
  names.set(text, name)
  return { name, text, values: values as unknown[] }
}

class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super('the connection was lost during the commit', { cause })
  }
}

const unavailable = (error: unknown): Problem => {
  const why = codeOf(error) === '53100' ? 'its disk is full' : (error as Error).message
  return new Problem('TEP4202', `The database is not available (${why}). Try again.`, [], { retry_after: 1 })
}

const codeOf = (error: unknown): string => String((error as { code?: unknown })?.code ?? '')

/** serialization_failure and deadlock_detected: PostgreSQL asks for a repetition. */
const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error))

/** A migration changed what a prepared statement returns, or the connection has forgotten it: another one prepares it anew. */
const isStale = (error: unknown): boolean =>
  codeOf(error) === '26000' || (codeOf(error) === '0A000' && /cached plan/.test((error as Error).message))

/**
 * What a repetition a moment later does not help against: disk full, out of memory, a configured limit (class 53 of
 * PostgreSQL's error codes; too many connections, 53300, passes), and no connection free for as long as anybody would wait.
 */
const isExhausted = (error: unknown): boolean =>
  ['53000', '53100', '53200', '53400'].includes(codeOf(error)) ||
  (error instanceof Error && /timeout exceeded when trying to connect/i.test(error.message))

const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  '57P01',
  '57P02',
  '57P03',
  '53300',
])

function isConnectionLoss(error: unknown): boolean {
  const code = codeOf(error)
  return (
    connectionCodes.has(code) ||
    code.startsWith('08') ||
    (code === '' && error instanceof Error && /connection (terminated|ended|error)|not queryable/i.test(error.message))
  )
}
