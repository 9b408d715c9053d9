/** The embedded Kubernetes API: open it, serve it, write a kubeconfig for it. */
import type { LocalClient } from './api.ts'
import { InProcessClient } from './client.ts'
import type { Context, PodLogs, PodPort } from './context.ts'
import { Controllers } from './controllers/controllers.ts'
import { customTypes, definitionsTable, Registry } from './kinds/registry.ts'
import type { KubeRequest } from './request.ts'
import type { KubeResponse } from './response.ts'
import { type Served, serve } from './serve/http.ts'
import { dispatch } from './server.ts'
import { sqliteBackend } from './store/sqlite.ts'
import { noBackend, Store } from './store/store.ts'
import { podProxy } from './verbs/proxy.ts'

export type * from './api.ts'
export type { PodLogs, PodPort } from './context.ts'
export type { KubeRequest } from './request.ts'
export type { KubeResponse, WatchFrame, WatchSink } from './response.ts'
export { kubeconfig } from './serve/kubeconfig.ts'
export { type Status, StatusError } from './status.ts'

export interface KubeApi {
  /** Answers one request. Never rejects: failures are Status objects. `signal` ends log streams and watches. */
  handle(request: KubeRequest, signal?: AbortSignal): Promise<KubeResponse>
  readonly client: LocalClient
  /** A client whose unmanaged writes are owned by `name` in managedFields. */
  clientFor(name: string): LocalClient
  /** Forgets all changes up to now: who asks for an older version is answered 410. */
  compact(): void
  /** Ends all watches and closes the store. */
  close(): void
}

export interface KubeApiOptions {
  store: 'memory' | { file: string }
  now?: () => Date
  podLogs?: PodLogs
  podPort?: PodPort
  /** How many changes watches can go back before they get 410; 8192 unless told. */
  historySize?: number
}

const never = new AbortController().signal

/** Opens the API over an in-memory or SQLite store; a file that another process has open rejects. */
export async function openKubeApi(options: KubeApiOptions): Promise<KubeApi> {
  const store = new Store(
    options.store === 'memory' ? noBackend : sqliteBackend(options.store.file),
    options.historySize,
  )
  const registry = new Registry()
  for (const entry of store.list(definitionsTable)) registry.setDefinition(entry.name, customTypes(entry.object))
  store.onCommit(change => {
    if (change.entry.table !== definitionsTable) return
    registry.setDefinition(
      change.entry.name,
      change.type === 'DELETED' ? [] : customTypes(change.entry.object),
      change.version,
    )
  })
  const context: Context = {
    store,
    registry,
    now: options.now ?? (() => new Date()),
    podLogs: options.podLogs,
    podPort: options.podPort,
    closing: new Set(),
  }
  const controllers = new Controllers(context)
  const handle: KubeApi['handle'] = async (request, signal = never) =>
    podProxy(context, request, signal) ?? dispatch(context, request, signal)
  const clientFor = (name: string) => new InProcessClient(handle, registry, name)
  const bootstrap = clientFor('kube-apiserver')
  for (const name of ['default', 'kube-system'])
    if (!store.get('/namespaces', '', name))
      await bootstrap.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  return {
    handle,
    client: clientFor('embedded'),
    clientFor,
    compact: () => store.compact(),
    close() {
      for (const end of [...context.closing]) end()
      controllers.close()
      store.close()
    },
  }
}

/** Serves an API over HTTPS on 127.0.0.1; `tokens` maps bearer tokens to user names. Rejects when the port is taken. */
export function serveKubeApi(
  api: KubeApi,
  options: { port?: number; tokens: Readonly<Record<string, string>> },
): Promise<Served> {
  return serve(api.handle, options)
}
