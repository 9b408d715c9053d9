import type { FastifyInstance } from 'fastify'
import { uuidv7 } from '../../contracts/events/index.ts'
import type { Authenticate } from '../../kit/auth.ts'
import type { Database, Sql } from '../../kit/db.ts'
import { invalid, Problem } from '../../kit/problem.ts'
import { checkTarget, ForbiddenTarget, type OutsidePolicy } from './outside.ts'
import { encryptPush, type PushKeys } from './web-push.ts'
import { newSecret } from './webhook.ts'

export interface TargetOptions {
  db: Database
  authenticate: Authenticate
  push: { policy: OutsidePolicy; publicKey: string | undefined }
  webhooks: OutsidePolicy
}

const MOST_TARGETS = 10
const url = { type: 'string', minLength: 1, maxLength: 2048 } as const
const key = { type: 'string', pattern: '^[\\w-]+={0,2}$', maxLength: 128 } as const
export const pushSchema = {
  type: 'object',
  required: ['endpoint', 'keys'],
  properties: {
    endpoint: url,
    expirationTime: { type: ['number', 'null'] },
    keys: { type: 'object', required: ['p256dh', 'auth'], properties: { p256dh: key, auth: key } },
  },
} as const
export const webhookSchema = {
  type: 'object',
  required: ['url'],
  additionalProperties: false,
  properties: { url },
} as const
const idSchema = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } } as const
export const unsubscribeSchema = {
  type: 'object',
  required: ['token'],
  properties: { token: { type: 'string', format: 'uuid' } },
} as const

/** Where a user wants to be notified: browsers and webhooks; and the way out of mails. */
export function registerTargets(app: FastifyInstance, { db, authenticate, push, webhooks }: TargetOptions): void {
  app.get('/api/v1/push-subscriptions/key', async () => {
    if (!push.publicKey) throw new Problem('TEP4005', 'Web push is not set up here: spec.notifications.vapidSecretRef.')
    return { public_key: push.publicKey }
  })

  /** The body is what `PushSubscription.toJSON()` gives in a browser. */
  app.post<{ Body: { endpoint: string; keys: PushKeys } }>(
    '/api/v1/push-subscriptions',
    { schema: { body: pushSchema } },
    async (request, reply) => {
      const user = await authenticate(request)
      if (!push.publicKey)
        throw new Problem('TEP4007', 'Web push is not set up here: spec.notifications.vapidSecretRef.')
      const { endpoint, keys } = request.body
      check('endpoint', endpoint, push.policy)
      try {
        encryptPush(Buffer.from('try'), keys)
      } catch {
        throw invalid('keys.p256dh', 'is no public key of a browser')
      }
      const { p256dh, auth } = keys
      const id = await db.tx({ userId: user.id }, sql => add(sql, user.id, 'web_push', endpoint, { p256dh, auth }))
      return reply.code(201).send({ id })
    },
  )

  app.post<{ Body: { url: string } }>(
    '/api/v1/webhooks',
    { schema: { body: webhookSchema } },
    async (request, reply) => {
      const user = await authenticate(request)
      check('url', request.body.url, webhooks)
      const secret = newSecret()
      const id = await db.tx({ userId: user.id }, sql => add(sql, user.id, 'webhook', request.body.url, { secret }))
      // Told once; whoever loses it registers again.
      return reply.code(201).send({ id, url: request.body.url, secret })
    },
  )

  for (const [path, channel] of [
    ['/api/v1/push-subscriptions', 'web_push'],
    ['/api/v1/webhooks', 'webhook'],
  ] as const) {
    app.get(path, async request => {
      const user = await authenticate(request)
      const items = await db.tx({ userId: user.id }, sql =>
        sql.query('SELECT id, url, created_at FROM notification.targets WHERE channel = $1 ORDER BY id', [channel]),
      )
      return { items }
    })
    app.delete<{ Params: { id: string } }>(`${path}/:id`, { schema: { params: idSchema } }, async (request, reply) => {
      const user = await authenticate(request)
      const { id } = request.params
      const gone = await db.tx({ userId: user.id }, sql =>
        sql.query('DELETE FROM notification.targets WHERE id = $1 AND channel = $2 RETURNING 1', [id, channel]),
      )
      if (!gone.length) throw new Problem('TEP4005', `There is no ${path.split('/').at(-1)} ${id}.`)
      return reply.code(204).send()
    })
  }

  /** The link of a mail. Only POST acts: what merely opens links must unsubscribe nobody (RFC 8058 §3.1). */
  const unsubscribe = '/api/v1/notifications/unsubscribe'
  app.register(async scope => {
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body))
    scope.post<{ Querystring: { token: string } }>(
      unsubscribe,
      { schema: { querystring: unsubscribeSchema } },
      async (request, reply) => {
        // Whether the token is known is nobody's business.
        await db.tx({ system: true }, sql =>
          sql.query('UPDATE notification.preferences SET unsubscribed_at = now() WHERE unsubscribe_token = $1', [
            request.query.token,
          ]),
        )
        return reply.type('text/plain').send('You will get no more mails. Your preferences can change that.\n')
      },
    )
    scope.get(unsubscribe, async (_, reply) =>
      reply
        .type('text/html')
        .header('content-security-policy', "default-src 'none'; form-action 'self'")
        .send(
          '<!doctype html><title>Unsubscribe</title><form method="post"><button>Send me no more mails</button></form>',
        ),
    )
  })
}

function check(field: string, text: string, policy: OutsidePolicy): void {
  try {
    checkTarget(text, policy)
  } catch (error) {
    if (error instanceof ForbiddenTarget) throw invalid(field, error.message)
    throw error
  }
}

async function add(
  sql: Sql,
  userId: string,
  channel: string,
  target: string,
  secrets: Record<string, string>,
): Promise<string> {
  const [{ count } = { count: 0 }] = await sql.query<{ count: number }>(
    'SELECT count(*) FROM notification.targets WHERE channel = $1 AND url <> $2',
    [channel, target],
  )
  if (count >= MOST_TARGETS) throw new Problem('TEP4007', `There are ${MOST_TARGETS} already; delete one first.`)
  const [row] = await sql.query<{ id: string }>(
    `INSERT INTO notification.targets (id, user_id, channel, url, secrets) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (user_id, url) DO UPDATE SET secrets = excluded.secrets, channel = excluded.channel RETURNING id`,
    [uuidv7(), userId, channel, target, JSON.stringify(secrets)],
  )
  return row!.id
}
