import type { Kind, KubeObject, LocalClient } from './kube-api/api.ts'

export interface KeyedLoop {
  /** Asks for a reconcile of a key, now or after a delay. */
  enqueue(key: string, delayMs?: number): void
  stop(): Promise<void>
}

export interface KeyedLoopOptions {
  client: LocalClient
  /** Kinds to watch, and which keys a change of one of them concerns. */
  watches: { kind: Kind; keysOf(object: KubeObject, type: 'ADDED' | 'MODIFIED' | 'DELETED'): string[] }[]
  reconcile(key: string): Promise<void>
  onError?(key: string, error: unknown): void
}

/**
 * The reconcile loop of the embedded place's own controllers: one run for a key at a time, changes during a run make one
 * more, failures come back after a pause that grows to 5 s.
 */
export function startKeyedLoop({ client, watches, reconcile, onError }: KeyedLoopOptions): KeyedLoop {
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const failures = new Map<string, number>()
  const timers = new Set<NodeJS.Timeout>()
  let stopped = false

  const enqueue = (key: string, delayMs = 0): void => {
    if (stopped) return
    if (delayMs > 0) {
      const timer = setTimeout(() => {
        timers.delete(timer)
        enqueue(key)
      }, delayMs)
      timers.add(timer)
    } else if (running.has(key)) {
      again.add(key)
    } else {
      running.set(key, run(key))
    }
  }

  const run = async (key: string): Promise<void> => {
    // A turn later: the changes of one burst are then one run.
    await new Promise(resolve => setImmediate(resolve))
    try {
      if (!stopped) await reconcile(key)
      failures.delete(key)
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1
      failures.set(key, count)
      onError?.(key, error)
      enqueueLater(key, Math.min(5_000, 50 * 2 ** count))
    }
    running.delete(key)
    if (again.delete(key)) enqueue(key)
  }

  const enqueueLater = (key: string, delayMs: number): void => enqueue(key, Math.max(1, delayMs))

  const stops = watches.map(({ kind, keysOf }) =>
    client.watch(kind, {}, event => {
      if (event.type !== 'SYNCED') for (const key of keysOf(event.object, event.type)) enqueue(key)
    }),
  )
  return {
    enqueue,
    async stop() {
      stopped = true
      for (const stop of stops) stop()
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(running.values())
    },
  }
}

export const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`

export const splitKey = (key: string): { namespace: string; name: string } => {
  const [namespace = '', name = ''] = key.split('/')
  return { namespace, name }
}

/** The key of the owner of one kind, if the object has one. */
export const ownerKeys =
  (kind: string) =>
  ({ metadata }: KubeObject): string[] =>
    (metadata.ownerReferences ?? [])
      .filter(owner => owner.kind === kind && owner.controller)
      .map(owner => `${metadata.namespace}/${owner.name}`)
