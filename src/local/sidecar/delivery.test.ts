import fc from 'fast-check'
import { until } from '../log/testing.ts'
import { type Answer, kafkaComponent, resiliency, subscription } from './testing.ts'
import { app, CLOUD_EVENT, dlq, onEvent, place, records, start, startDead } from './world.testing.ts'

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
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    await place.call('POST', '/v1.0/publish/kafka-pubsub/t?metadata.partitionKey=u1', { n: 1 }, { traceparent })
    const call = await until(() => app.calls.find(one => one.path === '/events/t'))
    expect(call.headers).toMatchObject({
      'content-type': CLOUD_EVENT,
      __key: 'u1',
      __offset: '0',
      __partition: '0',
      __topic: 't',
      partitionkey: 'u1',
      pubsubname: 'kafka-pubsub',
    })
    expect(call.headers['__timestamp']).toMatch(/^\d{13}$/)
    expect(call.headers['traceparent']).toBe(traceparent)
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
    await startDead([kafkaComponent(), subscription('t', dlq)], onEvent(answer))
    expect(await attemptsUntilNext()).toBe(1)
    if (!dead) expect(records('dead')).toEqual([])
    else await until(() => records('dead').length === 2)
  })

  test('a dead letter has the bytes, the key and the headers of the message', async () => {
    await startDead([kafkaComponent(), subscription('t', dlq)], onEvent({ status: 500 }))
    await place.publish('t', { n: 1 }, '?metadata.partitionKey=u1&metadata.x=y')
    const dead = await until(() => records('dead')[0])
    expect(dead.text).toBe(records('t')[0]!.text)
    expect(Buffer.from(dead.key!).toString()).toBe('u1')
    expect(Object.fromEntries(dead.headers)).toMatchObject({ x: 'y', __topic: 't', pubsubName: 'kafka-pubsub' })
  })

  test.each<[string, object, Answer | ((n: number) => Answer), number, number]>([
    ['maxRetries 2', { maxRetries: 2 }, { status: 500 }, 3, 1],
    ['success at the second attempt', { maxRetries: 5 }, n => (n === 1 ? { status: 500 } : {}), 2, 0],
    [
      'a status that does not match',
      { maxRetries: 5, matching: { httpStatusCodes: '429,502-504' } },
      { status: 500 },
      1,
      1,
    ],
    [
      'a status that matches a range',
      { maxRetries: 2, matching: { httpStatusCodes: '429,500-504' } },
      { status: 503 },
      3,
      1,
    ],
    [
      'RETRY, whatever matches',
      { maxRetries: 1, matching: { httpStatusCodes: '429' } },
      { body: { status: 'RETRY' } },
      2,
      1,
    ],
    ['DROP is not retried', { maxRetries: 5 }, { body: { status: 'DROP' } }, 1, 1],
  ])('resiliency: %s', async (_what, policy, answer, attempts, dead) => {
    const retry = { policy: 'constant', duration: '1ms', ...policy }
    const targets = { components: { 'kafka-pubsub': { inbound: { retry: 'r' } } } }
    await startDead(
      [kafkaComponent(), subscription('t', dlq), resiliency({ retries: { r: retry } }, targets)],
      onEvent(answer),
    )
    await place.publish('t', 'first')
    await until(() => app.events('/events/t').length >= attempts && records('dead').length === dead)
    expect(app.events('/events/t')).toHaveLength(attempts)
  })

  test('a default policy of the most specific name applies', async () => {
    const retries = {
      DefaultRetryPolicy: { policy: 'constant', duration: '1ms', maxRetries: 9 },
      DefaultPubsubComponentInboundRetryPolicy: { policy: 'constant', duration: '1ms', maxRetries: 1 },
    }
    await startDead([kafkaComponent(), subscription('t', dlq), resiliency({ retries }, {})], onEvent({ status: 500 }))
    await place.publish('t', 'first')
    await until(() => records('dead').length === 1)
    expect(app.events('/events/t')).toHaveLength(2)
  })

  test('a timeout ends an attempt', async () => {
    const policies = { timeouts: { short: '20ms' }, retries: {} }
    const targets = { components: { 'kafka-pubsub': { inbound: { timeout: 'short' } } } }
    await startDead([kafkaComponent(), subscription('t', dlq), resiliency(policies, targets)], call =>
      call.path === '/events/t' ? new Promise(() => {}) : undefined,
    )
    await place.publish('t', 'first')
    await until(() => records('dead').length === 1)
  })

  test('an open circuit breaker spares the app', async () => {
    const policies = { circuitBreakers: { cb: { maxRequests: 1, timeout: '1h', trip: 'consecutiveFailures >= 2' } } }
    const targets = { components: { 'kafka-pubsub': { inbound: { circuitBreaker: 'cb' } } } }
    await startDead([kafkaComponent(), subscription('t', dlq), resiliency(policies, targets)], onEvent({ status: 500 }))
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
    await startDead([kafkaComponent(), subscription('t', { ...dlq, routes })])
    await place.publish('t', { id: '1', source: 's', specversion: '1.0', ...event }, '', CLOUD_EVENT)
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
    await startDead([kafkaComponent(), subscription('t', dlq)])
    await place.publish('t', { id: '1', expiration: '2020-01-01T00:00:00Z', data: 1 }, '', CLOUD_EVENT)
    await until(() => records('dead').length === 1)
    await place.publish('t', 'fresh', '?metadata.ttlInSeconds=60')
    const event = await until(() => app.events('/events/t')[0])
    expect(event).toMatchObject({ data: 'fresh' })
    expect(Date.parse(String(event['expiration']))).toBeGreaterThan(Date.now())
  })

  test('a raw subscription gets data_base64 and a new id at each delivery', async () => {
    await start(
      [kafkaComponent(), subscription('t', { metadata: { rawPayload: 'true' } })],
      onEvent(n => (n === 1 ? { status: 500 } : {})),
    )
    await place.publish('t', 'hi', '?metadata.rawPayload=true')
    const [first, second] = await until(() => app.events('/events/t').length === 2 && app.events('/events/t'))
    expect(first).toMatchObject({
      data_base64: 'aGk=',
      datacontenttype: 'application/octet-stream',
      type: 'com.dapr.event.sent',
    })
    expect(second!['id']).not.toBe(first!['id'])
  })

  test('a message that is no CloudEvent goes to the dead letters', async () => {
    await startDead([kafkaComponent(), subscription('t', dlq)])
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
        await until(() =>
          place.log
            .cluster('default/todo')
            .lag('app')
            .every(row => row.lag === 0),
        )
        for (const key of ['a', 'b', 'c']) {
          const seen = app
            .events('/events/many')
            .map(event => event['data'] as { n: number; key: string })
            .filter(data => data.key === key)
          const wanted = steps.flatMap(([one], n) => (one === key ? [n] : []))
          expect([...new Set(seen.map(data => data.n))]).toEqual(wanted)
          expect(seen.map(data => data.n)).toEqual(seen.map(data => data.n).sort((a, b) => a - b))
        }
      },
    ),
    { numRuns: 15 },
  )
})
