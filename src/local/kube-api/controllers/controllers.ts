/**
 * The controllers without which an API server is no cluster: garbage collection, namespace deletion, and the clean-up
 * behind a deleted CRD. They run right after the request that gave them work, in the order of the commits.
 */
import type { Context } from '../context.ts'
import { child, clone, type Json, type JsonObject } from '../json.ts'
import { cleanupFinalizer } from '../kinds/custom-definitions.ts'
import { definitionsTable, type ResourceType } from '../kinds/registry.ts'
import type { Change, StoredObject } from '../store/store.ts'
import { remove } from '../verbs/delete.ts'
import { storeOrFinish } from '../verbs/write.ts'
import { remainingConditions } from './namespace-conditions.ts'
import { settleNames } from './naming.ts'
import { metadataOf, OwnerGraph, ownersOf, uidOf } from './owners.ts'

const namespacesTable = '/namespaces'
const podsTable = '/pods'
const finalizersOf = (entry: StoredObject) => (metadataOf(entry)['finalizers'] ?? []) as string[]
const isDeleted = (entry: StoredObject) => metadataOf(entry)['deletionTimestamp'] !== undefined
const waitsForDependents = (entry: StoredObject) =>
  isDeleted(entry) && finalizersOf(entry).includes('foregroundDeletion')
const background = {
  dryRun: false,
  propagationPolicy: 'Background',
  gracePeriodSeconds: undefined,
  uid: undefined,
  resourceVersion: undefined,
} as const

export class Controllers {
  readonly #context: Context
  readonly #graph: OwnerGraph
  readonly #queue = new Set<string>()
  #scheduled = false
  #closed = false

  constructor(context: Context) {
    this.#context = context
    this.#graph = new OwnerGraph(context.store)
    context.store.onCommit(change => this.#onCommit(change))
    // What was under way when the last process ended goes on.
    for (const table of context.store.tables())
      for (const entry of context.store.list(table))
        if (isDeleted(entry) || ownersOf(entry).length > 0) this.#enqueue(uidOf(entry))
  }

  close(): void {
    this.#closed = true
  }

  #onCommit(change: Change): void {
    this.#graph.update(change)
    const { entry } = change
    if (change.type === 'DELETED') {
      for (const dependent of this.#graph.dependents(uidOf(entry))) this.#enqueue(uidOf(dependent))
      for (const owner of ownersOf(entry)) this.#enqueue(owner.uid)
      this.#wake(this.#context.store.get(namespacesTable, '', entry.namespace))
      const definition = this.#context.registry.byTable(entry.table)?.crd
      if (definition) this.#wake(this.#context.store.get(definitionsTable, '', definition))
      if (entry.table === definitionsTable)
        queueMicrotask(() => {
          if (!this.#closed) settleNames(this.#context, child(entry.object, 'spec')['group'])
        })
    } else if (isDeleted(entry) || ownersOf(entry).length > 0) {
      this.#enqueue(uidOf(entry))
      for (const owner of change.previous ? ownersOf(change.previous) : []) this.#wake(this.#graph.byUid(owner.uid))
    }
  }

  #wake(entry: StoredObject | undefined): void {
    if (entry && isDeleted(entry)) this.#enqueue(uidOf(entry))
  }

  #enqueue(uid: string): void {
    this.#queue.add(uid)
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    queueMicrotask(() => this.#drain())
  }

  #drain(): void {
    this.#scheduled = false
    for (const uid of this.#queue) {
      if (this.#closed) return
      const entry = this.#graph.byUid(uid)
      this.#queue.delete(uid)
      if (!entry) continue
      try {
        this.#reconcile(entry)
      } catch (error) {
        // Only the store can fail here (a full disk). The object keeps its finalizer and is taken up at its next change.
        process.stderr.write(
          `kube-api: could not finish the deletion of ${entry.table}/${entry.name}: ${String(error)}\n`,
        )
      }
    }
  }

  #reconcile(entry: StoredObject): void {
    const finalizers = finalizersOf(entry)
    if (!isDeleted(entry)) this.#collect(entry)
    else if (entry.table === namespacesTable) this.#emptyNamespace(entry)
    else if (entry.table === definitionsTable && finalizers.includes(cleanupFinalizer)) this.#removeCustomObjects(entry)
    else if (finalizers.includes('orphan')) this.#orphanDependents(entry)
    else if (finalizers.includes('foregroundDeletion')) this.#awaitDependents(entry)
  }

  /** Deletes an object whose owners are all gone or going, and strips references to gone ones from the others. */
  #collect(entry: StoredObject): void {
    const references = ownersOf(entry)
    if (references.length === 0) return
    const solid = references.filter(reference => {
      const owner = this.#graph.resolve(entry, reference)
      return owner && !waitsForDependents(owner)
    })
    if (solid.length === references.length) return
    if (solid.length > 0) {
      this.#rewrite(entry, metadata => {
        metadata['ownerReferences'] = solid as unknown as Json
      })
      return
    }
    const waited = references.some(reference => this.#graph.resolve(entry, reference))
    const own = this.#graph.dependents(uidOf(entry))
    // Objects that own each other in a circle would each wait for the other: this one stops blocking its owner.
    if (waited && own.some(waitsForDependents)) this.#unblockOwners(entry)
    this.#delete(entry, waited && own.length > 0 ? 'Foreground' : 'Background')
  }

  #unblockOwners(entry: StoredObject): void {
    this.#rewrite(entry, metadata => {
      metadata['ownerReferences'] = ownersOf(entry).map(reference => ({
        ...reference,
        blockOwnerDeletion: false,
      })) as unknown as Json
    })
  }

  #awaitDependents(owner: StoredObject): void {
    const uid = uidOf(owner)
    const dependents = this.#graph
      .dependents(uid)
      .filter(each => each.namespace === owner.namespace || owner.namespace === '')
    const blocking = dependents.filter(each =>
      ownersOf(each).some(reference => reference.uid === uid && reference.blockOwnerDeletion === true),
    )
    // Those on their way out say so by their own commits; asking them again would turn in a circle for ever.
    for (const dependent of dependents) if (!isDeleted(dependent)) this.#enqueue(uidOf(dependent))
    if (blocking.length === 0) this.#dropFinalizer(owner, 'foregroundDeletion')
  }

  #orphanDependents(owner: StoredObject): void {
    const uid = uidOf(owner)
    for (const dependent of this.#graph.dependents(uid))
      this.#rewrite(dependent, metadata => {
        const rest = ownersOf(dependent).filter(reference => reference.uid !== uid)
        if (rest.length > 0) metadata['ownerReferences'] = rest as unknown as Json
        else delete metadata['ownerReferences']
      })
    this.#dropFinalizer(owner, 'orphan')
  }

  #emptyNamespace(namespace: StoredObject): void {
    const { registry, store } = this.#context
    const tables = [
      ...new Set(
        registry
          .types()
          .filter(type => type.namespaced && !type.builtIn?.createOnly)
          .map(type => type.table),
      ),
    ]
    const deleteAll = (table: string): void => {
      for (const entry of store.list(table, namespace.name)) if (!isDeleted(entry)) this.#delete(entry, 'Background')
    }
    // Pods first, and nothing else until they are gone (KEP-5080, OrderedNamespaceDeletion).
    deleteAll(podsTable)
    const turn = store.list(podsTable, namespace.name).length > 0 ? [podsTable] : tables
    turn.forEach(deleteAll)
    const remaining = turn
      .map(table => ({ type: registry.byTable(table)!, entries: store.list(table, namespace.name) }))
      .filter(each => each.entries.length > 0)
    const current = store.get(namespacesTable, '', namespace.name)
    if (!current) return
    const next = clone(current.object)
    if (remaining.length === 0) (next['spec'] as JsonObject)['finalizers'] = []
    else {
      const conditions = remainingConditions(remaining, this.#context.now(), next['status'] as JsonObject)
      if (JSON.stringify(conditions) === JSON.stringify((next['status'] as JsonObject)['conditions'])) return
      next['status'] = { ...(next['status'] as JsonObject), conditions }
    }
    storeOrFinish(this.#context, current, next)
  }

  #removeCustomObjects(definition: StoredObject): void {
    const table = definition.name.replace(/^([^.]+)\.(.+)$/, '$2/$1')
    for (const entry of this.#context.store.list(table)) if (!isDeleted(entry)) this.#delete(entry, 'Background')
    if (this.#context.store.list(table).length === 0) this.#dropFinalizer(definition, cleanupFinalizer)
  }

  #delete(entry: StoredObject, propagationPolicy: 'Background' | 'Foreground'): void {
    const type: ResourceType | undefined = this.#context.registry.byTable(entry.table)
    const current = this.#context.store.get(entry.table, entry.namespace, entry.name)
    if (type && current) remove(this.#context, type, current, { ...background, propagationPolicy })
  }

  #dropFinalizer(entry: StoredObject, finalizer: string): void {
    this.#rewrite(entry, metadata => {
      const rest = ((metadata['finalizers'] ?? []) as string[]).filter(each => each !== finalizer)
      if (rest.length > 0) metadata['finalizers'] = rest
      else delete metadata['finalizers']
    })
  }

  #rewrite(entry: StoredObject, change: (metadata: JsonObject) => void): void {
    const current = this.#context.store.get(entry.table, entry.namespace, entry.name)
    if (!current) return
    const next = clone(current.object)
    change(next['metadata'] as JsonObject)
    storeOrFinish(this.#context, current, next)
  }
}
