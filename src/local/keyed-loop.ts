import type { Kind, KubeObject, LocalClient } from './kube-api/api.ts'
import { workQueue } from './work-queue.ts'

export interface KeyedLoop {
  stop(): Promise<void>
}

export interface KeyedLoopOptions {
  client: LocalClient
  /** Kinds to watch, and which keys a change of one of them concerns. */
  watches: { kind: Kind; keysOf(object: KubeObject): string[] }[]
  reconcile(key: string): Promise<void>
  onError(key: string, error: unknown): void
}

/** The reconcile loop of the embedded place's own controllers: what is watched feeds a queue of keys. */
export function startKeyedLoop({ client, watches, reconcile, onError }: KeyedLoopOptions): KeyedLoop {
  const queue = workQueue(reconcile, onError)
  const stops = watches.map(({ kind, keysOf }) =>
    client.watch(kind, {}, event => {
      if (event.type !== 'SYNCED') for (const key of keysOf(event.object)) queue.add(key)
    }),
  )
  return {
    async stop() {
      for (const stop of stops) stop()
      await queue.stop()
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
