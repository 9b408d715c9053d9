import { readFileSync, writeFileSync } from 'node:fs'
import { freePort, portIfFree } from './ports.ts'

/** Ports that stay the same from one start to the next, so that addresses people and Secrets hold go on working; one that is taken meanwhile is replaced. */
export function keptPorts(file: string): { get(name: string): Promise<number> } {
  const kept = read(file)
  return {
    async get(name) {
      const before = kept[name]
      const port = await (before ? portIfFree(before).catch(freePort) : freePort())
      kept[name] = port
      writeFileSync(file, JSON.stringify(kept))
      return port
    },
  }
}

function read(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return {}
  }
}
