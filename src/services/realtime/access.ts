import type { IncomingHttpHeaders } from 'node:http'
import { decodeJwt } from 'jose'
import type { Authenticate } from '../../kit/auth.ts'
import { type Position, parsePosition } from './stream.ts'

/** WebSocket subprotocol that carries the token, because browsers let a page set no header: `bearer, <token>`. */
export const BEARER_PROTOCOL = 'bearer'

interface Asked {
  headers: IncomingHttpHeaders
  query: URLSearchParams
}

function tokenOf({ headers, query }: Asked): string | undefined {
  const header = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map(part => part.trim())
  const protocol = protocols[0] === BEARER_PROTOCOL ? protocols[1] : undefined
  return header ?? protocol ?? query.get('access_token') ?? undefined
}

/** Whether the client wants to be told who else of its person comes and goes: `?presence=true`. */
export const wantsPresence = ({ query }: Pick<Asked, 'query'>): boolean => query.get('presence') === 'true'

/** The verified user, and when the right to listen ends (milliseconds since the epoch). @throws Problem TEP4003 */
export async function admit(authenticate: Authenticate, asked: Asked): Promise<{ userId: string; expires: number }> {
  const token = tokenOf(asked)
  const user = await authenticate({ headers: token ? { authorization: `Bearer ${token}` } : {} })
  return { userId: user.id, expires: (decodeJwt(token!).exp ?? 0) * 1000 }
}

/** Where the client wants to go on: the id it saw last (SSE), or `?since=`. */
export const positionOf = ({ headers, query }: Asked): Position | undefined =>
  parsePosition(String(headers['last-event-id'] ?? query.get('since') ?? ''))
