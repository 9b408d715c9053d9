import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticate } from '../../kit/auth.ts'
import type { Database } from '../../kit/db.ts'
import type { Actor } from './actor.ts'
import { type Answer, once } from './idempotency.ts'

export interface RouteOptions {
  db: Database
  authenticate: Authenticate
  appId: string
  /** Called after each commit that put events into the outbox. */
  wake: () => void
}

export interface Endpoints {
  read<T>(request: FastifyRequest, work: (actor: Actor) => Promise<T>): Promise<T>
  /** Every write: who, one transaction, at most once a key, then the relay is told. */
  write(request: FastifyRequest, reply: FastifyReply, work: (actor: Actor) => Promise<Answer>): Promise<unknown>
}

/** What every route of the backend does around its command. */
export function endpoints({ db, authenticate, appId, wake }: RouteOptions): Endpoints {
  return {
    async read(request, work) {
      const user = await authenticate(request)
      return db.tx({ userId: user.id }, sql => work({ sql, userId: user.id, appId }))
    },
    async write(request, reply, work) {
      const user = await authenticate(request)
      const key = request.headers['idempotency-key'] as string | undefined
      const stands = { method: request.method, url: request.url, body: request.body ?? null }
      const answer = await db.tx({ userId: user.id }, sql =>
        once(sql, user.id, key, stands, () =>
          work({ sql, userId: user.id, appId, cause: { traceparent: request.trace } }),
        ),
      )
      if (answer.replayed) reply.header('idempotency-replayed', 'true')
      else wake()
      return reply.code(answer.status).headers(answer.headers).send(answer.body)
    },
  }
}
