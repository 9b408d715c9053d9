import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance } from 'fastify'
import { Problem } from '../../kit/problem.ts'

/** Which service answers which path; the first prefix that fits wins. */
export const ROUTES: readonly { prefix: string; variable: string; websocket?: boolean }[] = [
  { prefix: '/api/v1/events', variable: 'REALTIME_URL', websocket: true },
  { prefix: '/api/v1/notifications', variable: 'NOTIFICATION_URL' },
  { prefix: '/api/v1/console/reminders', variable: 'NOTIFICATION_URL' },
  { prefix: '/api/v1/push-subscriptions', variable: 'NOTIFICATION_URL' },
  { prefix: '/api/v1/webhooks', variable: 'NOTIFICATION_URL' },
  { prefix: '/api/v1/audit', variable: 'AUDIT_URL' },
  { prefix: '/api/v1/statistics', variable: 'ANALYTICS_URL' },
  { prefix: '/api', variable: 'BACKEND_URL' },
  { prefix: '/mcp', variable: 'BACKEND_URL' },
  { prefix: '/asyncapi.json', variable: 'BACKEND_URL' },
  { prefix: '/xregistry.json', variable: 'BACKEND_URL' },
]

/** One address for everything: people and programs need to know the web service only. A service that is switched off answers 404. */
export async function serveGateway(
  app: FastifyInstance,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  await app.register(async scope => {
    // Bodies pass through as they come: whoever they are for reads them.
    scope.removeAllContentTypeParsers()
    for (const { prefix, variable, websocket = false } of ROUTES) {
      const upstream = env[variable]
      if (!upstream) continue
      await scope.register(httpProxy, {
        upstream,
        prefix,
        rewritePrefix: prefix,
        websocket,
        // Event streams never end: only the wait for the first byte is limited, by the service behind.
        replyOptions: { onError: reply => void reply.send(unreachable(variable)) },
        undici: { connections: 256, pipelining: 1, bodyTimeout: 0, headersTimeout: 30_000 },
      })
    }
  })
}

/** Its pods may be starting anew: a client does well to ask again. Where it should have been is nobody's business outside. */
const unreachable = (variable: string): Problem =>
  new Problem('TEP4211', `The ${variable.replace('_URL', '').toLowerCase()} service does not answer; ask again.`, [], {
    retry_after: 1,
  })
