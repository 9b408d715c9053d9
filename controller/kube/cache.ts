import { type Kind, type KubeObject, keyOf, kindKey, refKey } from './objects.ts'

/** Cuts a streamed object down to what the controller decides by. */
export type Project = (object: KubeObject) => KubeObject

export type CacheListener = (object: KubeObject, change: 'upsert' | 'remove') => void

const newer = (a: string | undefined, b: string | undefined): boolean => {
  // resourceVersions are comparable decimal numbers since Kubernetes 1.35 (KEP-5504); of unequal length the longer is larger.
  if (!a || !b) return true
  return a.length === b.length ? a >= b : a.length > b.length
}

/** Objects of several kinds by key, immutable, with the answers of our own writes let in so that a reconcile reads what it wrote. */
export class Cache {
  readonly #byKind = new Map<string, Map<string, KubeObject>>()
  readonly #synced = new Set<string>()
  readonly #listeners = new Set<CacheListener>()
  readonly #project: Project

  constructor(project: Project = object => object) {
    this.#project = project
  }

  onChange(listener: CacheListener): void {
    this.#listeners.add(listener)
  }

  isSynced(kind: Kind, namespace?: string): boolean {
    return this.#synced.has(`${kindKey(kind)}/${namespace ?? ''}`)
  }

  get(kind: Kind, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#byKind.get(kindKey(kind))?.get(refKey(kind, namespace, name))
  }

  list(kind: Kind, accept: (object: KubeObject) => boolean = () => true): KubeObject[] {
    return [...(this.#byKind.get(kindKey(kind))?.values() ?? [])].filter(accept)
  }

  /** Takes a whole list for the truth about a kind, in one namespace or in all. */
  replace(kind: Kind, objects: KubeObject[], namespace?: string): void {
    const kept = new Set(objects.map(keyOf))
    for (const [key, object] of this.#byKind.get(kindKey(kind)) ?? []) {
      if (!kept.has(key) && (!namespace || object.metadata.namespace === namespace)) this.remove(object)
    }
    // A relist after a restored backup may go back in resourceVersion: it is the truth all the same.
    for (const object of objects) this.#put(object)
    this.#synced.add(`${kindKey(kind)}/${namespace ?? ''}`)
  }

  /** Keeps the newer of what is held and what arrives: an event older than our own write's answer must not hide it. */
  upsert(object: KubeObject): void {
    const held = this.get(object, object.metadata.namespace, object.metadata.name)
    if (
      held &&
      held.metadata.uid === object.metadata.uid &&
      !newer(object.metadata.resourceVersion, held.metadata.resourceVersion)
    )
      return
    this.#put(object)
  }

  remove(object: KubeObject): void {
    const held = this.#byKind.get(kindKey(object))
    const key = keyOf(object)
    const known = held?.get(key)
    if (!known || (object.metadata.uid && known.metadata.uid !== object.metadata.uid)) return
    held?.delete(key)
    for (const listener of this.#listeners) listener(known, 'remove')
  }

  #put(object: KubeObject): void {
    const projected = this.#project(object)
    const kind = kindKey(object)
    let held = this.#byKind.get(kind)
    if (!held) {
      held = new Map()
      this.#byKind.set(kind, held)
    }
    const before = held.get(keyOf(object))
    held.set(keyOf(object), projected)
    if (
      before?.metadata.resourceVersion === object.metadata.resourceVersion &&
      before?.metadata.uid === object.metadata.uid
    )
      return
    for (const listener of this.#listeners) listener(projected, 'upsert')
  }
}
