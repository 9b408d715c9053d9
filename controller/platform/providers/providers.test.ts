import type { PlatformSpec } from '../../../src/contracts/generated/platform.ts'
import { encodeReport, type TopicsReport } from '../../../src/contracts/topics-job.ts'
import { PlatformWorld } from '../../../test/support/platform-world.ts'
import { platformOf } from '../../../test/support/platforms.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { KINDS } from '../platform.ts'

const DATABASE = { secretRef: { name: 'db', key: 'uri' } }
const base64 = (text: string): string => Buffer.from(text).toString('base64')

async function worldWith(spec: Partial<PlatformSpec>, ...objects: KubeObject[]): Promise<PlatformWorld> {
  const world = await PlatformWorld.open('todo', 'kafka', 'other')
  const people = world.api.clientFor('people')
  for (const object of [secret('db', { uri: 'postgresql://x' }), ...objects]) await people.create(object as never)
  await people.create(platformOf({ database: DATABASE, ...spec }, { uid: undefined as never }) as never)
  await world.settle()
  return world
}

const secret = (name: string, data: Record<string, string>, namespace = 'todo'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
})

const conditionOf = async (world: PlatformWorld, type: string, namespace = 'todo', name = 'todo') =>
  (await world.platform(namespace, name)).status!.conditions!.find(each => each.type === type)!

const edit = async (world: PlatformWorld, spec: Partial<PlatformSpec>): Promise<void> => {
  const { metadata } = await world.platform()
  const { spec: whole } = platformOf({ database: DATABASE, ...spec })
  await world.api.clientFor('people').replace({ ...KINDS.platform, metadata, spec: whole } as never)
  await world.settle()
}

const metadataOf = (component: KubeObject): Record<string, unknown> =>
  Object.fromEntries(
    component['spec'].metadata.map((item: { name: string; value?: string; envRef?: string; secretKeyRef?: object }) => [
      item.name,
      item.value ?? item.envRef ?? item.secretKeyRef,
    ]),
  )
const pubsub = async (world: PlatformWorld): Promise<Record<string, unknown>> =>
  metadataOf((await world.client.get(KINDS.component, 'todo', 'kafka-pubsub'))!)

const sharedKafka = (listener: object = {}): KubeObject => ({
  ...KINDS.kafka,
  metadata: { name: 'shared', namespace: 'kafka' },
  spec: {
    kafka: {
      listeners: [
        { name: 'plain', port: 9092, type: 'internal', tls: false },
        {
          name: 'secure',
          port: 9094,
          type: 'internal',
          tls: true,
          authentication: { type: 'scram-sha-512' },
          ...listener,
        },
      ],
    },
    entityOperator: { topicOperator: {}, userOperator: {} },
  },
})
const shared = (prefix?: string) => ({
  kafka: { strimzi: { clusterRef: { name: 'shared', namespace: 'kafka' } }, ...(prefix && { prefix }) },
})

describe('a Kafka of Strimzi that exists', () => {
  test('topics and users come to its namespace under a prefix, passwords to ours; the platform gets ready', async () => {
    const world = await worldWith(shared(), sharedKafka())
    const user = (await world.client.get(KINDS.user, 'kafka', 'todo-todo.audit-service'))!
    expect(user['spec'].authorization.acls.map((acl: { resource: object }) => acl.resource)).toContainEqual({
      type: 'group',
      name: 'todo-todo.audit-service',
      patternType: 'literal',
    })
    const copy = (await world.client.get(KINDS.secret, 'todo', 'todo-kafka-audit-service'))!
    expect(copy['data'].username).toBe(base64('todo-todo.audit-service'))
    expect(await pubsub(world)).toMatchObject({ consumerGroup: 'todo-todo.{appID}' })
    world.api.close()
  })

  test('without a listener that knows SCRAM nothing is written to it, and the way out is told', async () => {
    const world = await worldWith(shared(), sharedKafka({ authentication: { type: 'tls' } }))
    expect((await conditionOf(world, 'TopicsReady')).message).toMatch(
      /no listener with authentication scram-sha-512: add one/,
    )
    expect(await world.client.get(KINDS.topic, 'kafka', 'todo-todo.task-events')).toBeUndefined()
    world.api.close()
  })

  test('two platforms under one prefix do not take each other’s topics: the second is told whose they are', async () => {
    const world = await worldWith(shared('team.'), sharedKafka())
    const people = world.api.clientFor('people')
    await people.create(secret('db', { uri: 'x' }, 'other').valueOf() as never)
    const { apiVersion, kind, spec } = platformOf({ database: DATABASE, ...shared('team.') })
    await people.create({ apiVersion, kind, metadata: { name: 'second', namespace: 'other' }, spec } as never)
    await world.settle('other', 'second')
    const ready = await conditionOf(world, 'Ready', 'other', 'second')
    expect(ready).toMatchObject({ status: 'False', reason: 'SpecRefused' })
    expect(ready.message).toMatch(
      /TEP-SPEC-NAME-TAKEN.*KafkaTopic kafka\/team\.task-events belongs to TodoEventPlatform todo\/todo/,
    )
    const topic = (await world.client.get(KINDS.topic, 'kafka', 'team.task-events'))!
    expect(topic.metadata.labels).toMatchObject({ 'todo.events/platform': 'todo' })
    world.writes = []
    await world.settle()
    expect(world.writes).toEqual([])
    world.api.close()
  })

  test('another cluster or prefix is refused, the one in force goes on, and the rest of the edit comes about', async () => {
    const world = await worldWith(shared(), sharedKafka())
    await edit(world, { ...shared('elsewhere.'), services: { backend: { replicas: 3 } } })
    expect(await conditionOf(world, 'KafkaReady')).toMatchObject({ status: 'False', reason: 'SpecRefused' })
    expect((await conditionOf(world, 'KafkaReady')).message).toMatch(/^TEP-SPEC-KAFKA-SWITCH spec\.kafka\.prefix/)
    expect(await world.client.get(KINDS.topic, 'kafka', 'elsewhere.task-events')).toBeUndefined()
    expect(await world.client.get(KINDS.topic, 'kafka', 'todo-todo.task-events')).toBeDefined()
    expect((await world.client.get(KINDS.deployment, 'todo', 'todo-backend'))!['spec'].replicas).toBe(3)
    await edit(world, shared())
    expect(await conditionOf(world, 'Ready')).toMatchObject({ status: 'True' })
    world.api.close()
  })
})

describe('a Kafka that Strimzi makes for us', () => {
  const made = (strimzi: object): Partial<PlatformSpec> => ({ kafka: { strimzi } })
  const big = { brokers: { replicas: 1, storage: { size: '10Gi', class: 'fast' } } }
  const volumeOf = async (world: PlatformWorld): Promise<object> =>
    (await world.client.get(KINDS.nodePool, 'todo', 'todo-broker'))!['spec'].storage.volumes[0]

  test.each([
    [
      'a smaller volume',
      { brokers: { replicas: 1, storage: { size: '9Gi', class: 'fast' } } },
      'brokers.storage.size',
      'TEP-SPEC-KAFKA-STORAGE',
    ],
    [
      'another class',
      { brokers: { replicas: 1, storage: { size: '20Gi', class: 'slow' } } },
      'brokers.storage.class',
      'TEP-SPEC-KAFKA-STORAGE',
    ],
    ['controllers of their own', { ...big, controllers: { replicas: 3 } }, 'controllers', 'TEP-SPEC-KAFKA-NODES'],
  ])('%s is refused by field; the nodes stay as they are', async (_name, strimzi, field, code) => {
    const world = await worldWith(made(big))
    await edit(world, made(strimzi))
    expect((await conditionOf(world, 'KafkaReady')).message).toContain(`${code} spec.kafka.strimzi.${field}: `)
    expect(await volumeOf(world)).toMatchObject({ class: 'fast' })
    expect(await conditionOf(world, 'ServicesReady')).toMatchObject({ status: 'True' })
    expect(await world.client.get(KINDS.nodePool, 'todo', 'todo-controller')).toBeUndefined()
    world.api.close()
  })

  test('a larger volume is no refusal', async () => {
    const world = await worldWith(made(big))
    await edit(world, made({ brokers: { replicas: 1, storage: { size: '20Gi', class: 'fast' } } }))
    expect(await volumeOf(world)).toMatchObject({ size: '20Gi' })
    expect(await conditionOf(world, 'Ready')).toMatchObject({ status: 'True' })
    world.api.close()
  })

  test('more brokers do not raise how many copies old topics must have to be written to', async () => {
    const world = await worldWith(made(big))
    await edit(world, made({ brokers: { ...big.brokers, replicas: 3 } }))
    const { config } = (await world.client.get(KINDS.kafka, 'todo', 'todo'))!['spec'].kafka
    expect(config).toMatchObject({ 'default.replication.factor': 1, 'min.insync.replicas': 1 })
    world.api.close()
  })

  test('other replicas of a topic need Cruise Control', async () => {
    const topics = (replicas: number) => ({
      ...made({ brokers: { replicas: 3 } }),
      topics: [{ name: 'reminders', replicas }],
    })
    const world = await worldWith(topics(3))
    await edit(world, topics(1))
    expect((await conditionOf(world, 'TopicsReady')).message).toMatch(
      /TEP-SPEC-TOPIC-REPLICAS .*from 3 to 1 without Cruise Control/,
    )
    expect((await world.client.get(KINDS.topic, 'todo', 'reminders'))!['spec'].replicas).toBe(3)
    world.api.close()
  })

  test('a password that Strimzi rotates reaches our copy and rolls the pods that use it', async () => {
    const world = await worldWith(made({}))
    const people = world.api.clientFor('people')
    const hashes = async () =>
      Promise.all(
        ['audit', 'backend'].map(
          async name =>
            (await world.client.get(KINDS.deployment, 'todo', `todo-${name}`))!['spec'].template.metadata.annotations[
              'todo.events/secrets-hash'
            ],
        ),
      )
    const [audit, backend] = await hashes()
    await people.merge(KINDS.secret, 'todo', 'audit-service', { data: { password: base64('new') } })
    await world.settle()
    expect((await world.client.get(KINDS.secret, 'todo', 'todo-kafka-audit-service'))!['data'].password).toBe(
      base64('new'),
    )
    const [auditAfter, backendAfter] = await hashes()
    expect([auditAfter !== audit, backendAfter === backend]).toEqual([true, true])
    world.api.close()
  })
})

describe('Redpanda run by its operator', () => {
  const redpanda = (clusterSpec: object): KubeObject => ({
    ...KINDS.redpanda,
    metadata: { name: 'redpanda', namespace: 'kafka' },
    spec: { clusterSpec },
  })
  const spec = { kafka: { redpanda: { clusterRef: { name: 'redpanda', namespace: 'kafka' } } } }

  test('gets Topics and Users beside it; the platform gets ready with SCRAM and its CA', async () => {
    const world = await worldWith(
      spec,
      redpanda({ auth: { sasl: { enabled: true } }, listeners: { kafka: { port: 9095 } } }),
      secret('redpanda-default-cert', { 'ca.crt': 'PEM' }, 'kafka'),
    )
    expect(await conditionOf(world, 'Ready')).toMatchObject({ status: 'True' })
    const topic = (await world.client.get(KINDS.redpandaTopic, 'kafka', 'todo-todo.task-events'))!
    expect(topic['spec']).toMatchObject({ partitions: 6, additionalConfig: { 'retention.ms': '604800000' } })
    const user = (await world.client.get(KINDS.redpandaUser, 'kafka', 'todo-todo.realtime-service'))!
    expect(user['spec'].authorization.acls.at(-1).resource).toEqual({
      type: 'group',
      name: 'todo-todo.realtime-service-',
      patternType: 'prefixed',
    })
    expect(await pubsub(world)).toMatchObject({
      brokers: 'redpanda.kafka.svc.cluster.local:9095',
      saslMechanism: 'SHA-512',
      caCert: { name: 'todo-kafka-ca', key: 'ca.crt' },
    })
    await edit(world, { ...spec, topics: [{ name: 'task-events', partitions: 2, replicas: 3 }] })
    expect((await conditionOf(world, 'TopicsReady')).message).toMatch(/TEP-SPEC-TOPIC-PARTITIONS/)
    world.api.close()
  })

  test('that lets everybody in is not used: the way out names the field', async () => {
    const world = await worldWith(spec, redpanda({}))
    expect((await conditionOf(world, 'TopicsReady')).message).toContain('spec.clusterSpec.auth.sasl.enabled')
    world.api.close()
  })
})

describe('a Kafka outside the cluster', () => {
  const external = (more: object = {}) =>
    ({
      kafka: {
        external: {
          bootstrapServers: ['seed-1.example.com:9092', 'seed-2.example.com:9092'],
          authentication: {
            type: 'SCRAM-SHA-256',
            username: 'todo',
            passwordSecretRef: { name: 'kafka', key: 'password' },
          },
          ...more,
        },
      },
    }) as Partial<PlatformSpec>

  const topicsJobOf = async (world: PlatformWorld): Promise<KubeObject> => {
    const jobs = [...(await world.live(await world.platform())).values()].filter(
      ({ kind, metadata }) => kind === 'Job' && metadata.name.startsWith('todo-topics-'),
    )
    expect(jobs).toHaveLength(1)
    return jobs[0]!
  }
  const variable = (job: KubeObject, name: string): { value?: string; valueFrom?: object } =>
    job['spec'].template.spec.containers[0].env.find((each: { name: string }) => each.name === name)

  /** A pod of the Job that has said its last words. */
  const said = async (world: PlatformWorld, answer: Partial<TopicsReport>): Promise<void> => {
    const job = await topicsJobOf(world)
    const revision = variable(job, 'TOPICS_REVISION').value!
    const people = world.api.clientFor('people')
    const { labels } = job['spec'].template.metadata
    const pod = await people.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${job.metadata.name}-x`, namespace: 'todo', labels },
      spec: { containers: [{ name: 'topics', image: 'x' }] },
    } as never)
    const message = encodeReport({ revision, troubles: [], live: {}, ...answer })
    const status = { containerStatuses: [{ name: 'topics', lastState: { terminated: { exitCode: 1, message } } }] }
    await people.replace({ ...(pod as object), status } as never, 'status')
    await world.settle()
  }

  test('shares one credential where no app has its own, says so, and asks a Job for the topics', async () => {
    const world = await worldWith(external(), secret('kafka', { password: 'geheim' }))
    expect(await conditionOf(world, 'Ready')).toMatchObject({ status: 'True' })
    expect((await conditionOf(world, 'TopicsReady')).message).toMatch(/backend-service.* share one Kafka credential/)
    expect(await pubsub(world)).toMatchObject({
      brokers: 'seed-1.example.com:9092,seed-2.example.com:9092',
      authType: 'password',
      saslMechanism: 'SHA-256',
      consumerGroup: 'todo-todo.{appID}',
    })
    expect(await pubsub(world)).not.toHaveProperty('caCert')
    const job = await topicsJobOf(world)
    expect(variable(job, 'KAFKA_PASSWORD').valueFrom).toEqual({ secretKeyRef: { name: 'kafka', key: 'password' } })
    expect(JSON.parse(variable(job, 'TOPICS').value!)[0]).toEqual({
      name: 'todo-todo.task-events',
      partitions: 6,
      config: { 'retention.ms': '604800000' },
    })
    expect(JSON.stringify(job)).not.toContain('geheim')
    world.api.close()
  })

  test('an app with a Secret of its own gets that, and another question is another Job', async () => {
    const world = await worldWith(
      external({ userSecretRefs: { 'audit-service': { name: 'kafka-audit' } } }),
      secret('kafka', { password: 'geheim' }),
      secret('kafka-audit', { username: 'auditor', password: 'eigen' }),
    )
    const copy = (await world.client.get(KINDS.secret, 'todo', 'todo-kafka-audit-service'))!
    expect(copy['data']).toEqual({ username: base64('auditor'), password: base64('eigen') })
    expect((await conditionOf(world, 'TopicsReady')).message).not.toContain('audit-service')
    const before = (await topicsJobOf(world)).metadata.name
    await edit(world, { ...external({ topics: 'Assumed' }) })
    const after = await topicsJobOf(world)
    expect([after.metadata.name === before, variable(after, 'TOPICS_MODE').value]).toEqual([false, 'Assumed'])
    world.api.close()
  })

  test('what the Job finds is told topic by topic; more partitions than wanted are a refusal', async () => {
    const world = await PlatformWorld.open('todo')
    const people = world.api.clientFor('people')
    await people.create(secret('db', { uri: 'x' }) as never)
    await people.create(secret('kafka', { password: 'geheim' }) as never)
    await people.create(platformOf({ database: DATABASE, ...external() }, { uid: undefined as never }) as never)
    await world.reconcile()
    const rows = async () => {
      const { components } = (await world.platform()).status!
      return Object.fromEntries(
        components!.filter(({ kind }) => kind === 'Topic').map(({ name, ...state }) => [name, state]),
      )
    }
    expect((await rows())['todo-todo.reminders']).toMatchObject({ ready: false, reason: 'Checking' })
    await said(world, {
      troubles: [{ topic: 'todo-todo.reminders', reason: 'TopicAuthorizationFailed', message: 'not allowed' }],
      live: { 'todo-todo.task-events': [12, 3] },
    })
    expect(await rows()).toMatchObject({
      'todo-todo.reminders': { ready: false, reason: 'TopicAuthorizationFailed', message: 'not allowed' },
      'todo-todo.task-events': { ready: false, reason: 'Refused' },
      'todo-todo.notifications': { ready: true },
    })
    expect((await conditionOf(world, 'TopicsReady')).message).toMatch(/TEP-SPEC-TOPIC-PARTITIONS .*from 12 to 6/)
    world.api.close()
  })

  test.each([
    ['mTLS without a CA', { authentication: { type: 'mTLS', certificateSecretRef: { name: 'c' } } }, 'tls.caSecretRef'],
    ['mTLS without TLS', { authentication: { type: 'mTLS' }, tls: { enabled: false } }, 'tls.enabled'],
    ['TLS alone without a CA', { authentication: { type: 'None' } }, 'tls.caSecretRef'],
    ['SCRAM without a user', { authentication: { type: 'SCRAM-SHA-512' } }, 'authentication.username'],
  ])('%s is refused by field', async (_name, more, field) => {
    const world = await worldWith(external(more))
    expect((await conditionOf(world, 'KafkaReady')).message).toContain(
      `TEP-SPEC-KAFKA-ACCESS spec.kafka.external.${field}: `,
    )
    expect(await world.client.get(KINDS.component, 'todo', 'kafka-pubsub')).toBeUndefined()
    world.api.close()
  })

  test('mTLS goes by certificate: each sidecar takes its own from its environment', async () => {
    const world = await worldWith(
      external({
        authentication: { type: 'mTLS', certificateSecretRef: { name: 'client' } },
        tls: { caSecretRef: { name: 'ca', key: 'ca.crt' } },
      }),
      secret('client', { 'tls.crt': 'CERT', 'tls.key': 'KEY' }),
      secret('ca', { 'ca.crt': 'PEM' }),
    )
    expect(await pubsub(world)).toMatchObject({
      authType: 'mtls',
      clientCert: 'KAFKA_CLIENT_CERT',
      clientKey: 'KAFKA_CLIENT_KEY',
      caCert: { name: 'todo-kafka-ca', key: 'ca.crt' },
    })
    const deployment = (await world.client.get(KINDS.deployment, 'todo', 'todo-audit'))!
    expect(deployment['spec'].template.metadata.annotations['dapr.io/env-from-secret']).toBe(
      'KAFKA_CLIENT_CERT=todo-kafka-audit-service:tls.crt,KAFKA_CLIENT_KEY=todo-kafka-audit-service:tls.key',
    )
    world.api.close()
  })

  test.each([
    ['PLAIN with TLS', { type: 'PLAIN' }, {}, { authType: 'password', saslMechanism: 'PLAINTEXT' }],
    [
      'SCRAM without TLS',
      { type: 'SCRAM-SHA-512' },
      { enabled: false },
      { saslMechanism: 'SHA-512', disableTls: 'true' },
    ],
    ['nothing at all', { type: 'None' }, { enabled: false }, { authType: 'none' }],
    [
      'TLS alone',
      { type: 'None' },
      { caSecretRef: { name: 'ca', key: 'ca.crt' } },
      { authType: 'certificate', caCert: {} },
    ],
  ])('%s is said as Dapr knows it', async (_name, authentication, tls, expected) => {
    const user = { username: 'todo', passwordSecretRef: { name: 'kafka', key: 'password' } }
    const world = await worldWith(
      external({ authentication: { ...(authentication.type !== 'None' && user), ...authentication }, tls }),
      secret('kafka', { password: 'geheim' }),
      secret('ca', { 'ca.crt': 'PEM' }),
    )
    expect(await pubsub(world)).toMatchObject(expected)
    world.api.close()
  })
})
