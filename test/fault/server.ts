import type { Kind, LocalClient } from '../../src/local/kube-api/api.ts'
import { InProcessClient } from '../../src/local/kube-api/client.ts'
import type { Context } from '../../src/local/kube-api/context.ts'
import { Controllers } from '../../src/local/kube-api/controllers/controllers.ts'
import type { KubeRequest, KubeResponse } from '../../src/local/kube-api/index.ts'
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
  const key = `${entry.name} ${JSON.stringify(entry.object['spec'])}`
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
  readonly store: Store
  readonly context: Context
  readonly #controllers: Controllers
  /** Who is being served right now; undefined: the server's own controllers. */
  writer: string | undefined

  constructor(now: () => number, snapshot: Snapshot = { version: 0, rows: [] }) {
    this.store = new Store({ ...noBackend, load: () => ({ version: snapshot.version, rows: rowsOf(snapshot) }) })
    const registry = new Registry()
    for (const entry of this.store.list(definitionsTable)) registry.setDefinition(entry.name, typesOf(entry))
    this.store.onCommit(({ entry, type }) => {
      if (entry.table === definitionsTable) registry.setDefinition(entry.name, type === 'DELETED' ? [] : typesOf(entry))
    })
    this.context = {
      store: this.store,
      registry,
      now: () => new Date(now()),
      podLogs: undefined,
      closing: new Set(),
    }
    this.#controllers = new Controllers(this.context)
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
    return new InProcessClient(async request => this.request(name, request), this.context.registry, name)
  }

  onCommit(listener: (change: Change, writer: string | undefined) => void): void {
    this.store.onCommit(change => listener(change, this.writer))
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
