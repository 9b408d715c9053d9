/**
 * The embedded API over HTTPS in a process of its own, filled from a snapshot; it counts what it is asked. Told by messages:
 * `counts` answers with the requests since the last time, `drift` changes a child and answers with how long it stayed so.
 */
import { readFileSync } from 'node:fs'
import { KINDS } from '../../controller/platform/platform.ts'
import { serve } from '../../src/local/kube-api/serve/http.ts'
import { dispatch } from '../../src/local/kube-api/server.ts'
import { SimServer, type Snapshot } from '../fault/server.ts'

export interface Counts {
  writes: string[]
  statusWrites: number
  lists: string[]
  watches: number
  leases: number
  events: number
}

const snapshot = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Snapshot
const server = new SimServer(() => Date.now(), snapshot)
let asked: { method: string; url: string }[] = []
const served = await serve(
  async (request, signal) => {
    asked.push({ method: request.method, url: request.url })
    return dispatch(server.context, request, signal ?? new AbortController().signal)
  },
  { tokens: { bench: 'controller' } },
)

function counts(): Counts {
  const of = (accept: RegExp, method: RegExp): string[] =>
    asked.filter(each => method.test(each.method) && accept.test(each.url)).map(each => `${each.method} ${each.url}`)
  const aside = /\/(leases|events)[/?]/
  const all = asked
  asked = all.filter(({ url }) => !aside.test(url))
  const result = {
    writes: of(/^(?!.*(\/status\?|selfsubject))/, /^(?!GET)/),
    statusWrites: of(/\/status\?/, /PATCH/).length,
    lists: of(/[?&]limit=/, /GET/).filter(line => !line.includes('limit=1&') && !line.endsWith('limit=1')),
    watches: of(/[?&]watch=true/, /GET/).length,
    leases: all.filter(({ url }) => url.includes('/leases')).length,
    events: all.filter(({ url }) => url.includes('/events')).length,
  }
  asked = []
  return result
}

const people = server.client('people')

/** Milliseconds from the commit of somebody's change to the commit that takes it back. */
function drift(namespace: string): Promise<number> {
  const repaired = Promise.withResolvers<number>()
  let changedAt = 0
  server.onCommit(({ entry }) => {
    if (entry.namespace !== namespace || entry.object['kind'] !== 'Service') return
    const { selector } = (entry.object as unknown as { spec: { selector: Record<string, string> } }).spec
    if (selector['app.kubernetes.io/component'] === 'elsewhere') changedAt = performance.now()
    else if (changedAt > 0) repaired.resolve(performance.now() - changedAt)
  })
  void people.merge(KINDS.service, namespace, 'todo-backend', {
    spec: { selector: { 'app.kubernetes.io/component': 'elsewhere' } },
  })
  return repaired.promise
}

process.on('message', async ({ id, ask, namespace }: { id: number; ask: string; namespace: string }) => {
  const label = (): Promise<unknown> =>
    people.merge(KINDS.deployment, namespace, 'todo-backend', {
      metadata: { labels: { 'example.com/note': 'not-ours' } },
    })
  const scale = (): Promise<unknown> =>
    people.merge(KINDS.platform, namespace, 'todo', { spec: { services: { backend: { replicas: 2 } } } })
  const answer =
    ask === 'counts' ? counts() : ask === 'drift' ? await drift(namespace) : await (ask === 'scale' ? scale() : label())
  process.send!({ id, answer: ask === 'counts' || ask === 'drift' ? answer : null })
})
process.send!({ ready: { url: served.url, certificateAuthority: served.certificateAuthority } })
