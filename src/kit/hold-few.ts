import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

/** A body takes some six times its size until it is answered: text, object, the event that tells of it, what the database gets. */
const MOST_BYTES = 8 * 1024 * 1024

/**
 * Bodies of all requests that are not answered yet, together, stay within what a pod of 256 MiB can hold; what comes beyond is
 * refused before it is read. One alone always gets in.
 * @param unknown bytes that one counts as which does not say how long it is
 * @throws Problem TEP4212, in a hook of each request
 */
export function holdFew(app: FastifyInstance, unknown: number): void {
  let held = 0
  app.addHook('onRequest', async (request, reply) => {
    const bytes = lengthOf(request) ?? unknown
    if (bytes === 0) return
    if (held > 0 && held + bytes > MOST_BYTES) {
      throw new Problem('TEP4212', 'The service holds as much as it can; ask again.', [], { retry_after: 1 })
    }
    held += bytes
    reply.raw.once('close', () => {
      held -= bytes
    })
  })
}

/** A request has a body when one of these headers says so (RFC 9112, 6.3). */
function lengthOf({ headers }: FastifyRequest): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined
  return Number(headers['content-length'] ?? 0)
}
