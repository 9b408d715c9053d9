import { openKubeApi } from '../kube-api/index.ts'
import { openLog } from '../log/index.ts'
import { eventually, until } from '../log/testing.ts'
import { installCrds, startStrimzi } from '../operators/index.ts'
import { kubeDaprResources, openJobScheduler, startSidecar } from './index.ts'
import { startApp } from './testing.ts'

const kafka = 'kafka.strimzi.io/v1'
const labels = { 'strimzi.io/cluster': 'todo' }
const metadata = (name: string, more = {}) => ({ name, namespace: 'default', ...more })

test('from the resources alone: Kafka, topic, user and component come up in any order, and an event flows', async () => {
  const api = await openKubeApi({ store: 'memory' })
  await installCrds(api.client)
  const log = openLog({ file: ':memory:' })
  const jobs = openJobScheduler({ file: ':memory:' })
  const strimzi = startStrimzi({ client: api.client, log })
  const app = await startApp()
  const resources = kubeDaprResources(api.client, 'default')
  await api.client.create({
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: metadata('kafka-pubsub'),
    spec: {
      type: 'pubsub.kafka',
      version: 'v1',
      metadata: [
        { name: 'brokers', value: 'todo-kafka-bootstrap.default.svc:9093' },
        { name: 'authType', value: 'password' },
        { name: 'saslMechanism', value: 'SHA-512' },
        { name: 'saslUsername', value: 'app' },
        { name: 'saslPassword', secretKeyRef: { name: 'app', key: 'password' } },
        { name: 'initialOffset', value: 'oldest' },
      ],
    },
  })
  await api.client.create({
    apiVersion: 'dapr.io/v2alpha1',
    kind: 'Subscription',
    metadata: metadata('on-t'),
    spec: { pubsubname: 'kafka-pubsub', topic: 't', routes: { default: '/events/t' } },
  })
  const sidecar = await startSidecar({
    appId: 'app',
    namespace: 'default',
    podName: 'app-0',
    appPort: app.port,
    env: {},
    resources,
    log,
    jobs,
    resolveApp: () => undefined,
  })
  try {
    const acl = (type: string, name: string, operations: string[]) => ({
      resource: { type, name, patternType: 'literal' },
      operations,
    })
    await api.client.create({
      apiVersion: kafka,
      kind: 'KafkaUser',
      metadata: metadata('app', { labels }),
      spec: {
        authentication: { type: 'scram-sha-512' },
        authorization: {
          type: 'simple',
          acls: [acl('topic', 't', ['Read', 'Write', 'Describe']), acl('group', 'app', ['Read'])],
        },
      },
    })
    await api.client.create({
      apiVersion: kafka,
      kind: 'KafkaTopic',
      metadata: metadata('t', { labels }),
      spec: { partitions: 3 },
    })
    const storage = { type: 'ephemeral' }
    await api.client.create({
      apiVersion: kafka,
      kind: 'KafkaNodePool',
      metadata: metadata('dual', { labels }),
      spec: { replicas: 1, roles: ['controller', 'broker'], storage },
    })
    const listener = { name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'scram-sha-512' } }
    await api.client.create({
      apiVersion: kafka,
      kind: 'Kafka',
      metadata: metadata('todo'),
      spec: { kafka: { listeners: [listener], authorization: { type: 'simple' } } },
    })
    const base = `http://127.0.0.1:${sidecar.httpPort}`
    await eventually(async () => (await fetch(`${base}/v1.0/healthz`)).status === 204)
    const body = JSON.stringify({ n: 1 })
    const headers = { 'content-type': 'application/json' }
    await eventually(
      async () =>
        (await fetch(`${base}/v1.0/publish/kafka-pubsub/t`, { method: 'POST', body, headers })).status === 204,
    )
    expect(await until(() => app.events('/events/t')[0])).toMatchObject({ data: { n: 1 } })
  } finally {
    await sidecar.stop()
    resources.close()
    await strimzi.stop()
    await jobs.close()
    await log.close()
    await app.close()
    api.close()
  }
})
