import { EVENT_SCHEMAS, type EventType } from '../../contracts/events/index.ts'
import { SERVICES } from '../../contracts/topology.ts'
import type { ServiceConfig } from '../../kit/config.ts'
import type { Sql } from '../../kit/db.ts'
import { serveDescription } from '../../kit/openapi.ts'
import { type RunningService, startService } from '../../kit/service.ts'
import { subscribe, type Together } from '../../kit/subscriber.ts'
import { type Entry, entryOf, GENESIS } from './chain.ts'
import { checkpointsOf, signingKey, startSigner } from './checkpoints.ts'
import { type EntriesQuery, entriesQuerySchema, readEntries } from './entries.ts'
import { openapi } from './openapi.ts'
import { verifyAudit } from './verify.ts'

const contract = SERVICES.find(({ service }) => service === 'audit')!

/** Records every change once, in a chain per user that shows any later tampering. */
export const startAudit = (config: ServiceConfig): Promise<RunningService> =>
  startService('audit', config, ({ app, db, dapr, log, metrics, authenticate, onClose, onListen }) => {
    serveDescription(app, openapi)
    subscribe(app, {
      consumer: config.appId,
      topics: contract.consumes.map(({ topic }) => topic),
      // Every type there is: what an audit does not record cannot be asked for later.
      handlers: Object.fromEntries((Object.keys(EVENT_SCHEMAS) as EventType[]).map(type => [type, record])),
      db,
      dapr,
      log,
      metrics,
      ...(config.appApiToken ? { appApiToken: config.appApiToken } : {}),
    })
    app.get<{ Querystring: EntriesQuery }>(
      '/api/v1/audit',
      { schema: { querystring: entriesQuerySchema } },
      async request => {
        const user = await authenticate(request)
        const { task_id: taskId, after, limit } = request.query
        return db.tx({ userId: user.id }, async sql => {
          const items = (await readEntries(sql, { taskId, after, limit: limit + 1 })).slice(0, limit + 1)
          const more = items.length > limit
          return { items: items.slice(0, limit), next_after: more ? items[limit - 1]!.position : null }
        })
      },
    )
    const key = config.auditSigningKey ? signingKey(config.auditSigningKey) : undefined
    app.get('/api/v1/audit/verify', async request => {
      const user = await authenticate(request)
      return db.tx({ userId: user.id }, async sql => {
        // The chain first, and no event of this person is recorded until the rest is read.
        const [chain] = await sql.query<{ length: number; head: string }>(
          'SELECT length, head FROM audit.chains FOR UPDATE',
        )
        return verifyAudit(await readEntries(sql), chain, await checkpointsOf(sql), key)
      })
    })
    app.get('/api/v1/audit/checkpoints', async request => {
      const user = await authenticate(request)
      return { key: key?.publicJwk ?? null, items: await db.tx({ userId: user.id }, checkpointsOf) }
    })
    if (key) onListen(() => onClose(startSigner({ db, log, key, everyMs: config.auditCheckpointSeconds * 1_000 }).stop))
  })

const record: Together = {
  async together(events, { sql }) {
    const userId = events[0]!.data.user_id
    const chain = await lockChain(sql, userId)
    const now = new Date()
    const entries: Entry[] = []
    for (const event of events)
      entries.push(entryOf(event, entries.at(-1) ?? { position: chain.length, hash: chain.head }, now))
    const { position, hash } = entries.at(-1)!
    await sql.query(
      `WITH chain AS (UPDATE audit.chains SET length = $2, head = $3 WHERE user_id = $1)
       INSERT INTO audit.entries SELECT * FROM jsonb_populate_recordset(NULL::audit.entries, $4::jsonb)`,
      [userId, position, hash, JSON.stringify(entries)],
    )
  },
}

/** The row of the chain is the lock: entries of one user are appended one after another. */
async function lockChain(sql: Sql, userId: string): Promise<{ length: number; head: string }> {
  const locked = () =>
    sql.query<{ length: number; head: string }>('SELECT length, head FROM audit.chains WHERE user_id = $1 FOR UPDATE', [
      userId,
    ])
  const [known] = await locked()
  if (known) return known
  await sql.query('INSERT INTO audit.chains (user_id, length, head) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING', [
    userId,
    GENESIS,
  ])
  return (await locked())[0]!
}
