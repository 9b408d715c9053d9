/** Who owns whom: the graph of owner references, kept in step with every commit. */
import type { JsonObject } from '../json.ts'
import type { Change, Store, StoredObject } from '../store/store.ts'

export interface OwnerReference {
  uid: string
  kind: string
  name: string
  blockOwnerDeletion?: boolean
}

export const metadataOf = (entry: StoredObject) => entry.object['metadata'] as JsonObject
export const uidOf = (entry: StoredObject) => metadataOf(entry)['uid'] as string
export const ownersOf = (entry: StoredObject) =>
  (metadataOf(entry)['ownerReferences'] ?? []) as unknown as OwnerReference[]

export class OwnerGraph {
  readonly #store: Store
  readonly #objects = new Map<string, { table: string; namespace: string; name: string }>()
  readonly #dependents = new Map<string, Set<string>>()

  constructor(store: Store) {
    this.#store = store
    for (const table of store.tables()) for (const entry of store.list(table)) this.#add(entry)
  }

  update(change: Change): void {
    if (change.previous)
      for (const owner of ownersOf(change.previous)) this.#dependents.get(owner.uid)?.delete(uidOf(change.previous))
    if (change.type === 'DELETED') this.#objects.delete(uidOf(change.entry))
    else this.#add(change.entry)
  }

  byUid(uid: string): StoredObject | undefined {
    const at = this.#objects.get(uid)
    return at && this.#store.get(at.table, at.namespace, at.name)
  }

  dependents(uid: string): StoredObject[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap(each => this.byUid(each) ?? [])
  }

  /** The owner that a reference means. One in another namespace is none: references do not cross namespaces. */
  resolve(dependent: StoredObject, reference: OwnerReference): StoredObject | undefined {
    const owner = this.byUid(reference.uid)
    return owner && (owner.namespace === '' || owner.namespace === dependent.namespace) ? owner : undefined
  }

  #add(entry: StoredObject): void {
    this.#objects.set(uidOf(entry), { table: entry.table, namespace: entry.namespace, name: entry.name })
    for (const owner of ownersOf(entry)) {
      const set = this.#dependents.get(owner.uid) ?? new Set()
      this.#dependents.set(owner.uid, set.add(uidOf(entry)))
    }
  }
}
