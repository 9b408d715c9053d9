import { type Kind, type KubeObject, keyOf, kindKey, refKey } from './objects.ts'
import { compareVersions, isOlder } from './versions.ts'

/** Cuts a streamed object down to what the controller decides by; metadata's name, namespace, uid and resourceVersion stay. */
export type Project = (object: KubeObject) => KubeObject

/** The values under which an object is found; the name of the index is chosen by the controller. */
export type Indexer = (object: KubeObject) => string[]

/** `echo`: the answer of a write of our own. */
export type Change = 'upsert' | 'remove' | 'echo'
export type CacheListener = (object: KubeObject, change: Change) => void

export interface CacheOptions {
  project?: Project
  indexes?: Record<string, Indexer>
}

/** Of a whole list: where it applies, when it was asked for, and what the server calls it. */
export interface Listing {
  namespace?: string | undefined
  mark: number
  resourceVersion: string
  anew?: boolean
}

/** A write of our own that the watch may not have shown yet. */
interface OwnWrite {
  namespace: string | undefined
  uid: string | undefined
  /** Absent: the object was deleted. */
  resourceVersion?: string
  /** Of a deleted object, the last version known: what is older was there before it under the same name. */
  deletedVersion?: string | undefined
  /** Which list or earlier cannot know it. */
  sequence: number
}

/** More deletions than can happen while one write is under way. */
const REMEMBERED_GONE = 1_000

/**
 * Objects of several kinds, frozen, found by key or by index. The answers of our own writes are let in at once and kept
 * against older news, so that a reconcile never decides by what was before its own last write: neither a late event, nor a
 * list that was asked for before, brings back what was deleted, hides what was created or undoes what was changed.
 */
export class Cache {
  readonly #byKind = new Map<string, Map<string, KubeObject>>()
  readonly #own = new Map<string, Map<string, OwnWrite>>()
  readonly #indexes = new Map<string, { of: Indexer; found: Map<string, Map<string, KubeObject>> }>()
  readonly #synced = new Set<string>()
  readonly #absent = new Set<string>()
  readonly #listeners = new Set<CacheListener>()
  /** What is kept of an object. */
  readonly project: Project
  /** resourceVersion at which the watch showed an object to be gone, by uid: the answer of a write may come after it. */
  readonly #gone = new Map<string, string>()
  #sequence = 0

  constructor({ project = object => object, indexes = {} }: CacheOptions = {}) {
    this.project = object => deepFreeze(project(object))
    for (const [name, of] of Object.entries(indexes)) this.#indexes.set(name, { of, found: new Map() })
  }

  onChange(listener: CacheListener): void {
    this.#listeners.add(listener)
  }

  isSynced(kind: Kind, namespace?: string): boolean {
    return this.#synced.has(`${kindKey(kind)}/${namespace ?? ''}`)
  }

  /** False when the server was asked for the kind and did not know it: its CRD is not installed (yet, or any more). */
  isServed(kind: Kind): boolean {
    return !this.#absent.has(kindKey(kind))
  }

  get(kind: Kind, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#byKind.get(kindKey(kind))?.get(refKey(kind, namespace, name))
  }

  list(kind: Kind, accept: (object: KubeObject) => boolean = () => true): KubeObject[] {
    return [...(this.#byKind.get(kindKey(kind))?.values() ?? [])].filter(accept)
  }

  /** Objects of every kind that an index of the constructor's finds under a value. */
  byIndex(index: string, value: string): KubeObject[] {
    return [...(this.#indexes.get(index)?.found.get(value)?.values() ?? [])]
  }

  /** How many objects of a kind are held. */
  size(kind: Kind): number {
    return this.#byKind.get(kindKey(kind))?.size ?? 0
  }

  /** A mark to be taken before a list is asked for and given to `replace`. */
  mark(): number {
    return this.#sequence
  }

  /**
   * Takes a whole list, each object as `project` left it, for the truth about a kind, in one namespace or in all, even where
   * its resourceVersions are lower than before (a restored backup); an empty version says that the kind is absent. What we
   * wrote since `mark` may be missing in it and is kept, unless the list's own version says that it knows the write: then the
   * object was deleted since. `anew`: its history may be another one, in which the same resourceVersion is another state.
   */
  replace(kind: Kind, objects: KubeObject[], { namespace, mark, resourceVersion, anew = false }: Listing): void {
    if (anew) this.#gone.clear()
    const own = this.#own.get(kindKey(kind))
    for (const [key, write] of own ?? []) {
      if (namespace && write.namespace !== namespace) continue
      const known = compareVersions(write.resourceVersion, resourceVersion)
      if (write.sequence <= mark || (known !== undefined && known <= 0)) own!.delete(key)
    }
    const listed = new Set(objects.map(keyOf))
    for (const [key, held] of this.#byKind.get(kindKey(kind)) ?? []) {
      const inScope = !namespace || held.metadata.namespace === namespace
      if (inScope && !listed.has(key) && !own?.has(key)) this.#drop(key, held)
    }
    for (const object of objects) if (!this.#isStale(object)) this.#put(object, 'upsert', kept => kept, anew)
    if (resourceVersion) this.#absent.delete(kindKey(kind))
    else this.#absent.add(kindKey(kind))
    this.#synced.add(`${kindKey(kind)}/${namespace ?? ''}`)
  }

  /** Takes an event of the watch, unless something newer is held. */
  upsert(object: KubeObject): void {
    const held = this.get(object, object.metadata.namespace, object.metadata.name)
    if (isOlder(object.metadata.resourceVersion, held?.metadata.resourceVersion) || this.#isStale(object)) return
    this.#put(object, 'upsert')
  }

  /** Takes a deletion seen by the watch, unless another object has its name by now. */
  remove(object: KubeObject): void {
    const key = keyOf(object)
    const own = this.#own.get(kindKey(object))
    const { uid, resourceVersion } = object.metadata
    if (own?.get(key)?.uid === uid) own?.delete(key)
    if (uid && resourceVersion) this.#rememberGone(uid, resourceVersion)
    const held = this.#byKind.get(kindKey(object))?.get(key)
    if (held && (!uid || held.metadata.uid === uid)) this.#drop(key, held)
  }

  /** Every change of a kind (in a namespace) up to this version has been seen: writes up to it need no keeping. */
  advanced(kind: Kind, resourceVersion: string, namespace?: string): void {
    const own = this.#own.get(kindKey(kind))
    for (const [key, write] of own ?? []) {
      if (namespace && write.namespace !== namespace) continue
      const order = compareVersions(write.resourceVersion, resourceVersion)
      if (order !== undefined && order <= 0) own!.delete(key)
    }
  }

  /** Lets in the answer of our own write; one that removed the last finalizer of a dying object ended it. */
  wrote(object: KubeObject): void {
    const { uid, resourceVersion, namespace, name, deletionTimestamp, finalizers } = object.metadata
    const gone = this.#gone.get(uid ?? '')
    if (gone && (compareVersions(resourceVersion, gone) ?? 0) <= 0) return
    if (deletionTimestamp && !finalizers?.length && !object.metadata.deletionGracePeriodSeconds) {
      this.wroteDelete(object)
      return
    }
    if (isOlder(resourceVersion, this.get(object, namespace, name)?.metadata.resourceVersion)) return
    this.#remember(object, keyOf(object), { namespace, uid, ...(resourceVersion && { resourceVersion }) })
    this.#put(object, 'echo')
  }

  /** Our own deletion was answered: the object is gone, whatever late news of it arrive. */
  wroteDelete(object: KubeObject): void {
    const key = keyOf(object)
    const held = this.#byKind.get(kindKey(object))?.get(key)
    if (held && held.metadata.uid !== object.metadata.uid) return
    const { namespace, uid, resourceVersion } = object.metadata
    this.#remember(object, key, { namespace, uid, deletedVersion: resourceVersion })
    if (held) this.#drop(key, held, 'echo')
  }

  #rememberGone(uid: string, resourceVersion: string): void {
    this.#gone.set(uid, resourceVersion)
    if (this.#gone.size > REMEMBERED_GONE) this.#gone.delete(this.#gone.keys().next().value!)
  }

  #remember(kind: Kind, key: string, write: Omit<OwnWrite, 'sequence'>): void {
    let own = this.#own.get(kindKey(kind))
    if (!own) {
      own = new Map()
      this.#own.set(kindKey(kind), own)
    }
    this.#sequence += 1
    own.set(key, { ...write, sequence: this.#sequence })
  }

  /** Is this from before a write of our own to the same object? */
  #isStale(object: KubeObject): boolean {
    const write = this.#own.get(kindKey(object))?.get(keyOf(object))
    if (!write) return false
    if (write.resourceVersion) return isOlder(object.metadata.resourceVersion, write.resourceVersion)
    return write.uid === object.metadata.uid || isOlder(object.metadata.resourceVersion, write.deletedVersion)
  }

  #put(object: KubeObject, change: Change, keep = this.project, anew = false): void {
    const kind = kindKey(object)
    const key = keyOf(object)
    let held = this.#byKind.get(kind)
    if (!held) {
      held = new Map()
      this.#byKind.set(kind, held)
    }
    const before = held.get(key)
    const { uid, resourceVersion } = object.metadata
    if (!anew && before?.metadata.resourceVersion === resourceVersion && before?.metadata.uid === uid) return
    const projected = keep(object)
    held.set(key, projected)
    this.#reindex(key, before, projected)
    this.#tell(projected, change)
  }

  #drop(key: string, held: KubeObject, change: Change = 'remove'): void {
    this.#byKind.get(kindKey(held))?.delete(key)
    this.#reindex(key, held, undefined)
    this.#tell(held, change)
  }

  #reindex(key: string, before: KubeObject | undefined, after: KubeObject | undefined): void {
    for (const { of, found } of this.#indexes.values()) {
      for (const value of before ? of(before) : []) {
        const under = found.get(value)
        under?.delete(key)
        if (under?.size === 0) found.delete(value)
      }
      for (const value of after ? of(after) : []) {
        const under = found.get(value)
        if (under) under.set(key, after!)
        else found.set(value, new Map([[key, after!]]))
      }
    }
  }

  #tell(object: KubeObject, change: Change): void {
    for (const listener of this.#listeners) listener(object, change)
  }
}

/** Nobody may change what everybody reads. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}
