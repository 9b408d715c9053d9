import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** Ports that stay the same from one start to the next, so that addresses people and Secrets hold go on working; one that is taken meanwhile is replaced. */
export function keptPorts(file: string): { get(name: string): Promise<number> } {
  const kept = read(file)
  return {
    async get(name) {
      const port = await portIfFree(kept[name] ?? 0).catch(() => portIfFree(0))
      kept[name] = port
      writeFileSync(file, JSON.stringify(kept))
      return port
    },
  }
}

/** Resolves with the port when it can be listened on; 0 asks for any. */
export function portIfFree(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

function read(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return {}
  }
}
