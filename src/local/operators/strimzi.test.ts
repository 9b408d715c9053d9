import { X509Certificate } from 'node:crypto'
import { type KubeApi, type KubeObject, openKubeApi } from '../kube-api/index.ts'
import { type EventLog, openLog } from '../log/index.ts'
import { eventually, until } from '../log/testing.ts'
import { installCrds, startStrimzi } from './index.ts'
import type { Condition, Resource, WithConditions } from './status.ts'

// Expected answers are what Strimzi 1.2.0 with Kafka 4.3.1 answered on a real cluster.
const API = 'kafka.strimzi.io/v1'
const labels = { 'strimzi.io/cluster': 'todo' }
type Any = Resource<Record<string, unknown>>

let api: KubeApi
let log: EventLog
let stop: () => Promise<void>
const errors: unknown[] = []

beforeEach(async () => {
  errors.length = 0
  api = await openKubeApi({ store: 'memory' })
  log = openLog({ file: ':memory:' })
  await installCrds(api.client)
  await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } })
  const operator = startStrimzi({ client: api.client, log, onError: (_key, error) => errors.push(error) })
  stop = operator.stop
})
afterEach(async () => {
  await stop()
  await log.close()
  api.close()
  expect(errors).toEqual([])
})

const object = (kind: string, name: string, spec: object, metadata: object = {}): KubeObject => ({
  apiVersion: API,
  kind,
  metadata: { name, namespace: 'ns', ...metadata },
  spec,
})
const pool = (spec: object = {}, name = 'dual') =>
  object(
    'KafkaNodePool',
    name,
    { replicas: 1, roles: ['controller', 'broker'], storage: { type: 'persistent-claim', size: '1Gi' }, ...spec },
    { labels },
  )
const LISTENER = { name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'scram-sha-512' } }
const kafka = (spec: object = {}, metadata: object = {}) =>
  object('Kafka', 'todo', { kafka: { listeners: [LISTENER], authorization: { type: 'simple' }, ...spec } }, metadata)
const topic = (name: string, spec: object = {}, metadata: object = {}) =>
  object('KafkaTopic', name, spec, { labels, ...metadata })
const user = (name: string, spec: object = {}, metadata: object = {}) =>
  object('KafkaUser', name, spec, { labels, ...metadata })

const get = (kind: string, name: string) => api.client.get<Any>({ apiVersion: API, kind }, 'ns', name)
const brief = ({ type, status, reason, message }: Condition) =>
  [type, status, ...(reason ? [reason] : []), ...(message ? [message] : [])].join(' ')

/** The status once it tells of the newest generation. */
async function settled(kind: string, name: string, generation?: number): Promise<WithConditions> {
  return eventually(async () => {
    const seen = await get(kind, name)
    const conditions = seen?.status?.conditions ?? []
    const wanted = generation ?? seen?.metadata.generation
    const done = conditions.length > 0 && conditions[0]!.reason !== 'Creating'
    return done && seen?.status?.observedGeneration === wanted && seen?.status
  })
}
const conditionsOf = async (kind: string, name: string, generation?: number) =>
  (await settled(kind, name, generation)).conditions!.map(brief)

async function running(spec: object = {}) {
  await api.client.create(pool())
  await api.client.create(kafka(spec))
  expect(await conditionsOf('Kafka', 'todo')).toEqual(['Ready True'])
}

describe('Kafka', () => {
  test('becomes ready with the addresses and certificates clients need', async () => {
    await running()
    const status = await settled('Kafka', 'todo')
    expect(status).toMatchObject({
      kafkaVersion: '4.3.1',
      kafkaMetadataVersion: '4.3-IV0',
      operatorLastSuccessfulVersion: '1.2.0',
      kafkaNodePools: [{ name: 'dual' }],
      listeners: [
        {
          name: 'tls',
          addresses: [{ host: 'todo-kafka-bootstrap.ns.svc', port: 9093 }],
          bootstrapServers: 'todo-kafka-bootstrap.ns.svc:9093',
        },
      ],
    })
    const [pem] = (status['listeners'] as { certificates: string[] }[])[0]!.certificates
    const ca = new X509Certificate(pem!)
    expect(ca.ca).toBe(true)
    expect(ca.verify(ca.publicKey)).toBe(true)
    const secret = await api.client.get<KubeObject>({ apiVersion: 'v1', kind: 'Secret' }, 'ns', 'todo-cluster-ca-cert')
    expect(Buffer.from((secret!['data'] as Record<string, string>)['ca.crt']!, 'base64').toString()).toBe(pem)
    expect((await get('KafkaNodePool', 'dual'))!.status).toMatchObject({
      nodeIds: [0],
      replicas: 1,
      roles: ['controller', 'broker'],
      clusterId: status['clusterId'],
    })
    const claims = await api.client.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, 'ns')
    expect(claims.map(claim => claim.metadata.name)).toEqual(['data-todo-dual-0'])
    expect(log.resolve('todo-kafka-bootstrap.ns.svc:9093').running).toBe(true)
  })

  test('an unchanged status is not written again', async () => {
    await running()
    const before = (await get('Kafka', 'todo'))!.metadata.resourceVersion
    await api.client.merge({ apiVersion: API, kind: 'KafkaNodePool' }, 'ns', 'dual', {
      metadata: { labels: { a: 'b' } },
    })
    await api.client.create(topic('t'))
    await settled('KafkaTopic', 't')
    expect((await get('Kafka', 'todo'))!.metadata.resourceVersion).toBe(before)
  })

  test('one ephemeral node is warned of', async () => {
    await api.client.create(pool({ storage: { type: 'ephemeral' } }))
    await api.client.create(kafka())
    expect(await conditionsOf('Kafka', 'todo')).toEqual([
      'Warning True KafkaStorage A Kafka cluster with a single broker node and ephemeral storage will lose topic messages after any restart or rolling update.',
      'Warning True KafkaStorage A Kafka cluster with a single controller node and ephemeral storage will lose data after any restart or rolling update.',
      'Ready True',
    ])
  })

  test.each<[string, object, object | undefined, string]>([
    [
      'an unsupported version',
      { version: '3.9.0' },
      {},
      'UnsupportedKafkaVersionException Unsupported Kafka.spec.kafka.version: 3.9.0. Supported versions are: [4.2.0, 4.2.1, 4.3.0, 4.3.1]',
    ],
    ['no pool', {}, undefined, 'InvalidConfigurationException No KafkaNodePools found for Kafka cluster todo'],
    [
      'no controller',
      {},
      { roles: ['broker'] },
      'InvalidResourceException The Kafka cluster todo is invalid: [At least one KafkaNodePool with the controller role and at least one replica is required when KRaft mode is enabled]',
    ],
    [
      'a factor above the brokers',
      { config: { 'default.replication.factor': 3 } },
      {},
      "InvalidResourceException Kafka configuration option 'default.replication.factor' should be set to 1 because this cluster has only 1 Kafka broker(s).",
    ],
    [
      'a number that is none',
      { config: { 'num.partitions': 'abc' } },
      {},
      "InvalidResourceException Kafka ns/todo has invalid spec.kafka.config: num.partitions has value 'abc' which is not an int",
    ],
    [
      'two listeners of one name',
      { listeners: [LISTENER, { ...LISTENER, port: 9094 }] },
      {},
      'InvalidResourceException Listener configuration is not valid: [every listener needs to have a unique name]',
    ],
  ])('refuses %s', async (_what, spec, poolSpec, message) => {
    if (poolSpec) await api.client.create(pool(poolSpec))
    await api.client.create(kafka(spec))
    expect(await conditionsOf('Kafka', 'todo')).toEqual([`NotReady True ${message}`])
  })

  test('a pool scaled to nothing is refused, and back again is ready', async () => {
    await running()
    const scale = (replicas: number) =>
      api.client.merge({ apiVersion: API, kind: 'KafkaNodePool' }, 'ns', 'dual', { spec: { replicas } })
    await scale(0)
    await eventually(async () => {
      const seen = await conditionsOf('Kafka', 'todo')
      return seen[0]?.includes("don't exist or have 0 replicas")
    })
    expect((await get('Kafka', 'todo'))!.status).not.toHaveProperty('listeners')
    await scale(1)
    await eventually(async () => {
      const seen = await conditionsOf('Kafka', 'todo')
      return seen[0] === 'Ready True'
    })
  })

  test('created paused, it says so and does nothing', async () => {
    await api.client.create(pool())
    await api.client.create(kafka({}, { annotations: { 'strimzi.io/pause-reconciliation': 'true' } }))
    expect(await conditionsOf('Kafka', 'todo', 0)).toEqual(['ReconciliationPaused True'])
    expect(log.cluster('ns/todo').running).toBe(false)
  })

  test.each([
    [
      'a port below 9092',
      kafka({ listeners: [{ ...LISTENER, port: 9091 }] }),
      'should be greater than or equal to 9092',
    ],
    ['no listener', kafka({ listeners: [] }), 'should have at least 1 items'],
    ['no partitions', topic('t', { partitions: 0 }), 'should be greater than or equal to 1'],
    [
      'an unknown operation',
      user('u', {
        authorization: { type: 'simple', acls: [{ resource: { type: 'topic' }, operations: ['Nonsense'] }] },
      }),
      'Unsupported value: "Nonsense"',
    ],
  ])('the CRD refuses %s', async (_what, refused, message) => {
    await expect(api.client.create(refused)).rejects.toThrow(message)
  })
})

describe('KafkaTopic', () => {
  const change = (name: string, patch: object) =>
    api.client.merge({ apiVersion: API, kind: 'KafkaTopic' }, 'ns', name, patch)

  test('is created, grown, configured and deleted', async () => {
    await running()
    await api.client.create(topic('t', { partitions: 2, replicas: 1, config: { 'retention.ms': 1000 } }))
    expect(await conditionsOf('KafkaTopic', 't')).toEqual(['Ready True'])
    const live = log.cluster('ns/todo').describeTopic('t')!
    expect(live).toMatchObject({ partitions: 2, config: { 'retention.ms': '1000' } })
    expect(await settled('KafkaTopic', 't')).toMatchObject({
      topicName: 't',
      topicId: live.topicId,
      observedGeneration: 1,
    })
    expect((await get('KafkaTopic', 't'))!.metadata.finalizers).toEqual(['strimzi.io/topic-operator'])
    await change('t', { spec: { partitions: 5, config: null } })
    await settled('KafkaTopic', 't', 2)
    expect(log.cluster('ns/todo').describeTopic('t')).toMatchObject({ partitions: 5, config: {} })
    await api.client.delete({ apiVersion: API, kind: 'KafkaTopic' }, 'ns', 't')
    await until(() => log.cluster('ns/todo').describeTopic('t') === undefined)
    await eventually(async () => (await get('KafkaTopic', 't')) === undefined)
  })

  test.each<[string, object, object | undefined, string]>([
    ['fewer partitions', { partitions: 5 }, { partitions: 1 }, 'NotSupported Decreasing partitions not supported'],
    [
      'another replication',
      { partitions: 2, replicas: 1 },
      { replicas: 2 },
      'NotSupported Replication factor change not supported, but required for partitions [0, 1]',
    ],
    ['another topic name', {}, { topicName: 'other' }, 'NotSupported Changing spec.topicName is not supported'],
    [
      'an unknown option',
      {},
      { config: { 'no.such.key': 1 } },
      'KafkaError org.apache.kafka.common.errors.InvalidConfigurationException: Unknown topic config name: no.such.key',
    ],
    [
      'a bad number',
      {},
      { config: { 'retention.ms': 'abc' } },
      'KafkaError org.apache.kafka.common.errors.InvalidConfigurationException: Invalid value abc for configuration retention.ms: Not a number of type LONG',
    ],
    [
      'too many replicas',
      { replicas: 3 },
      undefined,
      'KafkaError org.apache.kafka.common.errors.InvalidReplicationFactorException: Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.',
    ],
    [
      'a bad name',
      { topicName: 'bad name!' },
      undefined,
      "KafkaError org.apache.kafka.common.errors.InvalidTopicException: Topic name is invalid: 'bad name!' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
  ])('refuses %s and leaves the topic', async (_what, spec, after, message) => {
    await running()
    await api.client.create(topic('t', spec))
    let status = await settled('KafkaTopic', 't', 1)
    const live = log.cluster('ns/todo').describeTopic('t')
    if (after) {
      expect(status.conditions!.map(brief)).toEqual(['Ready True'])
      await change('t', { spec: after })
      status = await settled('KafkaTopic', 't', 2)
    }
    expect(status.conditions!.map(brief)).toEqual([`Ready False ${message}`])
    expect(log.cluster('ns/todo').describeTopic('t')).toEqual(live)
    if ('topicName' in (after ?? {})) expect(status).toMatchObject({ topicName: 't' })
    expect('topicId' in status).toBe(after !== undefined && !('topicName' in after))
  })

  test('of two resources for one topic the second waits until the first is gone', async () => {
    await running()
    await api.client.create(topic('first', { topicName: 'shared' }))
    await settled('KafkaTopic', 'first')
    await api.client.create(topic('second', { topicName: 'shared' }))
    expect(await conditionsOf('KafkaTopic', 'second')).toEqual([
      "Ready False ResourceConflict Managed by Ref{namespace='ns', name='first'}",
    ])
    expect((await get('KafkaTopic', 'second'))!.metadata.finalizers).toBeUndefined()
    expect(await conditionsOf('KafkaTopic', 'first')).toEqual(['Ready True'])
    await api.client.delete({ apiVersion: API, kind: 'KafkaTopic' }, 'ns', 'first')
    await eventually(async () => {
      const seen = await conditionsOf('KafkaTopic', 'second')
      return seen[0] === 'Ready True'
    })
  })

  test('unmanaged, it is left alone, and its deletion keeps the data', async () => {
    await running()
    await api.client.create(topic('t'))
    await settled('KafkaTopic', 't')
    await change('t', { metadata: { annotations: { 'strimzi.io/managed': 'false' } } })
    await eventually(async () => {
      const seen = await conditionsOf('KafkaTopic', 't')
      return seen[0] === 'Unmanaged True'
    })
    await api.client.delete({ apiVersion: API, kind: 'KafkaTopic' }, 'ns', 't')
    expect(await get('KafkaTopic', 't')).toBeUndefined()
    expect(log.cluster('ns/todo').describeTopic('t')).toBeDefined()
  })

  test('waits for its cluster', async () => {
    await api.client.create(topic('t'))
    await running()
    expect(await conditionsOf('KafkaTopic', 't')).toEqual(['Ready True'])
  })
})

describe('KafkaUser', () => {
  const scram = { authentication: { type: 'scram-sha-512' } }
  const secret = async (name: string) => {
    const found = await api.client.get<KubeObject>({ apiVersion: 'v1', kind: 'Secret' }, 'ns', name)
    const data = found?.['data'] as Record<string, string> | undefined
    return (
      data &&
      Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
    )
  }

  test('gets a password that opens the cluster for what its ACLs allow', async () => {
    await running()
    await api.client.create(topic('t'))
    await settled('KafkaTopic', 't')
    const acls = [{ resource: { type: 'topic', name: 't', patternType: 'literal' }, operations: ['Write', 'Describe'] }]
    await api.client.create(user('app', { ...scram, authorization: { type: 'simple', acls } }))
    expect(await settled('KafkaUser', 'app')).toMatchObject({ username: 'app', secret: 'app', observedGeneration: 1 })
    const data = (await secret('app'))!
    expect(data['sasl.jaas.config']).toBe(
      `org.apache.kafka.common.security.scram.ScramLoginModule required username="app" password="${data['password']}";`,
    )
    const cluster = log.cluster('ns/todo')
    const connection = cluster.connect({ username: 'app', password: data['password']! })
    await connection.append({ topic: 't', value: 'x' })
    await api.client.delete({ apiVersion: API, kind: 'KafkaUser' }, 'ns', 'app')
    await until(() => {
      try {
        cluster.connect({ username: 'app', password: data['password']! })
        return false
      } catch (error) {
        return (error as Error).name === 'SaslAuthenticationException'
      }
    })
  })

  test('a deleted secret is made again', async () => {
    await running()
    await api.client.create(user('app', scram))
    await settled('KafkaUser', 'app')
    await api.client.delete({ apiVersion: 'v1', kind: 'Secret' }, 'ns', 'app')
    await eventually(() => secret('app'))
  })

  test('a TLS user gets a certificate of the clients authority', async () => {
    await running()
    await api.client.create(user('u2', { authentication: { type: 'tls' } }))
    expect(await settled('KafkaUser', 'u2')).toMatchObject({ username: 'CN=u2', secret: 'u2' })
    const data = (await secret('u2'))!
    const certificate = new X509Certificate(data['user.crt']!)
    expect(certificate.subject).toBe('CN=u2')
    expect(certificate.verify(new X509Certificate(data['ca.crt']!).publicKey)).toBe(true)
  })

  test.each<[string, string, object, object]>([
    ['external TLS', 'u3', { authentication: { type: 'tls-external' } }, { username: 'CN=u3' }],
    ['no authentication', 'u4', {}, { username: 'u4' }],
  ])('%s makes no secret', async (_what, name, spec, identity) => {
    await running()
    await api.client.create(user(name, spec))
    const status = await settled('KafkaUser', name)
    expect(status).toMatchObject(identity)
    expect(status).not.toHaveProperty('secret')
  })

  test.each<[string, object, string]>([
    [
      'a password from a missing secret',
      {
        authentication: {
          type: 'scram-sha-512',
          password: { valueFrom: { secretKeyRef: { name: 'nope', key: 'p' } } },
        },
      },
      'ExecutionException java.util.concurrent.CompletionException: io.strimzi.operator.common.model.InvalidResourceException: Secret nope in namespace ns not found',
    ],
    [
      'a TLS name that is too long',
      { authentication: { type: 'tls' } },
      'ExecutionException io.strimzi.operator.common.ReconciliationException: io.strimzi.operator.common.model.InvalidResourceException: Users with TLS client authentication can have a username (name of the KafkaUser custom resource) only up to 64 characters long.',
    ],
  ])('refuses %s', async (_what, spec, message) => {
    await running()
    const name = 'u'.repeat(73)
    await api.client.create(user(name, spec))
    expect(await conditionsOf('KafkaUser', name)).toEqual([`NotReady True ${message}`])
  })

  test('ACLs without authorization in the cluster are refused', async () => {
    await api.client.create(pool())
    await api.client.create(object('Kafka', 'todo', { kafka: { listeners: [LISTENER] } }))
    await api.client.create(user('app', { ...scram, authorization: { type: 'simple', acls: [] } }))
    expect(await conditionsOf('KafkaUser', 'app')).toEqual([
      'NotReady True InvalidResourceException Simple authorization ACL rules are configured but not supported in the Kafka cluster configuration.',
    ])
  })

  test('created paused, it says so', async () => {
    await running()
    await api.client.create(user('app', scram, { annotations: { 'strimzi.io/pause-reconciliation': 'true' } }))
    expect(await conditionsOf('KafkaUser', 'app', 0)).toEqual(['ReconciliationPaused True'])
  })
})

test.each([
  ['kept', false, 1],
  ['lost', true, 0],
])('with deleteClaim=%s the data of a deleted Kafka is %s', async (_word, deleteClaim, topics) => {
  await api.client.create(pool({ storage: { type: 'persistent-claim', size: '1Gi', deleteClaim } }))
  await api.client.create(kafka())
  await settled('Kafka', 'todo')
  log.cluster('ns/todo').createTopic({ name: 't' })
  await api.client.delete({ apiVersion: API, kind: 'Kafka' }, 'ns', 'todo')
  await until(() => !log.cluster('ns/todo').running)
  await until(() => log.cluster('ns/todo').listTopics().length === topics)
})

test('after a restart clusters, topics and users are there again', async () => {
  await running()
  await api.client.create(user('app', { authentication: { type: 'scram-sha-512' } }))
  await settled('KafkaUser', 'app')
  await stop()
  await log.cluster('ns/todo').stop()
  log.cluster('ns/todo').removePrincipal('app')
  stop = startStrimzi({ client: api.client, log, onError: (_key, error) => errors.push(error) }).stop
  const found = await api.client.get<KubeObject>({ apiVersion: 'v1', kind: 'Secret' }, 'ns', 'app')
  const password = Buffer.from((found!['data'] as Record<string, string>)['password']!, 'base64').toString()
  await until(() => {
    try {
      return log.cluster('ns/todo').connect({ username: 'app', password }) !== undefined
    } catch {
      return false
    }
  })
})
