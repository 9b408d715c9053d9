import type { EventLog } from '../log/index.ts'
import type { Caller } from './access-control.ts'
import type { AppChannel } from './app-channel.ts'

/** What a sidecar offers the others of its place: the way to its app, past its access control. */
export interface Peer {
  app: AppChannel
  /** Why the caller may not; undefined when it may. */
  refuse(caller: Caller, verb: string, path: string): string | undefined
}

/** The sidecars of one embedded place, by app: what Dapr does by name resolution and mutual TLS. */
export class Mesh {
  readonly #peers = new Map<string, Peer[]>()

  join(namespace: string, appId: string, peer: Peer): () => void {
    const key = `${namespace}/${appId}`
    this.#peers.set(key, [...(this.#peers.get(key) ?? []), peer])
    return () => {
      const rest = (this.#peers.get(key) ?? []).filter(one => one !== peer)
      this.#peers.set(key, rest)
    }
  }

  /** A replica of the app, each in its turn. */
  pick(namespace: string, appId: string): Peer | undefined {
    const peers = this.#peers.get(`${namespace}/${appId}`)
    const peer = peers?.shift()
    if (peer) peers?.push(peer)
    return peer
  }
}

const meshes = new WeakMap<EventLog, Mesh>()

/** Sidecars that share an event log are of one place. */
export function meshOf(log: EventLog): Mesh {
  const known = meshes.get(log)
  if (known) return known
  const mesh = new Mesh()
  meshes.set(log, mesh)
  return mesh
}
