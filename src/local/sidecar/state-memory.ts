import { randomUUID } from 'node:crypto'
import type { Clock } from '../log/index.ts'
import { checkEtag, EtagMismatchError, type StateItem, type StateStore } from './state-store.ts'

/** state.in-memory: one process, gone with it. */
export function memoryStateStore(clock: Clock): StateStore {
  let items = new Map<string, StateItem>()
  const alive = (from: Map<string, StateItem>, key: string): StateItem | undefined => {
    const item = from.get(key)
    return item && (item.expires === undefined || item.expires >= clock.now()) ? item : undefined
  }
  return {
    async get(keys) {
      return new Map(keys.flatMap(key => (alive(items, key) ? [[key, alive(items, key)!] as const] : [])))
    },
    async apply(operations) {
      const next = new Map(items)
      for (const operation of operations) {
        checkEtag(operation.etag)
        const current = alive(next, operation.key)
        if (operation.etag !== undefined && current?.etag !== operation.etag) throw new EtagMismatchError()
        if (operation.type === 'delete') {
          next.delete(operation.key)
          continue
        }
        if (operation.firstWrite && operation.etag === undefined && current)
          throw new EtagMismatchError('item already exists and no etag was passed')
        const { ttl = 0 } = operation
        const expires = ttl <= 0 ? undefined : clock.now() + ttl * 1000
        next.set(operation.key, { value: operation.value, etag: randomUUID(), expires })
      }
      items = next
    },
    async close() {
      items.clear()
    },
  }
}
