import fc from 'fast-check'
import { openLog } from '../log/index.ts'
import { eventually, until } from '../log/testing.ts'
import { type Answer, kafkaComponent, type Place, resiliency, startApp, startPlace, subscription, type TestApp } from './testing.ts'

let place: Place
let app: TestApp
afterEach(() => place.close())

const CE = 'application/cloudevents+json'

async function start(objects: object[], answer?: TestApp['answer'], options = {}): Promise<void> {
  app = await startApp(answer)
  place = await startPlace(objects, { app, ...options })
  await place.healthy()
}
const records = (topic: string) => {
  const cluster = place.log.cluster('default/todo')
  return cluster
    .watermarks(topic)
    .flatMap((_, partition) => cluster.read(topic, partition, 0, 1000))
    .map(record => ({ ...record, text: Buffer.from(record.value).toString() }))
}
const problem = async (answer: Response) => {
  const { errorCode, message } = (await answer.json()) as { errorCode: string; message: string }
  return { status: answer.status, errorCode, message }
}

describe('publish', () => {
  // components-contrib pubsub/envelope.go NewCloudEventsEnvelope, FromCloudEvent; dapr runtime/pubsub/cloudevents.go
  test.each<[string, unknown, string, string, object]>([
    ['JSON is wrapped as data', { n: 1 }, '', 'application/json', { data: { n: 1 }, datacontenttype: 'application/json', source: 'app', type: 'com.dapr.event.sent', specversion: '1.0' }],
    ['text is wrapped as a string', 'hi', '', 'text/plain', { data: 'hi', datacontenttype: 'text/plain' }],
    ['what claims to be JSON and is not stays a string', '{', '', 'application/json', { data: '{' }],
    ['binary is wrapped in base64', 'hi', '', 'application/octet-stream', { data_base64: 'aGk=' }],
    ['a CloudEvent keeps id, type, source and time', { id: '1', type: 'x', source: 's', time: 't', data: 1 }, '', CE, { id: '1', type: 'x', source: 's', time: 't', data: 1, topic: 't', pubsubname: 'kafka-pubsub' }],
    ['a CloudEvent gets what it lacks', { data: 1 }, '', `${CE}; charset=utf-8`, { type: 'com.dapr.event.sent', source: 'Dapr', specversion: '1.0', data: 1 }],
    ['cloudevent.* metadata overrides the envelope', 1, '?metadata.cloudevent.id=i&metadata.cloudevent.TYPE=ty&metadata.cloudevent.source=so&metadata.cloudevent.subject=su', 'application/json', { id: 'i', type: 'ty', source: 'so', subject: 'su' }],
    ['cloudevent.* does not override a CloudEvent', { id: '1' }, '?metadata.cloudevent.id=i', CE, { id: '1' }],
  ])('%s', async (_rule, data, query, contentType, event) => {
    await start([kafkaComponent()])
    expect((await place.publish('t', data, query, contentType)).status).toBe(204)
    expect(JSON.parse(records('t')[0]!.text)).toMatchObject(event)
  })

  test('rawPayload goes as it is', async () => {
    await start([kafkaComponent()])
    await place.publish('t', 'plain', '?metadata.rawPayload=true')
    expect(records('t')[0]!.text).toBe('plain')
  })

  test('numbers keep every digit', async () => {
    await start([kafkaComponent()])
    await place.publish('t', '{"id":12345678901234567890,"x":1.10}')
    expect(records('t')[0]!.text).toContain('"data":{"id":12345678901234567890,"x":1.10}')
  })

  // kafka/producer.go: partitionKey or __key is the key, and every metadata value a header.
  test.each(['partitionKey', '__key'])('the query key %s is the record key, and metadata become headers', async name => {
    await start([kafkaComponent()])
    await place.call('POST', `/v1.0/publish/kafka-pubsub/t?metadata.${name}=u1&metadata.x=y`, '1', { 'metadata.partitionKey': 'ignored' })
    const [record] = records('t')
    expect(Buffer.from(record!.key!).toString()).toBe('u1')
    expect(record!.headers).toEqual(expect.arrayContaining([['x', 'y']]))
  })

  test('headers are no metadata: no key', async () => {
    await start([kafkaComponent()])
    await place.call('POST', '/v1.0/publish/kafka-pubsub/t', '1', { 'metadata.partitionKey': 'u1' })
    expect(records('t')[0]!.key).toBeNull()
  })

  test("the caller's trace goes on, with a span of its own", async () => {
    await start([kafkaComponent()])
    const traceId = 'a'.repeat(32)
    await place.call('POST', '/v1.0/publish/kafka-pubsub/t', '1', { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` })
    expect(JSON.parse(records('t')[0]!.text).traceparent).toMatch(new RegExp(`^00-${traceId}-(?!b{16})[0-9a-f]{16}-01$`))
  })

  // dapr pkg/api/errors/pubsub.go
  test.each<[string, string, string, string, object]>([
    ['an unknown pubsub', '/v1.0/publish/nope/t', '1', 'application/json', { status: 404, errorCode: 'ERR_PUBSUB_NOT_FOUND', message: 'pubsub nope is not found' }],
    ['no topic', '/v1.0/publish/kafka-pubsub/', '1', 'application/json', { status: 404, errorCode: 'ERR_TOPIC_NAME_EMPTY', message: 'topic is empty in pubsub kafka-pubsub' }],
    ['an unknown topic', '/v1.0/publish/kafka-pubsub/none', '1', 'application/json', { status: 500, errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE' }],
    ['a CloudEvent that is no JSON', '/v1.0/publish/kafka-pubsub/t', '{', CE, { status: 500, errorCode: 'ERR_PUBSUB_CLOUD_EVENTS_SER', message: 'cannot create cloudevent' }],
    ['a bad rawPayload', '/v1.0/publish/kafka-pubsub/t?metadata.rawPayload=maybe', '1', 'application/json', { status: 400, errorCode: 'ERR_PUBSUB_REQUEST_METADATA' }],
    ['a bulk that is no array', '/v1.0/publish/bulk/kafka-pubsub/t', '{}', 'application/json', { status: 400, errorCode: 'ERR_PUBSUB_EVENTS_SER' }],
    ['a bulk entry without id', '/v1.0/publish/bulk/kafka-pubsub/t', '[{"event":1,"contentType":"application/json"}]', 'application/json', { status: 400, errorCode: 'ERR_PUBSUB_EVENTS_SER' }],
    ['a bulk with an id twice', '/v1.0/publish/bulk/kafka-pubsub/t', '[{"entryId":"1","event":"a","contentType":"text/plain"},{"entryId":"1","event":"a","contentType":"text/plain"}]', 'application/json', { status: 400, errorCode: 'ERR_PUBSUB_EVENTS_SER' }],
    ['a GET', '/v1.0/publish/kafka-pubsub/t', '', '', { status: 405 }],
  ])('refuses %s', async (_what, path, body, contentType, error) => {
    await start([kafkaComponent()])
    const get = body === '' && contentType === ''
    const answer = await place.call(get ? 'GET' : 'POST', path, get ? undefined : body, get ? {} : { 'content-type': contentType })
    expect(get ? { status: answer.status } : await problem(answer)).toMatchObject(error)
  })

  // dapr pkg/scopes, pkg/runtime/pubsub/adapter.go IsOperationAllowed
  test.each<[string, Record<string, string>, number]>([
    ['no scopes', {}, 204],
    ['allowedTopics without it', { allowedTopics: 'other' }, 403],
    ['allowedTopics with it', { allowedTopics: 'other, t' }, 204],
    ['protectedTopics without a scope', { protectedTopics: 't' }, 403],
    ['protectedTopics with a scope', { protectedTopics: 't', publishingScopes: 'app=t' }, 204],
    ['a scope of other topics', { publishingScopes: 'app=other' }, 403],
    ['a scope of another app', { publishingScopes: 'else=other' }, 204],
    ['a scope of no topic', { publishingScopes: 'app=' }, 403],
  ])('with %s a publish answers %s', async (_what, metadata, status) => {
    await start([kafkaComponent(metadata)])
    const answer = await place.publish('t', 1)
    expect(answer.status).toBe(status)
    if (status === 403) expect(await problem(answer)).toMatchObject({ errorCode: 'ERR_PUBSUB_FORBIDDEN', message: 'topic t is not allowed for app id app' })
  })

  test.each(['v1.0', 'v1.0-alpha1'])('bulk by %s: each entry has its key, and query metadata override all', async version => {
    await start([kafkaComponent()])
    const entry = (entryId: string) => ({ entryId, event: { n: entryId }, contentType: 'application/json', metadata: { partitionKey: `u${entryId}` } })
    const path = `/${version}/publish/bulk/kafka-pubsub/t`
    expect((await place.call('POST', path, [entry('1'), entry('2')])).status).toBe(204)
    expect((await place.call('POST', `${path}?metadata.partitionKey=q`, [entry('3')])).status).toBe(204)
    expect(records('t').map(record => Buffer.from(record.key!).toString())).toEqual(['u1', 'u2', 'q'])
    expect(JSON.parse(records('t')[0]!.text)).toMatchObject({ data: { n: '1' }, type: 'com.dapr.event.sent' })
  })

  test('a bulk that fails names its failed entries', async () => {
    await start([kafkaComponent()])
    const answer = await place.call('POST', '/v1.0/publish/bulk/kafka-pubsub/none', [{ entryId: '1', event: 'a', contentType: 'text/plain' }])
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE', failedEntries: [{ entryId: '1' }] })
  })

  test("the broker's authorization speaks through", async () => {
    await start([kafkaComponent()])
    place.log.cluster('default/todo').start({ authorization: true })
    expect((await problem(await place.publish('t', 1))).message).toBe(
      'error when publishing to topic t in pubsub kafka-pubsub: TopicAuthorizationException: Not authorized to access topics: [t]',
    )
  })
})

const dlq = { deadLetterTopic: 'dead' }
const startWithDead = async (objects: object[], answer?: TestApp['answer']) => {
  const log = openLog({ file: ':memory:' })
  log.cluster('default/todo').start()
  log.cluster('default/todo').createTopic({ name: 'dead' })
  await start(objects, answer, { log })
}
const onEvent = (answer: Answer | ((attempt: number) => Answer)): TestApp['answer'] => {
  let attempts = 0
  return call => {
    if (call.path !== '/events/t') return undefined
    attempts += 1
    return typeof answer === 'function' ? answer(attempts) : answer
  }
}
/** Publishes the event and a marker behind it; tells how often the app saw the first before the second. */
async function attemptsUntilNext(): Promise<number> {
  await place.publish('t', 'first')
  await place.publish('t', 'second')
  const seen = () => app.events('/events/t').map(event => event['data'])
  await until(() => seen().includes('second') || seen().length > 5)
  return seen().includes('second') ? seen().indexOf('second') : Number.POSITIVE_INFINITY
}

describe('delivery', () => {
  test('goes to the route with the metadata as headers', async () => {
    await start([kafkaComponent(), subscription('t')])
    await place.publish('t', { n: 1 }, '?metadata.partitionKey=u1')
    const call = await until(() => app.calls.find(one => one.path === '/events/t'))
    expect(call.headers).toMatchObject({
      'content-type': CE,
      __key: 'u1',
      __offset: '0',
      __partition: '0',
      __topic: 't',
      partitionkey: 'u1',
      pubsubname: 'kafka-pubsub',
    })
    expect(call.headers['__timestamp']).toMatch(/^\d{13}$/)
    expect(call.headers['traceparent']).toBe(JSON.parse(call.body).traceparent)
  })

  // dapr pkg/runtime/subscription/postman/http/http.go
  test.each<[string, Answer, 'acknowledged' | 'again']>([
    ['an empty body', { body: '' }, 'acknowledged'],
    ['a body that is no JSON', { body: 'ok' }, 'acknowledged'],
    ['no status', { body: {} }, 'acknowledged'],
    ['SUCCESS', { body: { status: 'SUCCESS' } }, 'acknowledged'],
    ['DROP', { body: { status: 'DROP' } }, 'acknowledged'],
    ['404', { status: 404 }, 'acknowledged'],
    ['201', { status: 201 }, 'acknowledged'],
    ['RETRY', { body: { status: 'RETRY' } }, 'again'],
    ['an unknown word', { body: { status: 'ok' } }, 'again'],
    ['lower case', { body: { status: 'success' } }, 'again'],
    ['400', { status: 400 }, 'again'],
    ['500', { status: 500 }, 'again'],
  ])('%s means %s', async (_what, answer, outcome) => {
    await start([kafkaComponent(), subscription('t')], onEvent(answer))
    expect(await attemptsUntilNext()).toBe(outcome === 'acknowledged' ? 1 : Number.POSITIVE_INFINITY)
  })

  // facts of subscription.go: with a dead-letter topic and no resiliency there is no second attempt.
  test.each<[string, Answer, boolean]>([
    ['SUCCESS', { body: { status: 'SUCCESS' } }, false],
    ['DROP', { body: { status: 'DROP' } }, true],
    ['RETRY', { body: { status: 'RETRY' } }, true],
    ['404', { status: 404 }, true],
    ['500', { status: 500 }, true],
  ])('with a dead-letter topic %s is one attempt', async (_what, answer, dead) => {
    await startWithDead([kafkaComponent(), subscription('t', dlq)], onEvent(answer))
    expect(await attemptsUntilNext()).toBe(1)
    if (!dead) expect(records('dead')).toEqual([])
    else await until(() => records('dead').length === 2)
  })

  test('a dead letter has the bytes, the key and the headers of the message', async () => {
    await startWithDead([kafkaComponent(), subscription('t', dlq)], onEvent({ status: 500 }))
    await place.publish('t', { n: 1 }, '?metadata.partitionKey=u1&metadata.x=y')
    const dead = await until(() => records('dead')[0])
    expect(dead.text).toBe(records('t')[0]!.text)
    expect(Buffer.from(dead.key!).toString()).toBe('u1')
    expect(Object.fromEntries(dead.headers)).toMatchObject({ x: 'y', __topic: 't', pubsubName: 'kafka-pubsub' })
  })

  test.each<[string, object, Answer | ((n: number) => Answer), number, number]>([
    ['maxRetries 2', { maxRetries: 2 }, { status: 500 }, 3, 1],
    ['success at the second attempt', { maxRetries: 5 }, n => (n === 1 ? { status: 500 } : {}), 2, 0],
    ['a status that does not match', { maxRetries: 5, matching: { httpStatusCodes: '429,502-504' } }, { status: 500 }, 1, 1],
    ['a status that matches a range', { maxRetries: 2, matching: { httpStatusCodes: '429,500-504' } }, { status: 503 }, 3, 1],
    ['RETRY, whatever matches', { maxRetries: 1, matching: { httpStatusCodes: '429' } }, { body: { status: 'RETRY' } }, 2, 1],
    ['DROP is not retried', { maxRetries: 5 }, { body: { status: 'DROP' } }, 1, 1],
  ])('resiliency: %s', async (_what, policy, answer, attempts, dead) => {
    const retry = { policy: 'constant', duration: '1ms', ...policy }
    const targets = { components: { 'kafka-pubsub': { inbound: { retry: 'r' } } } }
    await startWithDead([kafkaComponent(), subscription('t', dlq), resiliency({ retries: { r: retry } }, targets)], onEvent(answer))
    await place.publish('t', 'first')
    await until(() => app.events('/events/t').length >= attempts && records('dead').length === dead)
    expect(app.events('/events/t')).toHaveLength(attempts)
  })

  test('a default policy of the most specific name applies', async () => {
    const retries = {
      DefaultRetryPolicy: { policy: 'constant', duration: '1ms', maxRetries: 9 },
      DefaultPubsubComponentInboundRetryPolicy: { policy: 'constant', duration: '1ms', maxRetries: 1 },
    }
    await startWithDead([kafkaComponent(), subscription('t', dlq), resiliency({ retries }, {})], onEvent({ status: 500 }))
    await place.publish('t', 'first')
    await until(() => records('dead').length === 1)
    expect(app.events('/events/t')).toHaveLength(2)
  })

  test('a timeout ends an attempt', async () => {
    const policies = { timeouts: { short: '20ms' }, retries: {} }
    const targets = { components: { 'kafka-pubsub': { inbound: { timeout: 'short' } } } }
    await startWithDead([kafkaComponent(), subscription('t', dlq), resiliency(policies, targets)], call =>
      call.path === '/events/t' ? new Promise(() => {}) : undefined,
    )
    await place.publish('t', 'first')
    await until(() => records('dead').length === 1)
  })

  test('an open circuit breaker spares the app', async () => {
    const policies = { circuitBreakers: { cb: { maxRequests: 1, timeout: '1h', trip: 'consecutiveFailures >= 2' } } }
    const targets = { components: { 'kafka-pubsub': { inbound: { circuitBreaker: 'cb' } } } }
    await startWithDead([kafkaComponent(), subscription('t', dlq), resiliency(policies, targets)], onEvent({ status: 500 }))
    for (let n = 0; n < 4; n += 1) await place.publish('t', n)
    await until(() => records('dead').length === 4)
    expect(app.events('/events/t')).toHaveLength(2)
  })

  const rules = [
    { match: 'event.type == "a"', path: '/a' },
    { match: 'event.data.n > 1', path: '/big' },
  ]
  test.each<[string, object, object, string[]]>([
    ['a matching rule', { rules, default: '/rest' }, { type: 'a', data: { n: 0 } }, ['/a']],
    ['the first of two', { rules, default: '/rest' }, { type: 'a', data: { n: 5 } }, ['/a']],
    ['a later rule', { rules, default: '/rest' }, { type: 'b', data: { n: 5 } }, ['/big']],
    ['the default', { rules, default: '/rest' }, { type: 'b', data: { n: 0 } }, ['/rest']],
    ['no rule: the dead letters', { rules }, { type: 'b', data: { n: 0 } }, ['dead']],
    ['a rule that cannot be evaluated: the dead letters', { rules, default: '/rest' }, { type: 'b' }, ['dead']],
  ])('routing takes %s', async (_what, routes, event, paths) => {
    await startWithDead([kafkaComponent(), subscription('t', { ...dlq, routes })])
    await place.publish('t', { id: '1', source: 's', specversion: '1.0', ...event }, '', CE)
    const reached = () => [
      ...app.calls.filter(call => call.method === 'POST').map(call => call.path),
      ...records('dead').map(() => 'dead'),
    ]
    await until(() => reached().length > 0)
    expect(reached()).toEqual(paths)
  })

  test('what matches no rule, without dead letters, is done with', async () => {
    await start([kafkaComponent(), subscription('t', { routes: { rules } })])
    await place.publish('t', { n: 0 })
    await until(() => place.log.cluster('default/todo').lag('app')[0]?.lag === 0)
    expect(app.calls.filter(call => call.method === 'POST')).toEqual([])
  })

  test('an expired event goes to the dead letters, not to the app', async () => {
    await startWithDead([kafkaComponent(), subscription('t', dlq)])
    await place.publish('t', { id: '1', expiration: '2020-01-01T00:00:00Z', data: 1 }, '', CE)
    await until(() => records('dead').length === 1)
    await place.publish('t', 'fresh', '?metadata.ttlInSeconds=60')
    const event = await until(() => app.events('/events/t')[0])
    expect(event).toMatchObject({ data: 'fresh' })
    expect(Date.parse(String(event['expiration']))).toBeGreaterThan(Date.now())
  })

  test('a raw subscription gets data_base64 and a new id at each delivery', async () => {
    await start([kafkaComponent(), subscription('t', { metadata: { rawPayload: 'true' } })], onEvent(n => (n === 1 ? { status: 500 } : {})))
    await place.publish('t', 'hi', '?metadata.rawPayload=true')
    const [first, second] = await until(() => app.events('/events/t').length === 2 && app.events('/events/t'))
    expect(first).toMatchObject({ data_base64: 'aGk=', datacontenttype: 'application/octet-stream', type: 'com.dapr.event.sent' })
    expect(second!['id']).not.toBe(first!['id'])
  })

  test('a message that is no CloudEvent goes to the dead letters', async () => {
    await startWithDead([kafkaComponent(), subscription('t', dlq)])
    await place.publish('t', 'hi', '?metadata.rawPayload=true')
    await until(() => records('dead').length === 1)
  })

  test('a subscription outside subscriptionScopes is left out', async () => {
    await start([kafkaComponent({ subscriptionScopes: 'app=other' }), subscription('t')])
    await place.publish('t', 1)
    await until(() => place.lines.some(line => String(line['msg']).includes('is not allowed')))
    expect(place.log.cluster('default/todo').members('app')).toEqual([])
  })
})

describe('subscriptions', () => {
  const programmatic = (list: object[] | Answer): TestApp['answer'] => call =>
    call.path === '/dapr/subscribe' ? (Array.isArray(list) ? { body: list } : list) : undefined

  test.each<[string, object]>([
    ['route', { route: '/p' }],
    ['routes.default', { routes: { default: '/p' } }],
    ['a rule', { routes: { rules: [{ match: 'event.data == 1', path: '/p' }] } }],
  ])('an app subscribes by %s, which overrides what is declared', async (_what, how) => {
    await start([kafkaComponent(), subscription('t')], programmatic([{ pubsubname: 'kafka-pubsub', topic: 't', ...how }]))
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
    const v1 = { apiVersion: 'dapr.io/v1alpha1', kind: 'Subscription', metadata: { name: 'v1' }, spec: { pubsubname: 'kafka-pubsub', topic: 't', route: '/v1' }, scopes: ['app'] }
    const other = subscription('x', {}, { scopes: ['other'] })
    const broken = subscription('y', { routes: { rules: [{ match: '(((', path: '/y' }] } })
    await start([kafkaComponent(), v1, other, broken])
    await place.publish('t', 1)
    await until(() => app.events('/v1').length === 1)
    expect(place.lines.some(line => String(line['msg']).includes('topic y'))).toBe(true)
  })

  test('metadata tells components, subscriptions and their rules', async () => {
    await start([kafkaComponent(), subscription('t', { ...dlq, routes: { rules: [{ match: 'event.type == "a"', path: '/a' }], default: '/d' } })])
    await place.call('PUT', '/v1.0/metadata/note', 'hello')
    expect(await (await fetch(`http://127.0.0.1:${place.sidecar.publicPort}/v1.0/metadata`)).json()).toMatchObject({
      id: 'app',
      runtimeVersion: '1.18.3',
      components: [{ name: 'kafka-pubsub', type: 'pubsub.kafka', version: 'v1' }],
      subscriptions: [{ pubsubname: 'kafka-pubsub', topic: 't', deadLetterTopic: 'dead', type: 'DECLARATIVE', rules: [{ match: 'event.type == "a"', path: '/a' }, { path: '/d' }] }],
    })
    expect(await (await place.call('GET', '/v1.0/metadata')).json()).toMatchObject({ extended: { daprRuntimeVersion: '1.18.3', note: 'hello' } })
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
  const entriesOf = (call: number) => (app.events('/events/t')[call]!['entries'] as { entryId: string; event: { data: unknown } }[])

  test('several events come in one call and are answered one by one', async () => {
    await startWithDead([kafkaComponent(), subscription('t', { ...dlq, bulkSubscribe })], call => {
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

describe('life', () => {
  test('drain waits for the message in hand and commits it', async () => {
    let release = (): void => {}
    const gate = new Promise<Answer>(resolve => {
      release = () => resolve({})
    })
    await start([kafkaComponent(), subscription('t')], call => (call.path === '/events/t' ? gate : undefined))
    await place.publish('t', 1)
    await place.publish('t', 2)
    await until(() => app.events('/events/t').length === 1)
    const drained = place.sidecar.drain()
    release()
    await drained
    expect(app.events('/events/t')).toHaveLength(1)
    expect(place.log.cluster('default/todo').lag('app')[0]).toMatchObject({ committed: 1, lag: 1 })
    expect((await place.publish('t', 3)).status).toBe(204)
  })

  test('a shutdown while the app fails leaves the message for the next', async () => {
    await startWithDead(
      [kafkaComponent(), subscription('t', dlq), resiliency({ retries: { r: { duration: '1h' } } }, { components: { 'kafka-pubsub': { inbound: { retry: 'r' } } } })],
      onEvent({ status: 500 }),
    )
    await place.publish('t', 1)
    await until(() => app.events('/events/t').length === 1)
    await place.sidecar.drain()
    expect(records('dead')).toEqual([])
    // Nothing was committed: the group has no offset at all.
    expect(place.log.cluster('default/todo').lag('app')).toEqual([])
  })

  test('an unhealthy app gets nothing until it is well', async () => {
    let well = true
    await start([kafkaComponent(), subscription('t')], call => (call.path === '/healthz' ? { status: well ? 200 : 500 } : undefined), {
      healthCheck: { path: '/healthz', intervalSeconds: 0.01, timeoutMilliseconds: 500, threshold: 2 },
    })
    const members = () => place.log.cluster('default/todo').members('app').length
    await until(() => members() === 1)
    well = false
    await until(() => members() === 0)
    await place.publish('t', 1)
    well = true
    await until(() => app.events('/events/t').length === 1)
  })

  test('a broker that is not there makes the sidecar unhealthy with the reason, and its coming heals it', async () => {
    const log = openLog({ file: ':memory:' })
    app = await startApp()
    place = await startPlace([kafkaComponent({ brokers: 'late-kafka-bootstrap.default.svc:9093' }), subscription('t')], { app, log })
    const health = async () => place.call('GET', '/v1.0/healthz')
    await eventually(async () => (await problem(await health())).message.includes('BrokerNotAvailableException'))
    expect((await place.call('GET', '/v1.0/healthz/outbound')).status).toBe(500)
    log.cluster('default/late').start()
    log.cluster('default/late').createTopic({ name: 't' })
    await place.healthy()
    expect((await place.call('GET', '/v1.0/healthz/outbound')).status).toBe(204)
  })

  // Dapr's operator fails the list of the whole namespace (pkg/operator/api/components.go).
  test('a missing Secret keeps every component of the namespace from loading', async () => {
    const secretKeyRef = { name: 'db', key: 'uri' }
    const foreign = { ...kafkaComponent(), metadata: { name: 'foreign' }, scopes: ['other'], spec: { type: 'state.in-memory', version: 'v1', metadata: [{ name: 'x', secretKeyRef }] } }
    app = await startApp()
    place = await startPlace([kafkaComponent(), foreign], { app })
    await eventually(async () => (await problem(await place.call('GET', '/v1.0/healthz'))).message.includes('Secret default/db'))
    expect((await place.publish('t', 1)).status).toBe(404)
    place.resources.put({ kind: 'Secret', metadata: { name: 'db' }, data: { uri: Buffer.from('x').toString('base64') } })
    await place.healthy()
    expect((await place.publish('t', 1)).status).toBe(204)
  })

  test.each<[string, Record<string, string>, string]>([
    ['no authType', { authType: '' }, "'authType' attribute was missing or empty"],
    ['no user', { authType: 'password' }, "missing SASL Username for authType 'password'"],
    ['SCRAM-SHA-512, which silently means PLAIN', { authType: 'password', saslUsername: 'u', saslPassword: 'p', saslMechanism: 'SCRAM-SHA-512' }, 'UnsupportedSaslMechanismException'],
    ['a wrong password', { authType: 'password', saslUsername: 'u', saslPassword: 'p', saslMechanism: 'SHA-512' }, 'SaslAuthenticationException'],
  ])('the component fails with %s, unless errors are ignored', async (_what, metadata, message) => {
    const log = openLog({ file: ':memory:' })
    log.cluster('default/todo').start({ authentication: 'scram-sha-512' })
    app = await startApp()
    const bad = kafkaComponent(metadata)
    place = await startPlace([bad], { app, log })
    await eventually(async () => (await problem(await place.call('GET', '/v1.0/healthz'))).message.includes(message))
    place.resources.put({ ...bad, spec: { ...bad.spec, ignoreErrors: true } })
    await place.healthy()
  })

  test('credentials come by envRef and by Secret', async () => {
    const log = openLog({ file: ':memory:' })
    const cluster = log.cluster('default/todo')
    cluster.start()
    cluster.createTopic({ name: 't' })
    cluster.start({ authentication: 'scram-sha-512' })
    cluster.setPrincipal('u', { password: 'p', acls: [] })
    const component = kafkaComponent({ authType: 'password', saslMechanism: 'SHA-512' })
    component.spec.metadata.push(
      { name: 'saslUsername', envRef: 'KAFKA_USER' } as never,
      { name: 'saslPassword', secretKeyRef: { name: 'kafka', key: 'password' } } as never,
    )
    const secret = { kind: 'Secret', metadata: { name: 'kafka' }, data: { password: Buffer.from('p').toString('base64') } }
    await start([component, secret], undefined, { log, env: { KAFKA_USER: 'u' } })
    expect((await place.publish('t', 1)).status).toBe(204)
  })

  test('the API token is asked for, except for health', async () => {
    await start([kafkaComponent()], undefined, { apiToken: 'secret', appToken: 'for-app' })
    expect((await place.publish('t', 1)).status).toBe(401)
    expect((await place.call('GET', '/v1.0/metadata')).status).toBe(401)
    expect((await place.call('GET', '/v1.0/healthz')).status).toBe(204)
    expect((await place.call('GET', '/v1.0/metadata', undefined, { 'dapr-api-token': 'secret' })).status).toBe(200)
    expect(app.calls.find(call => call.path === '/dapr/subscribe')!.headers['dapr-api-token']).toBe('for-app')
  })
})

test('every acknowledged publish is delivered at least once and in order per key, whatever the app answers', async () => {
  await start([kafkaComponent({ backOffDuration: '1ms' })])
  place.log.cluster('default/todo').createTopic({ name: 'many', partitions: 4 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('SUCCESS', 'RETRY', '500')), { maxLength: 20 }),
      async steps => {
        app.calls.length = 0
        const refused = new Set<unknown>()
        app.answer = call => {
          if (call.path !== '/events/many') return undefined
          const { data } = JSON.parse(call.body) as { data: { n: number; how: string } }
          if (data.how === 'SUCCESS' || refused.has(data.n)) return {}
          refused.add(data.n)
          return data.how === '500' ? { status: 500 } : { body: { status: 'RETRY' } }
        }
        place.resources.put(subscription('many'))
        for (const [n, [key, how]] of steps.entries()) {
          expect((await place.publish('many', { n, key, how }, `?metadata.partitionKey=${key}`)).status).toBe(204)
        }
        await until(() => place.log.cluster('default/todo').lag('app').every(row => row.lag === 0))
        for (const key of ['a', 'b', 'c']) {
          const seen = app.events('/events/many').map(event => event['data'] as { n: number; key: string }).filter(data => data.key === key)
          const wanted = steps.flatMap(([one], n) => (one === key ? [n] : []))
          expect([...new Set(seen.map(data => data.n))]).toEqual(wanted)
          expect(seen.map(data => data.n)).toEqual(seen.map(data => data.n).sort((a, b) => a - b))
        }
      },
    ),
    { numRuns: 15 },
  )
})
