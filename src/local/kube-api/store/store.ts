/**
 * The objects, one global resourceVersion, and a bounded history of changes.
 * Everything is held in memory and written through to a backend, as a watch cache sits on etcd; after a restart the
 * history is empty, so an older resourceVersion answers 410 and clients list again, as after a compaction of etcd.
 */
import { freeze, type JsonObject } from '../json.ts'
import { versionedMetadata } from './metadata.ts'

export interface StoredObject {
  readonly table: string
  readonly namespace: string
  readonly name: string
  readonly version: number
  /** Deeply frozen. */
  readonly object: JsonObject
  /** The object serialised, made once however many watchers there are. */
  readonly json: string
}

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly version: number
  readonly entry: StoredObject
  readonly previous: StoredObject | undefined
}

export interface Row {
  table: string
  namespace: string
  name: string
  json: string
  /** What `json` says, where that is known already; it is shared, and frozen by the store. */
  object?: JsonObject
}

/** Where a store keeps its objects across restarts. A write either happened whole when the call returns, or it throws. */
export interface Backend {
  load(): { version: number; rows: Iterable<Row> }
  put(entry: StoredObject): void
  remove(entry: StoredObject, version: number): void
  close(): void
}

export const noBackend: Backend = {
  load: () => ({ version: 0, rows: [] }),
  put: () => {},
  remove: () => {},
  close: () => {},
}

const keyOf = (namespace: string, name: string) => `${namespace}/${name}`
const byKey = (a: StoredObject, b: StoredObject) => {
  const [left, right] = [keyOf(a.namespace, a.name), keyOf(b.namespace, b.name)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** Made once for an object, however many watchers and answers tell of it. */
const TEXTS = new WeakMap<JsonObject, string>()

/** A stored object, or an answer, as JSON. */
export function textOf(object: JsonObject): string {
  let text = TEXTS.get(object)
  if (text === undefined) {
    text = JSON.stringify(object)
    if (Object.isFrozen(object)) TEXTS.set(object, text)
  }
  return text
}

class Entry implements StoredObject {
  readonly table: string
  readonly namespace: string
  readonly name: string
  readonly version: number
  readonly object: JsonObject
  #json: string | undefined

  constructor(table: string, object: JsonObject, version: number, json?: string) {
    const metadata = object['metadata'] as JsonObject
    this.table = table
    this.namespace = (metadata['namespace'] as string | undefined) ?? ''
    this.name = metadata['name'] as string
    this.version = version
    this.object = freeze(object)
    this.#json = json
  }

  get json(): string {
    this.#json ??= textOf(this.object)
    return this.#json
  }
}

/** A stored object as it was, under another resourceVersion: what a watch shows of an object that left its selection. */
export const atVersion = (entry: StoredObject, version: number): StoredObject =>
  new Entry(
    entry.table,
    { ...entry.object, metadata: versionedMetadata(entry.object['metadata'] as JsonObject, String(version)) },
    version,
  )

export class Store {
  readonly #backend: Backend
  readonly #tables = new Map<string, Map<string, StoredObject>>()
  readonly #watchers = new Map<string, Set<(change: Change) => void>>()
  readonly #listeners: ((change: Change) => void)[] = []
  readonly #historySize: number
  #history: Change[] = []
  #version: number
  #compacted: number

  constructor(backend: Backend = noBackend, historySize = 8192) {
    this.#backend = backend
    this.#historySize = historySize
    const { version, rows } = backend.load()
    // 0 and 1 mean "any version" and "before everything" to clients, so counting starts above them.
    this.#version = Math.max(version, 1)
    this.#compacted = this.#version
    for (const row of rows) {
      const object = row.object ?? (JSON.parse(row.json) as JsonObject)
      const own = Number((object['metadata'] as JsonObject)['resourceVersion'])
      this.#table(row.table).set(keyOf(row.namespace, row.name), new Entry(row.table, object, own, row.json))
    }
  }

  /** The resourceVersion of the newest change. */
  get version(): number {
    return this.#version
  }

  /** Changes up to and including this version are forgotten. */
  get compacted(): number {
    return this.#compacted
  }

  /** Forgets the history, as etcd does every few minutes. */
  compact(): void {
    this.#history = []
    this.#compacted = this.#version
  }

  get(table: string, namespace: string, name: string): StoredObject | undefined {
    return this.#tables.get(table)?.get(keyOf(namespace, name))
  }

  /** The objects of a table, of one namespace or all, in the order of their keys. */
  list(table: string, namespace?: string): StoredObject[] {
    const entries = [...(this.#tables.get(table)?.values() ?? [])]
    return (namespace === undefined ? entries : entries.filter(entry => entry.namespace === namespace)).sort(byKey)
  }

  /** The table as it was at an earlier version that is still in the history (`resourceVersionMatch=Exact`, `continue`). */
  listAt(version: number, table: string, namespace?: string): StoredObject[] {
    const view = new Map(this.#tables.get(table))
    for (let index = this.#history.length - 1; index >= 0; index--) {
      const change = this.#history[index]!
      if (change.version <= version) break
      if (change.entry.table !== table) continue
      const key = keyOf(change.entry.namespace, change.entry.name)
      if (change.previous) view.set(key, change.previous)
      else view.delete(key)
    }
    return [...view.values()].filter(entry => namespace === undefined || entry.namespace === namespace).sort(byKey)
  }

  tables(): string[] {
    return [...this.#tables.keys()]
  }

  /** Writes an object under the next resourceVersion, which it sets in the object; the object is frozen from here on. */
  put(table: string, object: JsonObject): StoredObject {
    const version = this.#version + 1
    object['metadata'] = versionedMetadata(object['metadata'] as JsonObject, String(version))
    const entry = new Entry(table, object, version)
    const rows = this.#table(table)
    const key = keyOf(entry.namespace, entry.name)
    const previous = rows.get(key)
    this.#backend.put(entry)
    rows.set(key, entry)
    this.#commit({ type: previous ? 'MODIFIED' : 'ADDED', version, entry, previous })
    return entry
  }

  /** Removes an object; watchers see `last` (its final state) under the version of the removal. */
  remove(entry: StoredObject, last: JsonObject): StoredObject {
    const version = this.#version + 1
    const final = atVersion(new Entry(entry.table, last, version), version)
    this.#backend.remove(entry, version)
    this.#table(entry.table).delete(keyOf(entry.namespace, entry.name))
    this.#commit({ type: 'DELETED', version, entry: final, previous: entry })
    return final
  }

  /** The changes of a table after `version`, oldest first. The caller has compared `version` with `compacted`. */
  changesSince(version: number, table: string): Change[] {
    return this.#history.filter(change => change.version > version && change.entry.table === table)
  }

  /** Calls back synchronously after each commit to a table. Returns the function that stops it. */
  watch(table: string, onChange: (change: Change) => void): () => void {
    let watchers = this.#watchers.get(table)
    if (!watchers) {
      watchers = new Set()
      this.#watchers.set(table, watchers)
    }
    watchers.add(onChange)
    return () => watchers.delete(onChange)
  }

  /** Calls back after each commit, before the watchers: for what must be in place when they run (registry, owners). */
  onCommit(listener: (change: Change) => void): void {
    this.#listeners.push(listener)
  }

  close(): void {
    this.#watchers.clear()
    this.#backend.close()
  }

  #table(name: string): Map<string, StoredObject> {
    let table = this.#tables.get(name)
    if (!table) {
      table = new Map()
      this.#tables.set(name, table)
    }
    return table
  }

  #commit(change: Change): void {
    this.#version = change.version
    this.#history.push(change)
    if (this.#history.length >= this.#historySize * 2) {
      this.#history = this.#history.slice(-this.#historySize)
      this.#compacted = this.#history[0]!.version - 1
    }
    for (const listener of this.#listeners) listener(change)
    for (const watcher of [...(this.#watchers.get(change.entry.table) ?? [])]) watcher(change)
  }
}
