import fc from 'fast-check'
import type { KubeObject, WatchEvent } from '../index.ts'
import {
  configMap,
  fieldsOf,
  memoryApi,
  openWatch,
  refusal,
  request,
  settled,
  widget,
  widgetDefinition,
} from '../test-support.ts'

let api: Awaited<ReturnType<typeof memoryApi>>
beforeEach(async () => {
  api = await memoryApi()
})
afterEach(() => api.close())

const maps = '/api/v1/namespaces/default/configmaps'
const list = (query: string) => request(api, 'GET', `${maps}?${query}`)
const names = (body: { items: KubeObject[] }) => body.items.map(item => item.metadata.name)
const create = (name: string, labels: Record<string, string> = {}) => api.client.create(configMap(name, {}, { labels }))

describe('list', () => {
  test.each([
    ['a=1', ['one']],
    ['a==1', ['one']],
    ['a!=1', ['none', 'two']],
    ['a', ['one', 'two']],
    ['!a', ['none']],
    ['a in (1,2)', ['one', 'two']],
    ['a notin (1)', ['none', 'two']],
    ['a>1', ['two']],
    ['a in (1,2),b=x', ['two']],
  ])('label selector %s', async (selector, expected) => {
    await create('one', { a: '1' })
    await create('two', { a: '2', b: 'x' })
    await create('none')
    expect(names((await list(`labelSelector=${encodeURIComponent(selector)}`)).body)).toEqual(expected)
  })

  test.each([
    'labelSelector=a%20b%20c',
    'labelSelector=%3D1',
    'labelSelector=a%3Db%20c',
    'fieldSelector=spec.secret%3D1',
    'fieldSelector=nonsense',
    'limit=x',
    'resourceVersion=x',
    'continue=abc',
  ])('%s is refused', async query => {
    expect((await list(query)).body).toMatchObject({ kind: 'Status', code: 400, reason: 'BadRequest' })
  })

  test.each(['resourceVersionMatch=Exact', 'resourceVersion=1&resourceVersionMatch=Perhaps'])(
    '%s is invalid',
    async query => {
      const { body } = await list(query)
      expect(body).toMatchObject({ kind: 'Status', code: 422, reason: 'Invalid' })
      expect(fieldsOf(body)).toEqual(['resourceVersionMatch'])
    },
  )

  test('field selectors: names for all kinds, well-known fields for some', async () => {
    await create('one')
    await create('two')
    expect(names((await list('fieldSelector=metadata.name%3Done')).body)).toEqual(['one'])
    expect(names((await list('fieldSelector=metadata.name!%3Done,metadata.namespace%3Ddefault')).body)).toEqual(['two'])
    const pod = (name: string, nodeName: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'default', name },
      spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
    })
    await api.client.create(pod('a', 'n1'))
    await api.client.create(pod('b', 'n2'))
    expect(
      (await api.client.list(pod('', ''), undefined, { fieldSelector: 'spec.nodeName=n2,status.phase=Pending' })).map(
        each => each.metadata.name,
      ),
    ).toEqual(['b'])
  })

  test('pages are one consistent snapshot, whatever happens between them', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name)
    const first = (await list('limit=2')).body
    expect([names(first), first.metadata.remainingItemCount]).toEqual([['a', 'b'], 3])
    await create('bb')
    await api.client.delete(configMap(''), 'default', 'd')
    const second = (await list(`limit=2&continue=${first.metadata.continue}`)).body
    const third = (await list(`limit=2&continue=${second.metadata.continue}`)).body
    expect([...names(second), ...names(third)]).toEqual(['c', 'd', 'e'])
    expect(third.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion })
  })

  test('resourceVersion: exact ones of the past, none of the future, expired ones say so', async () => {
    const small = await memoryApi({ historySize: 4 })
    await small.client.create(configMap('a'))
    const version = (await request(small, 'GET', maps)).body.metadata.resourceVersion as string
    await small.client.create(configMap('b'))
    const exact = `${maps}?resourceVersionMatch=Exact&resourceVersion=${version}`
    expect(names((await request(small, 'GET', exact)).body)).toEqual(['a'])
    expect((await request(small, 'GET', `${maps}?resourceVersion=${Number(version) + 99}`)).body).toMatchObject({
      code: 504,
      reason: 'Timeout',
    })
    const page = (await request(small, 'GET', `${maps}?limit=1`)).body
    for (let index = 0; index < 20; index++)
      await small.client.merge(configMap(''), 'default', 'b', { data: { index: String(index) } })
    expect((await request(small, 'GET', exact)).body).toMatchObject({ code: 410, reason: 'Expired' })
    expect((await request(small, 'GET', `${maps}?limit=1&continue=${page.metadata.continue}`)).body).toMatchObject({
      code: 410,
    })
    small.close()
  })
})

describe('watch', () => {
  test('from a version: what came after it, in order, then what comes', async () => {
    const first = await create('a')
    await create('b')
    const watch = await openWatch(api, `${maps}?watch=1&resourceVersion=${first.metadata.resourceVersion}`)
    await api.client.merge(first, 'default', 'a', { data: { x: '1' } })
    await api.client.delete(first, 'default', 'a')
    expect(watch.names()).toEqual(['ADDED b', 'MODIFIED a', 'DELETED a'])
    watch.stop()
    await create('c')
    expect(watch.frames).toHaveLength(3)
  })

  test('without a version: the present state first', async () => {
    await create('a')
    expect((await openWatch(api, `${maps}?watch=true`)).names()).toEqual(['ADDED a'])
  })

  test('sendInitialEvents ends the initial state with the marked bookmark', async () => {
    await create('a')
    const watch = await openWatch(
      api,
      `${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    )
    expect(watch.names()).toEqual(['ADDED a', 'BOOKMARK '])
    expect(watch.frames[1]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
    expect((await list('watch=1&sendInitialEvents=true')).body).toMatchObject({ code: 422 })
  })

  test('an object that leaves the selection is DELETED, one that enters is ADDED', async () => {
    const made = await create('a', { on: 'yes' })
    const watch = await openWatch(api, `${maps}?watch=1&labelSelector=on%3Dyes`)
    await api.client.merge(made, 'default', 'a', { metadata: { labels: { on: 'no' } } })
    await api.client.merge(made, 'default', 'a', { data: { unseen: '1' } })
    const back = await api.client.merge(made, 'default', 'a', { metadata: { labels: { on: 'yes' } } })
    expect(watch.names()).toEqual(['ADDED a', 'DELETED a', 'ADDED a'])
    // The last state that was selected, under the version at which it left.
    expect(watch.frames[1]?.object.metadata.labels).toEqual({ on: 'yes' })
    expect(Number(watch.frames[1]?.object.metadata.resourceVersion)).toBeLessThan(Number(back.metadata.resourceVersion))
  })

  test('a version that is forgotten is answered in band with 410', async () => {
    const small = await memoryApi({ historySize: 4 })
    const first = await small.client.create(configMap('a'))
    for (let index = 0; index < 20; index++)
      await small.client.merge(first, 'default', 'a', { data: { index: String(index) } })
    const watch = await openWatch(small, `${maps}?watch=1&resourceVersion=${first.metadata.resourceVersion}`)
    expect(watch.frames).toEqual([
      { type: 'ERROR', object: expect.objectContaining({ kind: 'Status', code: 410, reason: 'Expired' }) },
    ])
    expect(watch.state.ended).toBe(true)
    small.close()
  })

  test('timeoutSeconds ends it, with a bookmark near the end for those who asked', async () => {
    const watch = await openWatch(api, `${maps}?watch=1&timeoutSeconds=3&allowWatchBookmarks=1`)
    while (!watch.state.ended) await settled()
    expect(watch.frames.at(-1)).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { resourceVersion: expect.any(String) } },
    })
  })

  test('ends when its kind is removed and when the server closes', async () => {
    await api.client.create(widgetDefinition({ type: 'object' }))
    await api.client.create(widget('w', {}))
    const custom = await openWatch(api, '/apis/example.com/v1/widgets?watch=1')
    const other = await openWatch(api, `${maps}?watch=1`)
    await api.client.delete(widgetDefinition({}), undefined, 'widgets.example.com')
    await settled()
    expect([custom.names(), custom.state.ended]).toEqual([['ADDED w', 'DELETED w'], true])
    api.close()
    expect(other.state.ended).toBe(true)
  })

  test('the older paths of watches serve one object and all', async () => {
    await create('a')
    await create('b')
    const old = maps.replace('/api/v1/', '/api/v1/watch/')
    expect((await openWatch(api, `${old}/a`)).names()).toEqual(['ADDED a'])
    expect((await openWatch(api, old)).names()).toEqual(['ADDED a', 'ADDED b'])
    // Of one object `watch` is no parameter: it is got.
    expect((await request(api, 'GET', `${maps}/a?watch=1`)).body).toMatchObject({
      kind: 'ConfigMap',
      metadata: { name: 'a' },
    })
  })

  test('whoever applies all events to a list has what a new list shows', async () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom('apply', 'delete', 'label'),
      on: fc.constantFrom('yes', 'no'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), fc.nat({ max: 15 }), async (steps, from) => {
        const own = await memoryApi()
        const state = new Map<string, KubeObject>()
        let stop = () => {}
        const follow = async () => {
          const listed = (await request(own, 'GET', `${maps}?labelSelector=on%3Dyes`)).body
          for (const item of listed.items) state.set(item.metadata.name, item)
          const watch = await own.handle({
            method: 'GET',
            url: `${maps}?watch=1&labelSelector=on%3Dyes&resourceVersion=${listed.metadata.resourceVersion}`,
          })
          if (watch.kind !== 'watch') throw new Error('no watch')
          stop = watch.start({
            push: ({ type, object }) => {
              const { name } = (object as KubeObject).metadata
              if (type === 'DELETED') state.delete(name)
              else state.set(name, object as KubeObject)
            },
            end: () => {},
          })
        }
        for (const [index, { name, kind, on }] of steps.entries()) {
          if (index === Math.min(from, steps.length - 1)) await follow()
          const object = configMap(name, { index: String(index) }, { labels: { on } })
          if (kind === 'delete') await own.client.delete(object, 'default', name).catch(() => undefined)
          else await own.client.apply(object, { fieldManager: 'me', force: true })
        }
        if (steps.length > 0)
          expect([...state.values()].map(each => each.metadata.resourceVersion).sort()).toEqual(
            (await own.client.list(configMap(''), 'default', { labelSelector: 'on=yes' }))
              .map(each => each.metadata.resourceVersion)
              .sort(),
          )
        stop()
        own.close()
      }),
      { numRuns: 40 },
    )
  })
})

describe('the in-process client', () => {
  test('watches: initial objects, SYNCED, changes; and a kind before it exists', async () => {
    await create('a')
    const seen: string[] = []
    const note = (event: WatchEvent) =>
      void seen.push(event.type === 'SYNCED' ? 'SYNCED' : `${event.type} ${event.object.metadata.name}`)
    const stop = api.client.watch(configMap(''), { namespace: 'default' }, note)
    const stopCustom = api.client.watch({ apiVersion: 'example.com/v1', kind: 'Widget' }, {}, note)
    await settled()
    await create('b')
    await api.client.create(widgetDefinition({ type: 'object' }))
    await settled()
    await api.client.create(widget('w', {}))
    expect(seen).toEqual(['ADDED a', 'SYNCED', 'ADDED b', 'SYNCED', 'ADDED w'])
    stop()
    stopCustom()
    await create('c')
    expect(seen).toHaveLength(5)
  })

  test('what it hands out can be changed without harm', async () => {
    await create('a')
    const events: KubeObject[] = []
    api.client.watch(configMap(''), {}, event => {
      if (event.type !== 'SYNCED') events.push(event.object)
    })
    await settled()
    const read = await api.client.get(configMap(''), 'default', 'a')
    for (const object of [events[0]!, read!]) object.metadata.name = 'changed'
    expect((await api.client.get(configMap(''), 'default', 'a'))?.metadata.name).toBe('a')
  })

  test('a kind that is not served is a 404, not undefined', async () => {
    expect(await refusal(api.client.list({ apiVersion: 'no/v1', kind: 'Thing' }))).toMatchObject({ code: 404 })
  })
})

describe('forms', () => {
  const as = (form: string) => ({ accept: `application/json;as=${form};g=meta.k8s.io;v=v1,application/json` })

  test('a table has the columns that kubectl shows, and ages', async () => {
    await create('a')
    api.clock.now = new Date(api.clock.now.getTime() + 150_000)
    const { body } = await request(api, 'GET', maps, undefined, as('Table'))
    expect(body.columnDefinitions.map((column: { name: string }) => column.name)).toEqual(['Name', 'Data', 'Age'])
    expect(body.rows[0]).toMatchObject({
      cells: ['a', 0, '2m30s'],
      object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } },
    })
  })

  test('a CRD brings its own columns', async () => {
    await api.client.create(widgetDefinition({ type: 'object', properties: { size: { type: 'integer' } } }))
    await api.client.create(widget('w', { size: 3 }))
    const { body } = await request(api, 'GET', '/apis/example.com/v1/widgets', undefined, as('Table'))
    expect(body.rows[0].cells).toEqual(['w', 3])
  })

  test('metadata only, for objects, lists and watches', async () => {
    await create('a')
    const one = await request(api, 'GET', `${maps}/a`, undefined, as('PartialObjectMetadata'))
    expect([one.body.kind, one.body.data, one.body.metadata.name]).toEqual(['PartialObjectMetadata', undefined, 'a'])
    const all = await request(api, 'GET', maps, undefined, as('PartialObjectMetadataList'))
    expect([all.body.kind, all.body.items[0].kind]).toEqual(['PartialObjectMetadataList', 'PartialObjectMetadata'])
    const watch = await openWatch(api, `${maps}?watch=1`, as('PartialObjectMetadata'))
    expect(watch.frames[0]?.object.kind).toBe('PartialObjectMetadata')
  })

  test('what cannot be served is 406', async () => {
    expect((await request(api, 'GET', maps, undefined, { accept: 'application/vnd.kubernetes.protobuf' })).status).toBe(
      406,
    )
  })
})
