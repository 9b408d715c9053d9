import { eventually } from '../log/testing.ts'
import { kafkaComponent } from './testing.ts'
import { CLOUD_EVENT, place, problemOf, records, start } from './world.testing.ts'

describe('publish', () => {
  // components-contrib pubsub/envelope.go NewCloudEventsEnvelope, FromCloudEvent; dapr runtime/pubsub/cloudevents.go
  test.each<[string, unknown, string, string, object]>([
    [
      'JSON is wrapped as data',
      { n: 1 },
      '',
      'application/json',
      {
        data: { n: 1 },
        datacontenttype: 'application/json',
        source: 'app',
        type: 'com.dapr.event.sent',
        specversion: '1.0',
      },
    ],
    ['text is wrapped as a string', 'hi', '', 'text/plain', { data: 'hi', datacontenttype: 'text/plain' }],
    ['what claims to be JSON and is not stays a string', '{', '', 'application/json', { data: '{' }],
    ['binary is wrapped in base64', 'hi', '', 'application/octet-stream', { data_base64: 'aGk=' }],
    [
      'a CloudEvent keeps id, type, source and time',
      { id: '1', type: 'x', source: 's', time: 't', data: 1 },
      '',
      CLOUD_EVENT,
      { id: '1', type: 'x', source: 's', time: 't', data: 1, topic: 't', pubsubname: 'kafka-pubsub' },
    ],
    [
      'a CloudEvent gets what it lacks',
      { data: 1 },
      '',
      `${CLOUD_EVENT}; charset=utf-8`,
      { type: 'com.dapr.event.sent', source: 'Dapr', specversion: '1.0', data: 1 },
    ],
    [
      'cloudevent.* metadata overrides the envelope',
      1,
      '?metadata.cloudevent.id=i&metadata.cloudevent.TYPE=ty&metadata.cloudevent.source=so&metadata.cloudevent.subject=su',
      'application/json',
      { id: 'i', type: 'ty', source: 'so', subject: 'su' },
    ],
    ['cloudevent.* does not override a CloudEvent', { id: '1' }, '?metadata.cloudevent.id=i', CLOUD_EVENT, { id: '1' }],
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
  test.each(['partitionKey', '__key'])(
    'the query key %s is the record key, and metadata become headers',
    async name => {
      await start([kafkaComponent()])
      await place.call('POST', `/v1.0/publish/kafka-pubsub/t?metadata.${name}=u1&metadata.x=y`, '1', {
        'metadata.partitionKey': 'ignored',
      })
      const [record] = records('t')
      expect(Buffer.from(record!.key!).toString()).toBe('u1')
      expect(record!.headers).toEqual(expect.arrayContaining([['x', 'y']]))
    },
  )

  test('headers are no metadata: no key', async () => {
    await start([kafkaComponent()])
    await place.call('POST', '/v1.0/publish/kafka-pubsub/t', '1', { 'metadata.partitionKey': 'u1' })
    expect(records('t')[0]!.key).toBeNull()
  })

  test("the caller's trace goes on: as it is where tracing is off, with a span of its own where it is on", async () => {
    const trace = (samplingRate: string) => ({
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Configuration',
      metadata: { name: 'traced' },
      spec: { tracing: { samplingRate } },
    })
    await start([kafkaComponent(), trace('1')], undefined, { configuration: 'traced' })
    const traceId = 'a'.repeat(32)
    await place.call('POST', '/v1.0/publish/kafka-pubsub/t', '1', { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` })
    expect(JSON.parse(records('t')[0]!.text).traceparent).toMatch(
      new RegExp(`^00-${traceId}-(?!b{16})[0-9a-f]{16}-01$`),
    )
    place.resources.put(trace('0'))
    const traceparent = `00-${traceId}-${'b'.repeat(16)}-01`
    await eventually(async () => {
      await place.call('POST', '/v1.0/publish/kafka-pubsub/t', '1', { traceparent })
      return JSON.parse(records('t').at(-1)!.text).traceparent === traceparent
    })
    await place.call('POST', '/v1.0/publish/kafka-pubsub/t', '1')
    expect(JSON.parse(records('t').at(-1)!.text)).toMatchObject({ traceparent: '', traceid: '' })
  })

  // dapr pkg/api/errors/pubsub.go
  test.each<[string, string, string, string, object]>([
    [
      'an unknown pubsub',
      '/v1.0/publish/nope/t',
      '1',
      'application/json',
      { status: 404, errorCode: 'ERR_PUBSUB_NOT_FOUND', message: 'pubsub nope is not found' },
    ],
    [
      'no topic',
      '/v1.0/publish/kafka-pubsub/',
      '1',
      'application/json',
      { status: 404, errorCode: 'ERR_DIRECT_INVOKE' },
    ],
    [
      'an unknown topic',
      '/v1.0/publish/kafka-pubsub/none',
      '1',
      'application/json',
      { status: 500, errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE' },
    ],
    [
      'a CloudEvent that is no JSON',
      '/v1.0/publish/kafka-pubsub/t',
      '{',
      CLOUD_EVENT,
      { status: 500, errorCode: 'ERR_PUBSUB_CLOUD_EVENTS_SER', message: 'cannot create cloudevent' },
    ],
    [
      'a bad rawPayload',
      '/v1.0/publish/kafka-pubsub/t?metadata.rawPayload=maybe',
      '1',
      'application/json',
      { status: 400, errorCode: 'ERR_PUBSUB_REQUEST_METADATA' },
    ],
    [
      'a bulk that is no array',
      '/v1.0/publish/bulk/kafka-pubsub/t',
      '{}',
      'application/json',
      { status: 400, errorCode: 'ERR_PUBSUB_EVENTS_SER' },
    ],
    [
      'a bulk entry without id',
      '/v1.0/publish/bulk/kafka-pubsub/t',
      '[{"event":1,"contentType":"application/json"}]',
      'application/json',
      { status: 400, errorCode: 'ERR_PUBSUB_EVENTS_SER' },
    ],
    [
      'a bulk with an id twice',
      '/v1.0/publish/bulk/kafka-pubsub/t',
      '[{"entryId":"1","event":"a","contentType":"text/plain"},{"entryId":"1","event":"a","contentType":"text/plain"}]',
      'application/json',
      { status: 400, errorCode: 'ERR_PUBSUB_EVENTS_SER' },
    ],
    ['a GET', '/v1.0/publish/kafka-pubsub/t', '', '', { status: 404 }],
  ])('refuses %s', async (_what, path, body, contentType, error) => {
    await start([kafkaComponent()])
    const get = body === '' && contentType === ''
    const answer = await place.call(
      get ? 'GET' : 'POST',
      path,
      get ? undefined : body,
      get ? {} : { 'content-type': contentType },
    )
    expect(get ? { status: answer.status } : await problemOf(answer)).toMatchObject(error)
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
    if (status === 403)
      expect(await problemOf(answer)).toMatchObject({
        errorCode: 'ERR_PUBSUB_FORBIDDEN',
        message: 'topic t is not allowed for app id app',
      })
  })

  test.each(['v1.0', 'v1.0-alpha1'])(
    'bulk by %s: each entry has its key, and query metadata override all',
    async version => {
      await start([kafkaComponent()])
      const entry = (entryId: string) => ({
        entryId,
        event: { n: entryId },
        contentType: 'application/json',
        metadata: { partitionKey: `u${entryId}` },
      })
      const path = `/${version}/publish/bulk/kafka-pubsub/t`
      expect((await place.call('POST', path, [entry('1'), entry('2')])).status).toBe(204)
      expect((await place.call('POST', `${path}?metadata.partitionKey=q`, [entry('3')])).status).toBe(204)
      expect(records('t').map(record => Buffer.from(record.key!).toString())).toEqual(['u1', 'u2', 'q'])
      expect(JSON.parse(records('t')[0]!.text)).toMatchObject({ data: { n: '1' }, type: 'com.dapr.event.sent' })
    },
  )

  test('a bulk that fails names its failed entries', async () => {
    await start([kafkaComponent()])
    const answer = await place.call('POST', '/v1.0/publish/bulk/kafka-pubsub/none', [
      { entryId: '1', event: 'a', contentType: 'text/plain' },
    ])
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({
      errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE',
      failedEntries: [{ entryId: '1' }],
    })
  })

  test("the broker's authorization speaks through", async () => {
    await start([kafkaComponent()])
    place.log.cluster('default/todo').start({ authorization: true })
    expect((await problemOf(await place.publish('t', 1))).message).toBe(
      'error when publishing to topic t in pubsub kafka-pubsub: TopicAuthorizationException: Not authorized to access topics: [t]',
    )
  })
})
