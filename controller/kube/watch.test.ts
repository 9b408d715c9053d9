import fc from 'fast-check'
import { Cache } from './cache.ts'
import { KubeClient } from './client.ts'
import type { KubeError } from './errors.ts'
import { keyOf } from './objects.ts'
import {
  Feed,
  fixedRandom,
  json,
  listOf,
  ManualClock,
  plainRoot,
  reset,
  scripted,
  settle,
  status,
  WIDGET,
  widget,
} from './test-support.ts'
import type { Response } from './transport.ts'
import { listWatch } from './watch.ts'

type Script = Parameters<typeof scripted>

/** A watch of widgets over a script, with a cache as whoever listens would keep it. */
function watching(script: Script, { streaming = false, outages = { count: 0 } } = {}) {
  const clock = new ManualClock()
  const { transport, asked, requests, add } = scripted(...script)
  const stop = new AbortController()
  const cache = new Cache()
  const troubles: KubeError[] = []
  const told: string[] = []
  const done = listWatch(
    new KubeClient(transport, { clock }),
    { kind: WIDGET, signal: stop.signal, clock, random: fixedRandom, streaming, outages },
    {
      replace: (objects, resourceVersion, anew) => {
        told.push(anew ? 'read anew' : 'read')
        cache.replace(WIDGET, objects, { mark: cache.mark(), resourceVersion, anew })
      },
      upsert: object => cache.upsert(object),
      remove: object => cache.remove(object),
      reachable: is => told.push(is ? 'reachable' : 'away'),
      trouble: error => troubles.push(error),
    },
  )
  const held = (): string[] =>
    cache
      .list(WIDGET)
      .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
      .sort()
  return {
    clock,
    asked,
    requests,
    add,
    held,
    told,
    codes: () => troubles.map(({ code }) => code),
    async stop() {
      stop.abort()
      await done
    },
  }
}
const query = (asked: string | undefined) => new URLSearchParams(asked?.split('?')[1])
const expired = { type: 'ERROR', object: { code: 410, reason: 'Expired' } }

test('lists in pages, watches from the list’s version, and follows every change', async () => {
  const feed = new Feed()
  const page = json({
    metadata: { resourceVersion: '5', continue: 'next' },
    items: [{ metadata: widget('a', 1).metadata }],
  })
  const watch = watching([page, listOf(5, widget('b', 2)), feed.response])
  await settle()
  expect(watch.held()).toEqual(['a@1', 'b@2'])
  expect(query(watch.asked[1]).get('continue')).toBe('next')
  expect(Object.fromEntries(query(watch.asked[2]))).toMatchObject({
    watch: 'true',
    resourceVersion: '5',
    allowWatchBookmarks: 'true',
  })
  feed.event('ADDED', widget('c', 6)).event('MODIFIED', widget('a', 7)).event('DELETED', widget('b', 8))
  await settle()
  expect(watch.held()).toEqual(['a@7', 'c@6'])
  await watch.stop()
  expect(feed.destroyed).toBe(true)
  expect(watch.clock.timers).toBe(0)
})

test('a list whose continue token expired begins again, unpaged', async () => {
  const page = json({ metadata: { resourceVersion: '5', continue: 'old' }, items: [widget('gone', 1)] })
  const watch = watching([page, status(410, 'Expired'), listOf(9, widget('a', 8))])
  await settle()
  expect(watch.held()).toEqual(['a@8'])
  expect([...query(watch.asked[2]).keys()]).toEqual([])
  await watch.stop()
})

test('a streaming list is complete at its bookmark and goes on as the watch', async () => {
  const feed = new Feed()
  const watch = watching([feed.response], { streaming: true })
  await settle()
  expect(Object.fromEntries(query(watch.asked[0]))).toMatchObject({
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
  })
  feed.event('ADDED', widget('a', 3))
  await settle()
  expect(watch.held()).toEqual([])
  feed.event('BOOKMARK', {
    ...WIDGET,
    metadata: { resourceVersion: '5', annotations: { 'k8s.io/initial-events-end': 'true' } },
  })
  feed.event('ADDED', widget('b', 6))
  await settle()
  expect(watch.held()).toEqual(['a@3', 'b@6'])
  expect(watch.asked).toHaveLength(1)
  await watch.stop()
})

test.each<[string, (feed: Feed) => Response]>([
  ['refuses it with 400', () => status(400, 'BadRequest')],
  ['refuses it with 422', () => status(422, 'Invalid')],
  ['knows nothing of it', feed => feed.event('ADDED', widget('a', 3)).response],
])('a server that %s is asked for a plain list', async (_name, answer) => {
  const watch = watching([answer(new Feed()), listOf(5, widget('a', 3))], { streaming: true })
  await watch.clock.advance(20_000)
  expect(watch.held()).toEqual(['a@3'])
  expect(query(watch.asked[2]).get('sendInitialEvents')).toBeNull()
  expect(query(watch.asked[2]).get('resourceVersion')).toBe('5')
  await watch.stop()
})

test('resumes from the newest bookmark after an orderly end, without a list', async () => {
  const first = new Feed()
  const watch = watching([listOf(5), first.response, new Feed().response])
  await settle()
  first.event('BOOKMARK', { ...WIDGET, metadata: { resourceVersion: '900' } }).end()
  await watch.clock.advance(1_000)
  expect(query(watch.asked[2]).get('resourceVersion')).toBe('900')
  expect(watch.codes()).toEqual([])
  await watch.stop()
})

test.each<[string, Script]>([
  ['in band', [new Feed().bytes(`${JSON.stringify(expired)}\n`).response]],
  ['as HTTP', [status(410, 'Expired')]],
  [
    'as a version that is yet to come',
    [status(504, 'Timeout', { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } })],
  ],
])('410 %s: lists again and takes the list for the truth', async (_name, failing) => {
  const watch = watching([
    listOf(5, widget('a', 1), widget('b', 2)),
    ...failing,
    listOf(20, widget('b', 19)),
    new Feed().response,
  ])
  await watch.clock.advance(2_000)
  expect(watch.held()).toEqual(['b@19'])
  await watch.stop()
})

test.each(['reset', 'version of an event'])(
  'after a restored backup (seen by %s) lower versions are the truth',
  async how => {
    const feed = new Feed()
    const watch = watching([listOf(500, widget('a', 400), widget('b', 450)), feed.response])
    await settle()
    if (how === 'reset') watch.add(listOf(90, widget('a', 80)), listOf(90, widget('a', 80)))
    else watch.add(listOf(90, widget('a', 80)))
    if (how === 'reset') feed.end(new Error('ECONNRESET'))
    else feed.event('MODIFIED', widget('a', 80))
    await watch.clock.advance(2_000)
    expect(watch.held()).toEqual(['a@80'])
    expect(query(watch.asked.at(-1)).get('resourceVersion')).toBe('90')
    await watch.stop()
  },
)

test('a server that nobody answered for is read anew, though its versions are higher than ours: a backup may have been restored', async () => {
  const feed = new Feed()
  const watch = watching([listOf(5, widget('a', 1)), feed.response, reset, listOf(9, widget('a', 1), widget('b', 4))])
  await settle()
  feed.end(new Error('ECONNRESET'))
  await watch.clock.advance(10_000)
  expect([watch.held(), watch.told]).toEqual([
    ['a@1', 'b@4'],
    ['read', 'away', 'read anew', 'reachable'],
  ])
  await watch.stop()
})

test('a watch that was waiting to come back while others found nobody there is read anew, too; one that streams on is not', async () => {
  const outages = { count: 0 }
  const [broken, whole] = [new Feed(), new Feed()]
  const waits = watching([listOf(5), broken.response, listOf(7), new Feed().response], { outages })
  const streams = watching([listOf(5), whole.response, new Feed().response], { outages })
  await settle()
  broken.end(new Error('ECONNRESET'))
  await settle()
  outages.count += 1
  whole.event('ADDED', widget('a', 6)).end()
  await waits.clock.advance(1_000)
  await streams.clock.advance(1_000)
  expect([waits.told, waits.asked.length]).toEqual([['read', 'away', 'read anew', 'reachable'], 4])
  expect([streams.told, streams.held(), query(streams.asked[2]).get('resourceVersion')]).toEqual([
    ['read'],
    ['a@6'],
    '6',
  ])
  for (const watch of [waits, streams]) await watch.stop()
})

test.each(['waits to list', 'lists', 'asks where the server is', 'resumes'])(
  'others find nobody there while a watch %s: what it is answered is not believed, and it tells when it is back',
  async when => {
    const outages = { count: 0 }
    const broken = new Feed()
    const outage = (answer: Response) => () => {
      outages.count += 1
      return answer
    }
    const gone = new Feed().bytes(`${JSON.stringify(expired)}\n`)
    const scripts: Record<string, Script> = {
      'waits to list': [outage(gone.response)],
      lists: [gone.response, outage(listOf(7))],
      'asks where the server is': [broken.response, outage(listOf(5))],
      resumes: [new Feed().end().response, outage(broken.response)],
    }
    const truth = [listOf(9, widget('a', 8)), new Feed().response]
    const watch = watching([listOf(5), ...scripts[when]!, ...truth], { outages })
    await settle()
    if (when === 'asks where the server is') broken.end(new Error('ECONNRESET'))
    await watch.clock.advance(10_000)
    expect([watch.held(), watch.told]).toEqual([['a@8'], ['read', 'away', 'read anew', 'reachable']])
    expect(broken.destroyed).toBe(when === 'resumes' || when === 'asks where the server is')
    await watch.stop()
  },
)

test('an event that comes again changes nothing and lists nothing', async () => {
  const feed = new Feed()
  const watch = watching([listOf(5), feed.response])
  await settle()
  feed.event('ADDED', widget('a', 6)).event('ADDED', widget('a', 6))
  await settle()
  expect([watch.held(), watch.codes(), watch.asked.length]).toEqual([['a@6'], [], 2])
  await watch.stop()
})

test.each([
  [429, 'Throttled'],
  [503, 'Unavailable'],
])('%i with Retry-After is asked again after that time and not before', async (code, name) => {
  const watch = watching([status(code, 'busy', {}, { 'retry-after': '7' }), listOf(5, widget('a', 1))])
  await watch.clock.advance(6_900)
  expect([watch.asked.length, watch.codes()]).toEqual([1, [name]])
  await watch.clock.advance(200)
  expect(watch.held()).toEqual(['a@1'])
  await watch.stop()
})

test.each<[string, (feed: Feed) => void]>([
  ['is cut inside an event', feed => feed.bytes('{"type":"ADDED","object":{"metadata":').end()],
  ['is reset', feed => feed.end(new Error('ECONNRESET'))],
  ['brings no JSON', feed => feed.bytes('<html>\n')],
  ['brings no event', feed => feed.bytes('{"type":"ADDED"}\n')],
  ['brings an in-band 500', feed => feed.event('ERROR', { code: 500, message: 'etcd' })],
])('a watch that %s resumes after its last whole event', async (_name, breakIt) => {
  const feed = new Feed()
  const resumed = new Feed()
  const watch = watching([listOf(5), feed.response, listOf(6), resumed.response])
  await settle()
  feed.event('ADDED', widget('a', 6))
  breakIt(feed)
  await watch.clock.advance(1_000)
  expect(query(watch.asked.at(-1)).get('resourceVersion')).toBe('6')
  resumed.event('ADDED', widget('b', 7))
  await settle()
  expect(watch.held()).toEqual(['a@6', 'b@7'])
  expect(watch.codes()).toHaveLength(1)
  expect(feed.destroyed).toBe(true)
  await watch.stop()
})

test('a half-open watch is given up when the bookmarks that came stop coming', async () => {
  const feed = new Feed()
  const watch = watching([listOf(5), feed.response, listOf(6), new Feed().response])
  await settle()
  feed.event('BOOKMARK', { ...WIDGET, metadata: { resourceVersion: '6' } })
  await watch.clock.advance(149_000)
  expect(watch.codes()).toEqual([])
  await watch.clock.advance(2_000)
  expect(watch.codes()).toEqual(['Unreachable'])
  expect(query(watch.asked.at(-1)).get('resourceVersion')).toBe('6')
  expect(feed.destroyed).toBe(true)
  await watch.stop()
})

test('a connection that hangs before its answer is given up, too', async () => {
  const watch = watching([listOf(5), () => new Promise<Response>(() => {}), listOf(5), new Feed().response])
  await watch.clock.advance(61_000)
  expect(watch.asked).toHaveLength(4)
  await watch.stop()
})

test('stopped while it connects, it ends at once and destroys the answer that comes too late', async () => {
  const late = Promise.withResolvers<Response>()
  const feed = new Feed()
  const watch = watching([listOf(5), () => late.promise])
  await settle()
  await watch.stop()
  late.resolve(feed.response)
  await settle()
  expect(feed.destroyed).toBe(true)
  expect(watch.requests[1]!.signal?.aborted).toBe(true)
})

test.each<[string, () => Script[number]]>([
  ['ends every watch at once', () => () => new Feed().end().response],
  ['resets everything', () => reset],
  ['answers 500', () => () => status(500, 'InternalError')],
  ['says 410 every time', () => request => (request.path.includes('watch=true') ? status(410, 'Expired') : listOf(5))],
])('a server that %s is never asked in a hot loop, and never given up', async (_name, answer) => {
  const script: Script = [listOf(5), ...Array.from({ length: 500 }, answer)]
  const watch = watching(script)
  await watch.clock.advance(60_000)
  const perMinute = watch.asked.length
  expect(perMinute).toBeLessThan(40)
  await watch.clock.advance(120_000)
  expect(watch.asked.length).toBeGreaterThan(perMinute)
  await watch.stop()
})

test('a kind that is absent is waited for and starts by itself; one whose CRD goes is emptied', async () => {
  let served = false
  const clock = new ManualClock()
  const cache = new Cache()
  const feed = new Feed()
  const { transport } = scripted(listOf(5, widget('a', 1)), feed.response, status(404, 'NotFound'))
  const stop = new AbortController()
  const done = listWatch(
    new KubeClient(
      request =>
        (request.path === '/apis' && !plainRoot(request.accept)) || (!served && request.path === '/apis/test.dev/v1')
          ? Promise.resolve(status(404, 'NotFound'))
          : transport(request),
      { clock },
    ),
    { kind: WIDGET, signal: stop.signal, clock, random: fixedRandom, streaming: false },
    {
      replace: (objects, resourceVersion) => cache.replace(WIDGET, objects, { mark: cache.mark(), resourceVersion }),
      upsert: object => cache.upsert(object),
      remove: object => cache.remove(object),
    },
  )
  await clock.advance(60_000)
  expect([cache.isSynced(WIDGET), cache.size(WIDGET)]).toEqual([true, 0])
  served = true
  await clock.advance(11_000)
  expect(cache.size(WIDGET)).toBe(1)
  served = false
  feed.end()
  await clock.advance(1_000)
  expect(cache.size(WIDGET)).toBe(0)
  stop.abort()
  await done
})

test('an object that the listener cannot digest is told and does not keep the next ones away', async () => {
  const clock = new ManualClock()
  const feed = new Feed().event('ADDED', widget('bad', 6)).event('ADDED', widget('good', 7))
  const { transport } = scripted(listOf(5), feed.response)
  const stop = new AbortController()
  const seen: string[] = []
  const troubles: string[] = []
  const done = listWatch(
    new KubeClient(transport, { clock }),
    { kind: WIDGET, signal: stop.signal, clock, random: fixedRandom, streaming: false },
    {
      replace: () => {},
      upsert: object => {
        if (object.metadata.name === 'bad') throw new TypeError('cannot')
        seen.push(object.metadata.name)
      },
      remove: () => {},
      trouble: ({ message }) => troubles.push(message),
    },
  )
  await settle()
  expect([seen, troubles]).toEqual([['good'], [expect.stringContaining('a/bad')]])
  stop.abort()
  await done
})

test('however a stream is cut into packets, and however large its objects, every event arrives whole', async () => {
  const names = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(
      names,
      fc.array(fc.nat({ max: 400 }), { maxLength: 20 }),
      fc.boolean(),
      async (texts, cuts, large) => {
        const objects = texts.map((text, index) =>
          widget(`w${index}`, 6 + index, { text, ...(large && { filling: 'é'.repeat(750_000) }) }),
        )
        const bytes = Buffer.from(objects.map(object => `${JSON.stringify({ type: 'ADDED', object })}\n`).join(''))
        const feed = new Feed()
        let from = 0
        for (const cut of [...cuts].sort((a, b) => a - b)) {
          feed.bytes(bytes.subarray(from, Math.max(from, cut)))
          from = Math.max(from, cut)
        }
        feed.bytes(bytes.subarray(from))
        const { transport } = scripted(listOf(5), feed.response)
        const stop = new AbortController()
        const seen: unknown[] = []
        const done = listWatch(
          new KubeClient(transport, { clock: new ManualClock() }),
          { kind: WIDGET, signal: stop.signal, clock: new ManualClock(), random: fixedRandom, streaming: false },
          { replace: () => {}, upsert: object => seen.push([keyOf(object), object['text']]), remove: () => {} },
        )
        for (let round = 0; round < 5 && seen.length < texts.length; round++) await settle()
        stop.abort()
        await done
        expect(seen).toEqual(objects.map(object => [keyOf(object), object['text']]))
      },
    ),
    { numRuns: 30 },
  )
})
