import { KubeClient } from './client.ts'
import { Manager } from './manager.ts'
import { Feed, fixedRandom, json, listOf, ManualClock, plainRoot, reset, settle, widget } from './test-support.ts'
import type { Request, Response } from './transport.ts'

const KINDS = ['Widget', 'Gadget'].map(kind => ({ apiVersion: 'test.dev/v1', kind }))

/** A manager of widgets and gadgets over a server that can be away for all or for the lists of one kind. */
async function managing() {
  const clock = new ManualClock()
  const away = { all: false, kind: '' }
  const feeds = new Map<string, Feed>()
  const reconciled: string[] = []
  const transport = async ({ path, accept }: Request): Promise<Response> => {
    const root = plainRoot(accept)
    if (root) return root
    if (path === '/apis/test.dev/v1')
      return json({
        resources: KINDS.map(({ kind }) => ({ name: `${kind.toLowerCase()}s`, kind, namespaced: true })),
      })
    const kind = path.includes('/widgets') ? 'Widget' : 'Gadget'
    if (away.all || away.kind === kind) return reset()
    if (!path.includes('watch=true')) return listOf(5, { ...widget('a', 1), kind })
    const feed = new Feed()
    feeds.set(kind, feed)
    return feed.response
  }
  const manager = new Manager({
    client: new KubeClient(transport, { clock }),
    clock,
    random: fixedRandom,
    streaming: false,
    watches: KINDS.map(kind => ({ ...kind, keysOf: ({ kind: of, metadata }) => [`${of}/${metadata.name}`] })),
    reconcile: async key => void reconciled.push(key),
  })
  manager.start()
  await manager.lead()
  await settle()
  return { clock, away, feeds, reconciled, manager }
}

test('after an outage nothing is decided until every kind has been read again, and then everything is looked at', async () => {
  const { clock, away, feeds, reconciled, manager } = await managing()
  expect(reconciled.sort()).toEqual(['Gadget/a', 'Widget/a'])
  reconciled.length = 0
  away.all = true
  for (const feed of feeds.values()) feed.end(new Error('ECONNRESET'))
  await clock.advance(5_000)
  Object.assign(away, { all: false, kind: 'Gadget' })
  await clock.advance(60_000)
  manager.enqueue('by hand')
  await settle()
  expect(reconciled).toEqual([])
  away.kind = ''
  await clock.advance(60_000)
  expect(new Set(reconciled)).toEqual(new Set(['Gadget/a', 'Widget/a', 'by hand']))
  await manager.stop()
})

test('a connection that breaks while the server is there keeps nobody waiting', async () => {
  const { clock, feeds, reconciled, manager } = await managing()
  reconciled.length = 0
  feeds.get('Gadget')!.end(new Error('ECONNRESET'))
  await settle()
  manager.enqueue('by hand')
  await settle()
  expect(reconciled).toEqual(['by hand'])
  await clock.advance(60_000)
  expect(reconciled).toEqual(['by hand'])
  await manager.stop()
})

test('stopped during an outage, it ends, and works on nothing that waited', async () => {
  const { clock, away, feeds, reconciled, manager } = await managing()
  reconciled.length = 0
  away.all = true
  for (const feed of feeds.values()) feed.end(new Error('ECONNRESET'))
  await clock.advance(5_000)
  manager.enqueue('by hand')
  await settle()
  await manager.stop()
  expect(reconciled).toEqual([])
})
