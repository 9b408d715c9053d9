import { eventually, until } from '../log/testing.ts'
import { type Answer, kafkaComponent, subscription, type TestApp } from './testing.ts'
import { app, dlq, place, records, start, startDead } from './world.testing.ts'

describe('subscriptions', () => {
  const programmatic =
    (list: object[] | Answer): TestApp['answer'] =>
    call =>
      call.path === '/dapr/subscribe' ? (Array.isArray(list) ? { body: list } : list) : undefined

  test.each<[string, object]>([
    ['route', { route: '/p' }],
    ['routes.default', { routes: { default: '/p' } }],
    ['a rule', { routes: { rules: [{ match: 'event.data == 1', path: '/p' }] } }],
  ])('an app subscribes by %s, which overrides what is declared', async (_what, how) => {
    await start(
      [kafkaComponent(), subscription('t')],
      programmatic([{ pubsubname: 'kafka-pubsub', topic: 't', ...how }]),
    )
    await place.publish('t', 1)
    await until(() => app.events('/p').length === 1)
    expect(app.events('/events/t')).toEqual([])
  })

  test.each([404, 405, 500])('%d from /dapr/subscribe means none', async status => {
    await start([kafkaComponent()], programmatic({ status }))
    const metadata = (await (await place.call('GET', '/v1.0/metadata')).json()) as { subscriptions?: unknown }
    expect(metadata.subscriptions).toBeUndefined()
  })

  test('the older shape with one route works, scopes bind, and a broken rule harms only itself', async () => {
    const v1 = {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Subscription',
      metadata: { name: 'v1' },
      spec: { pubsubname: 'kafka-pubsub', topic: 't', route: '/v1' },
      scopes: ['app'],
    }
    const other = subscription('x', {}, { scopes: ['other'] })
    const broken = subscription('y', { routes: { rules: [{ match: '(((', path: '/y' }] } })
    await start([kafkaComponent(), v1, other, broken])
    await place.publish('t', 1)
    await until(() => app.events('/v1').length === 1)
    expect(place.lines.some(line => String(line['msg']).includes('topic y'))).toBe(true)
  })

  test('metadata tells components, subscriptions and their rules', async () => {
    await start([
      kafkaComponent(),
      subscription('t', { ...dlq, routes: { rules: [{ match: 'event.type == "a"', path: '/a' }], default: '/d' } }),
    ])
    await place.call('PUT', '/v1.0/metadata/note', 'hello')
    expect(await (await fetch(`http://127.0.0.1:${place.sidecar.publicPort}/v1.0/metadata`)).json()).toMatchObject({
      id: 'app',
      runtimeVersion: '1.18.3',
      components: [{ name: 'kafka-pubsub', type: 'pubsub.kafka', version: 'v1' }],
      subscriptions: [
        {
          pubsubname: 'kafka-pubsub',
          topic: 't',
          deadLetterTopic: 'dead',
          type: 'DECLARATIVE',
          rules: [{ match: 'event.type == "a"', path: '/a' }, { path: '/d' }],
        },
      ],
    })
    expect(await (await place.call('GET', '/v1.0/metadata')).json()).toMatchObject({
      extended: { daprRuntimeVersion: '1.18.3', note: 'hello' },
    })
  })

  test('resources that change take effect without a restart', async () => {
    await start([kafkaComponent()])
    await place.publish('t', 1)
    place.resources.put(subscription('t'))
    await until(() => app.events('/events/t').length === 1)
    place.resources.put(subscription('t', { routes: { default: '/moved' } }))
    await until(() => place.log.cluster('default/todo').members('app').length === 1)
    await place.publish('t', 2)
    await until(() => app.events('/moved').length === 1)
    place.resources.remove('Subscription', 'on-t')
    await until(() => place.log.cluster('default/todo').members('app').length === 0)
    place.resources.remove('Component', 'kafka-pubsub')
    await eventually(async () => (await place.publish('t', 3)).status === 404)
  })

  test('each app has its own group, replicas of one share theirs', async () => {
    await start([kafkaComponent(), subscription('t')])
    const other = await place.start({ appId: 'other', podName: 'other-0' })
    const twin = await place.start({ podName: 'app-1' })
    await Promise.all([other, twin].map(sidecar => place.healthy(sidecar)))
    const cluster = place.log.cluster('default/todo')
    await until(() => cluster.members('app').length === 2 && cluster.members('other').length === 1)
    await place.publish('t', 1)
    await until(() => app.events('/events/t').length === 2)
  })

  test('consumerGroup takes templates', async () => {
    await start([kafkaComponent({ consumerGroup: 'rt-{appID}-{podName}' }), subscription('t')])
    await until(() => place.log.cluster('default/todo').members('rt-app-app-0').length === 1)
  })
})

describe('bulk subscriptions', () => {
  const bulkSubscribe = { enabled: true, maxMessagesCount: 3, maxAwaitDurationMs: 30 }
  const entriesOf = (call: number) =>
    app.events('/events/t')[call]!['entries'] as { entryId: string; event: { data: unknown } }[]

  test('several events come in one call and are answered one by one', async () => {
    await startDead([kafkaComponent(), subscription('t', { ...dlq, bulkSubscribe })], call => {
      if (call.path !== '/events/t') return undefined
      const { entries } = JSON.parse(call.body) as { entries: { entryId: string; event: { data: string } }[] }
      const word: Record<string, string> = { a: 'SUCCESS', b: 'DROP', c: 'RETRY' }
      return { body: { statuses: entries.map(({ entryId, event }) => ({ entryId, status: word[event.data] })) } }
    })
    const entry = (entryId: string) => ({ entryId, event: entryId, contentType: 'text/plain' })
    await place.call('POST', '/v1.0/publish/bulk/kafka-pubsub/t', ['a', 'b', 'c'].map(entry))
    await until(() => records('dead').length === 2)
    expect(entriesOf(0).map(one => one.event.data)).toEqual(['a', 'b', 'c'])
    expect(records('dead').map(record => JSON.parse(record.text).data)).toEqual(['b', 'c'])
  })

  test('an entry without a status comes again', async () => {
    let calls = 0
    await start([kafkaComponent(), subscription('t', { bulkSubscribe })], call => {
      if (call.path !== '/events/t') return undefined
      calls += 1
      const { entries } = JSON.parse(call.body) as { entries: { entryId: string }[] }
      return { body: { statuses: calls === 1 ? [] : entries.map(({ entryId }) => ({ entryId, status: 'SUCCESS' })) } }
    })
    await place.publish('t', 1)
    await until(() => calls === 2)
    expect(entriesOf(1)).toHaveLength(1)
    await until(() => place.log.cluster('default/todo').lag('app')[0]?.lag === 0)
  })
})
