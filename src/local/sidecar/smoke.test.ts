import { until } from '../log/testing.ts'
import { kafkaComponent, startApp, startPlace, subscription } from './testing.ts'

test('an event published through the sidecar reaches the app, with its metadata as headers', async () => {
  const app = await startApp()
  const place = await startPlace([kafkaComponent(), subscription('t')], { app })
  try {
    await place.healthy()
    expect((await place.publish('t', { n: 1 }, '?metadata.partitionKey=u1')).status).toBe(204)
    const event = await until(() => app.events('/events/t')[0])
    expect(event).toMatchObject({
      type: 'com.dapr.event.sent',
      source: 'app',
      data: { n: 1 },
      topic: 't',
      pubsubname: 'kafka-pubsub',
    })
  } finally {
    await place.close()
  }
})
