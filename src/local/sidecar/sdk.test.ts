import { DaprClient, HttpMethod, LogLevel } from '@dapr/dapr'
import { until } from '../log/testing.ts'
import { component, kafkaComponent, startApp, startPlace, subscription } from './testing.ts'

/** A refused publish is part of the test; the SDK would print it. */
const quiet = (): void => {}
const silent = { error: quiet, warn: quiet, info: quiet, verbose: quiet, debug: quiet }

/** The official SDK talks to the embedded sidecar as to a real one. */
test('the SDK publishes, keeps state, reads secrets and invokes', async () => {
  const app = await startApp(call => (call.path.startsWith('/greet') ? { body: { hello: 'you' } } : undefined))
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'mine', namespace: 'default' },
    stringData: { key: 'value' },
  }
  const place = await startPlace(
    [kafkaComponent(), subscription('t'), component('memory', 'state.in-memory'), secret],
    { app },
  )
  const client = new DaprClient({
    daprHost: '127.0.0.1',
    daprPort: String(place.sidecar.httpPort),
    logger: { service: silent, level: LogLevel.Error },
  })
  try {
    expect(await client.health.isHealthy()).toBe(true)

    const published = await client.pubsub.publish(
      'kafka-pubsub',
      't',
      { id: 7 },
      { metadata: { partitionKey: 'user-1' } },
    )
    expect(published.error).toBeUndefined()
    await until(() => app.events('/events/t').length === 1)
    expect(app.events('/events/t')[0]).toMatchObject({ type: 'com.dapr.event.sent', data: { id: 7 } })
    const refused = await client.pubsub.publish('nowhere', 't', {})
    expect(refused.error).toBeDefined()

    await client.state.save('memory', [{ key: 'a', value: { n: 1 } }])
    expect(await client.state.get('memory', 'a')).toEqual({ n: 1 })
    await client.state.transaction('memory', [{ operation: 'delete', request: { key: 'a' } }])
    expect(await client.state.get('memory', 'a')).toBeFalsy()

    expect(await client.secret.get('kubernetes', 'mine')).toEqual({ key: 'value' })
    expect(await client.invoker.invoke('app', 'greet?x=1', HttpMethod.GET)).toEqual({ hello: 'you' })
    expect(await client.metadata.get()).toMatchObject({ id: 'app' })
  } finally {
    await client.stop()
    await place.close()
  }
})
