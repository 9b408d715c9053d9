import type { Kind, LocalClient } from '../../src/local/kube-api/api.ts'
import { InProcessClient } from '../../src/local/kube-api/client.ts'
import type { Context } from '../../src/local/kube-api/context.ts'
import { Controllers } from '../../src/local/kube-api/controllers/controllers.ts'
import type { KubeRequest, KubeResponse } from '../../src/local/kube-api/index.ts'
import { at } from '../../src/local/kube-api/json.ts'
import { customTypes, definitionsTable, Registry, type ResourceType } from '../../src/local/kube-api/kinds/registry.ts'
import { dispatch } from '../../src/local/kube-api/server.ts'
import { type Change, noBackend, type Row, Store, type StoredObject } from '../../src/local/kube-api/store/store.ts'

/** Everything a server holds, as text: a run may begin from it any number of times. */
export interface Snapshot {
  version: number
  rows: { table: string; namespace: string; name: string; json: string }[]
}

/** Parsed once for all runs that begin from it. */
const parsed = new WeakMap<Snapshot, Row[]>()

function rowsOf(snapshot: Snapshot): Row[] {
  let rows = parsed.get(snapshot)
  if (!rows) {
    rows = snapshot.rows.map(row => ({ ...row, object: JSON.parse(row.json) as StoredObject['object'] }))
    parsed.set(snapshot, rows)
  }
  return rows
}

const never = new AbortController().signal
/** Compiling the schema of a CRD costs more than most runs; the result is never changed. */
const compiled = new Map<string, ResourceType[]>()
/** The same by identity: most definitions a run meets are those of its snapshot. */
const compiledOf = new WeakMap<object, ResourceType[]>()

function typesOf(entry: StoredObject): ResourceType[] {
  let types = compiledOf.get(entry.object)
  if (types) return types
  // Before it has its names a definition declares nothing.
  const { spec, status } = entry.object
  const key = `${entry.name} ${JSON.stringify([spec, at(status, 'acceptedNames')])}`
  types = compiled.get(key) ?? customTypes(entry.object)
  compiled.set(key, types)
  compiledOf.set(entry.object, types)
  return types
}

/**
 * The embedded API's core on a store that can be copied. Requests are answered within the call, so that whoever listens
 * to commits knows who made them.
 */
export class SimServer {
  readonly #now: () => number
  readonly #registry = new Registry()
  readonly #listeners: ((change: Change, writer: string | undefined) => void)[] = []
  #context: Context
  #controllers: Controllers
  /** Who is being served right now; undefined: the server's own controllers. */
  writer: string | undefined

  constructor(now: () => number, snapshot: Snapshot = { version: 0, rows: [] }) {
    this.#now = now
    this.#context = this.#open(snapshot)
    this.#controllers = new Controllers(this.#context)
  }

  get context(): Context {
    return this.#context
  }

  get store(): Store {
    return this.#context.store
  }

  /** etcd is restored from a backup: everything is as it was, resourceVersions too, and what is written now takes those again that were given away since. */
  restore(snapshot: Snapshot): void {
    this.close()
    for (const { name } of this.store.list(definitionsTable)) this.#registry.setDefinition(name, [])
    this.#context = this.#open(snapshot)
    this.#controllers = new Controllers(this.#context)
  }

  #open(snapshot: Snapshot): Context {
    const store = new Store({ ...noBackend, load: () => ({ version: snapshot.version, rows: rowsOf(snapshot) }) })
    const registry = this.#registry
    for (const entry of store.list(definitionsTable)) registry.setDefinition(entry.name, typesOf(entry))
    store.onCommit(change => {
      const { entry, type } = change
      if (entry.table === definitionsTable) registry.setDefinition(entry.name, type === 'DELETED' ? [] : typesOf(entry))
      for (const listener of this.#listeners) listener(change, this.writer)
    })
    return { store, registry, now: () => new Date(this.#now()), podLogs: undefined, closing: new Set() }
  }

  request(writer: string, request: KubeRequest): KubeResponse {
    this.writer = writer
    try {
      return dispatch(this.context, request, never)
    } finally {
      this.writer = undefined
    }
  }

  /** A client without faults: the people and the operators around the controller. */
  client(name: string): LocalClient {
    return new InProcessClient(async request => this.request(name, request), this.#registry, name)
  }

  onCommit(listener: (change: Change, writer: string | undefined) => void): void {
    this.#listeners.push(listener)
  }

  get({ apiVersion, kind }: Kind, namespace: string, name: string): StoredObject | undefined {
    const type = this.context.registry.byKind(apiVersion, kind)
    return type && this.store.get(type.table, namespace, name)
  }

  list({ apiVersion, kind }: Kind): StoredObject[] {
    const type = this.context.registry.byKind(apiVersion, kind)
    return type ? this.store.list(type.table) : []
  }

  snapshot(): Snapshot {
    const rows = this.store
      .tables()
      .flatMap(table => this.store.list(table).map(({ namespace, name, json }) => ({ table, namespace, name, json })))
    return { version: this.store.version, rows }
  }

  close(): void {
    for (const end of [...this.context.closing]) end()
    this.#controllers.close()
    this.store.close()
  }
}
