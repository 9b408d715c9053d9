import type pg from 'pg'
import { handledTypes, SERVICES } from '../../contracts/topology.ts'
import { EXIT, Exit } from '../exit.ts'
import type { Line } from './archive.ts'
import { TABLES, type Table } from './tables.ts'

export interface Loaded {
  /** Rows by table. */
  rows: Record<string, number>
  /** Tables of the backup that this database does not have: nobody's but the sidecars', which make them when they start. */
  leftOut: string[]
  /** Events that a consumer had not handled when the backup was made: they go out again. */
  republished: number
}

/** Characters of JSON sent at a time. */
const CHUNK = 4_000_000

/**
 * Replaces everything in a database by what a backup holds, in one transaction: all or nothing, also when the backup turns out
 * to be broken at its end. Services that are running wait meanwhile, and go on with what is there then.
 * @param client connected, as the owner of the tables, which the backup's migrations made
 */
export async function load(
  client: pg.Client,
  lines: AsyncIterable<Line>,
  onTable: (name: string) => void,
): Promise<Loaded> {
  await client.query('BEGIN')
  await client.query("SET LOCAL TimeZone = 'UTC'; SET LOCAL row_security = off")
  const { rows: tables } = await client.query<Table>(TABLES)
  const known = new Set(tables.map(({ name }) => name))
  await client.query(`TRUNCATE ${[...known].join(', ')}`)
  const loaded: Loaded = { rows: {}, leftOut: [], republished: 0 }
  let insert: ((rows: readonly string[]) => Promise<void>) | undefined
  let waiting: string[] = []
  let size = 0
  const flush = async (): Promise<void> => {
    if (waiting.length > 0) await insert?.(waiting)
    waiting = []
    size = 0
  }
  for await (const line of lines) {
    if ('row' in line) {
      waiting.push(line.row)
      size += line.row.length
      if (size >= CHUNK) await flush()
    } else if ('table' in line) {
      await flush()
      insert = known.has(line.table) ? into(client, line, loaded.rows) : undefined
      if (insert) onTable(line.table)
      else loaded.leftOut.push(line.table)
    } else if ('sequence' in line) {
      await flush()
      await client.query('SELECT setval(to_regclass($1), $2) WHERE to_regclass($1) IS NOT NULL', [
        line.sequence,
        line.value,
      ])
    }
  }
  await flush()
  loaded.republished = await publishAgain(client)
  // The scheduler knows another past: the sweep sets every alarm anew.
  await client.query("UPDATE notification.reminders SET job_version = NULL WHERE status = 'scheduled'")
  await client.query('COMMIT')
  return loaded
}

function into(client: pg.Client, { table, columns }: Extract<Line, { table: string }>, counts: Record<string, number>) {
  const names = columns.map(column => client.escapeIdentifier(column)).join(', ')
  counts[table] = 0
  return async (rows: readonly string[]): Promise<void> => {
    await client
      .query(
        `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE
         SELECT ${names} FROM json_populate_recordset(NULL::${table}, $1::json)`,
        [`[${rows.join(',')}]`],
      )
      .catch((error: Error) => {
        throw new Exit('TEP5021', EXIT.refused, `rows of ${table} do not fit this database: ${error.message}`)
      })
    counts[table]! += rows.length
  }
}

/**
 * Offsets of a Kafka that may be gone, or further on, say nothing about this database. What is in it does: an event of the
 * outbox without its consumer's mark in the inbox had no effect yet. It goes out again; whoever handled it knows it.
 */
async function publishAgain(client: pg.Client): Promise<number> {
  let events = 0
  for (const service of SERVICES) {
    if (!service.usesDatabase) continue
    for (const consumption of service.consumes) {
      const { rowCount } = await client.query(
        `UPDATE messaging.outbox o SET published_at = NULL
         WHERE topic = $2 AND published_at IS NOT NULL AND ($3::text[] IS NULL OR type = ANY($3))
           AND NOT EXISTS (SELECT FROM messaging.inbox i WHERE i.consumer = $1 AND i.event_id = o.envelope->>'id')
           AND NOT EXISTS (SELECT FROM messaging.inbox_failures f
             WHERE f.consumer = $1 AND f.event_id = o.envelope->>'id' AND f.dead_lettered_at IS NOT NULL)`,
        [service.appId, consumption.topic, handledTypes(service, consumption)],
      )
      events += rowCount ?? 0
    }
  }
  return events
}
