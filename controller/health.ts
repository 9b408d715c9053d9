import { createServer, type Server } from 'node:http'
import type { Registry } from 'prom-client'

export interface Health {
  ready(): boolean
  metrics: Registry
}

/** `/healthz/live`, `/healthz/ready` and `/metrics`. */
export async function serveHealth({ ready, metrics }: Health, host: string, port: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', metrics.contentType).end(await metrics.metrics())
    } else if (request.url === '/healthz/live') {
      response.end('ok\n')
    } else if (request.url === '/healthz/ready') {
      response.writeHead(ready() ? 200 : 503).end(ready() ? 'ok\n' : 'not ready: the first lists are not complete\n')
    } else {
      response.writeHead(404).end('not found\n')
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return server
}
