import { openLog } from '../log/index.ts'
import { eventually, until } from '../log/testing.ts'
import { type Answer, kafkaComponent, resiliency, subscription } from './testing.ts'
import { app, dlq, onEvent, place, problemOf, records, start, startDead, startUnwell } from './world.testing.ts'

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
    await startDead(
      [
        kafkaComponent(),
        subscription('t', dlq),
        resiliency(
          { retries: { r: { duration: '1h' } } },
          { components: { 'kafka-pubsub': { inbound: { retry: 'r' } } } },
        ),
      ],
      onEvent({ status: 500 }),
    )
    await place.publish('t', 1)
    await until(() => app.events('/events/t').length === 1)
    await place.sidecar.drain()
    expect(records('dead')).toEqual([])
    // Nothing was committed: the group has no offset at all.
    expect(place.log.cluster('default/todo').lag('app')).toEqual([])
  })

  test('a failure of the message in hand during a shutdown makes no dead letter', async () => {
    let release = (): void => {}
    const gate = new Promise<Answer>(resolve => {
      release = () => resolve({ status: 500 })
    })
    await startDead([kafkaComponent(), subscription('t', dlq)], call => (call.path === '/events/t' ? gate : undefined))
    await place.publish('t', 1)
    await until(() => app.events('/events/t').length === 1)
    const drained = place.sidecar.drain()
    release()
    await drained
    expect(records('dead')).toEqual([])
    expect(place.log.cluster('default/todo').lag('app')).toEqual([])
  })

  test('an unhealthy app gets nothing until it is well', async () => {
    let well = true
    await start(
      [kafkaComponent(), subscription('t')],
      call => (call.path === '/healthz' ? { status: well ? 200 : 500 } : undefined),
      {
        healthCheck: { path: '/healthz', intervalSeconds: 0.01, timeoutMilliseconds: 500, threshold: 2 },
      },
    )
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
    const late = kafkaComponent({ brokers: 'late-kafka-bootstrap.default.svc:9093' })
    await startUnwell([late, subscription('t')], undefined, { log })
    const health = async () => place.call('GET', '/v1.0/healthz')
    await eventually(async () => (await problemOf(await health())).message.includes('BrokerNotAvailableException'))
    expect((await place.call('GET', '/v1.0/healthz/outbound')).status).toBe(500)
    log.cluster('default/late').start()
    log.cluster('default/late').createTopic({ name: 't' })
    await place.healthy()
    expect((await place.call('GET', '/v1.0/healthz/outbound')).status).toBe(204)
  })

  // Dapr's operator fails the list of the whole namespace (pkg/operator/api/components.go).
  test('a missing Secret keeps every component of the namespace from loading', async () => {
    const secretKeyRef = { name: 'db', key: 'uri' }
    const foreign = {
      ...kafkaComponent(),
      metadata: { name: 'foreign' },
      scopes: ['other'],
      spec: { type: 'state.in-memory', version: 'v1', metadata: [{ name: 'x', secretKeyRef }] },
    }
    await startUnwell([kafkaComponent(), foreign])
    await eventually(async () =>
      (await problemOf(await place.call('GET', '/v1.0/healthz'))).message.includes('Secret default/db'),
    )
    expect((await place.publish('t', 1)).status).toBe(404)
    place.resources.put({
      kind: 'Secret',
      metadata: { name: 'db' },
      data: { uri: Buffer.from('x').toString('base64') },
    })
    await place.healthy()
    expect((await place.publish('t', 1)).status).toBe(204)
  })

  test.each<[string, Record<string, string>, string]>([
    ['no authType', { authType: '' }, "'authType' attribute was missing or empty"],
    ['no user', { authType: 'password' }, "missing SASL Username for authType 'password'"],
    [
      'SCRAM-SHA-512, which silently means PLAIN',
      { authType: 'password', saslUsername: 'u', saslPassword: 'p', saslMechanism: 'SCRAM-SHA-512' },
      'UnsupportedSaslMechanismException',
    ],
    [
      'a wrong password',
      { authType: 'password', saslUsername: 'u', saslPassword: 'p', saslMechanism: 'SHA-512' },
      'SaslAuthenticationException',
    ],
  ])('the component fails with %s, unless errors are ignored', async (_what, metadata, message) => {
    const log = openLog({ file: ':memory:' })
    log.cluster('default/todo').start({ authentication: 'scram-sha-512' })
    const bad = kafkaComponent(metadata)
    await startUnwell([bad], undefined, { log })
    await eventually(async () => (await problemOf(await place.call('GET', '/v1.0/healthz'))).message.includes(message))
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
    const secret = {
      kind: 'Secret',
      metadata: { name: 'kafka' },
      data: { password: Buffer.from('p').toString('base64') },
    }
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
