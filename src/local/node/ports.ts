import { createServer } from 'node:net'

/**
 * Every pod of a laptop shares one address, so a container port needs a port of its own on it. The kernel hands one out;
 * it is remembered while the pod lives, so that a restarted container is found where it was.
 */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
