import { createServer, type Server } from 'node:http'
import type { AnswerView } from './views.ts'

export interface Health {
  ready(): boolean
  /** Seconds since the API server was last heard on each watch. */
  staleness(): { kind: string; namespace?: string; seconds: number }[]
  metrics(): Promise<string>
  metricsType: string
  /** What the console of a platform is told. */
  view: AnswerView
}

/** A watch ends and begins anew within five minutes even when nothing happens: longer silence is a fault. */
const STALE_SECONDS = 330

/**
 * `/healthz/live`: this process answers. `/healthz/ready`: every kind was listed. `/healthz/watches`: 503 names the watches
 * that have not heard the API server; it is no liveness probe, for a restart brings back no API server. `/metrics`. `/platforms/<namespace>/<name>`, for that
 * platform's own console.
 */
export async function serveHealth(health: Health, host: string, port: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    const say = (bad: string | undefined): unknown => response.writeHead(bad ? 503 : 200).end(bad ? `${bad}\n` : 'ok\n')
    if (request.url === '/metrics') response.setHeader('content-type', health.metricsType).end(await health.metrics())
    else if (request.url === '/healthz/live') say(undefined)
    else if (request.url === '/healthz/ready')
      say(health.ready() ? undefined : 'not ready: the first lists are not complete')
    else if (request.url === '/healthz/watches') say(staleWatches(health))
    else {
      const view = health.view(request.url ?? '', request.headers.authorization)
      if (view) response.setHeader('content-type', 'application/json').end(JSON.stringify(view))
      else response.writeHead(404).end('not found\n')
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return server
}

function staleWatches({ staleness }: Health): string | undefined {
  const stale = staleness().filter(({ seconds }) => seconds > STALE_SECONDS)
  if (stale.length === 0) return undefined
  return `not heard: ${stale.map(({ kind, namespace, seconds }) => `${kind}${namespace ? ` in ${namespace}` : ''} for ${Math.round(seconds)} s`).join(', ')}`
}
