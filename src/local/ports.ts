import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Below the ports that outgoing connections are given (Linux: from 32768): between finding a port free and a child process
 * listening on it, a connection of anybody's would take it, and the child would never start.
 */
const [FIRST, LAST] = [20_000, 32_767]

/** Resolves when the port of 127.0.0.1 can be listened on, else fails as `listen` does (EADDRINUSE). */
export function portIfFree(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)))
  })
}

/** Any port of 127.0.0.1 that is free now, for a process that will listen in a moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await portIfFree(randomInt(FIRST, LAST + 1)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
    })
    if (port) return port
  }
}
