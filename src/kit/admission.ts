import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

export interface Admission {
  /** Requests that are not answered yet; absent: any number, where streams stay open for hours. */
  mostOpen?: number
  /** Bytes that a body counts as which does not say how long it is. */
  unknownLength: number
}

/** A body takes some six times its size until it is answered: text, object, the event that tells of it, what the database gets. */
const MOST_BYTES = 4 * 1024 * 1024

/**
 * Refuses what a service cannot work off or hold, before it is read: somebody who is told so at once comes again, somebody who
 * waits until they give up has cost as much as an answer. Bodies of all unanswered requests stay within what a pod of 256 MiB
 * has room for; one alone always gets in. Probes and metrics are answered always.
 * @throws Problem TEP4212, in a hook of each request
 */
export function admit(app: FastifyInstance, { mostOpen = Number.POSITIVE_INFINITY, unknownLength }: Admission): void {
  let open = 0
  let held = 0
  app.addHook('onRequest', async (request, reply) => {
    if (/^\/(healthz|metrics)\b/.test(request.url)) return
    const bytes = lengthOf(request) ?? unknownLength
    if (open >= mostOpen || (held > 0 && held + bytes > MOST_BYTES)) {
      throw new Problem('TEP4212', 'More comes in at once than can be done; ask again.', [], { retry_after: 1 })
    }
    open++
    held += bytes
    reply.raw.once('close', () => {
      open--
      held -= bytes
    })
  })
}

/** A request has a body when one of these headers says so (RFC 9112, 6.3). */
function lengthOf({ headers }: FastifyRequest): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined
  return Number(headers['content-length'] ?? 0)
}
