import { randomUUID } from 'node:crypto'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import { SEED_CASES } from '../../src/contracts/events/testing.ts'
import { TOPICS } from '../../src/contracts/topology.ts'
import { type Anything, Laptop, until } from '../support/laptop.ts'
import { mainJob } from '../support/main-job.ts'
import { condition, PLATFORM, viewOf } from '../support/place.ts'
import { tep } from '../support/tep.ts'

/** The main job in the embedded place, and what only it can show: Strimzi's resources, the sidecar's own API, a stop. */
let laptop: Laptop
const { platform, settled, addTask, all } = viewOf(() => laptop)

beforeAll(async () => {
  laptop = await Laptop.create()
  await laptop.up()
}, 180_000)

afterAll(() => laptop.dispose(), 60_000)

test('the applied platform is Ready for the very generation it has, and every child is in its inventory', async () => {
  const found = await settled()
  expect(condition(found, 'Ready')).toMatchObject({ status: 'True', observedGeneration: found.metadata.generation })
  expect(found.status.services.ready).toBe('7/7')
  expect(found.spec).toEqual({ profile: 'Development', kafka: { strimzi: {} }, database: { cloudnativepg: {} } })
  for (const { kind, name, namespace, group } of found.status.inventory.filter((row: Anything) =>
    ['Deployment', 'KafkaTopic', 'KafkaUser', 'Component'].includes(row.kind),
  )) {
    const apiVersion = { apps: 'apps/v1', 'kafka.strimzi.io': 'kafka.strimzi.io/v1', 'dapr.io': 'dapr.io/v1alpha1' }[
      group as string
    ]!
    expect([kind, name, (await laptop.cluster.get(apiVersion, kind, name, namespace))?.metadata.name]).toEqual([
      kind,
      name,
      name,
    ])
  }
})

mainJob(() => laptop)

test('a backup of the running platform holds everything to make it again, and a drill says that it is good', async () => {
  const { kubeconfig } = laptop.ready
  const file = join(laptop.folder, 'todo.tep-backup')
  // Of a platform of the same name somewhere else, whose Kafka is here.
  const labels = { 'todo.events/platform': 'todo', 'todo.events/platform-namespace': 'elsewhere' }
  const namesake = {
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaTopic',
    metadata: { name: 'namesake', namespace: 'todo', labels },
    spec: { partitions: 1, replicas: 1 },
  }
  await laptop.cluster.apply(namesake)
  const { inventory } = (await platform()).status
  const topics = inventory.filter(({ kind }: Anything) => kind === 'KafkaTopic').length
  const { code, out, err } = await tep(['backup', '-n', 'todo', '--kubeconfig', kubeconfig, '-f', file, '-o', 'json'])
  expect([code, err]).toEqual([0, ''])
  expect(JSON.parse(out)).toMatchObject({ topics, tables: { 'backend.tasks': expect.any(Number) } })
  expect((await tep(['restore', file, '--drill'])).out).toContain('is good: its audit is intact')
  const [wanted, ...made] = loadAll((await tep(['restore', file, '--manifest'])).out) as Anything[]
  expect([wanted.kind, wanted.spec, wanted.status]).toEqual(['TodoEventPlatform', (await platform()).spec, undefined])
  await laptop.cluster.delete(namesake.apiVersion, namesake.kind, 'namesake')
  expect(made.find(({ metadata }) => metadata.name === 'task-events').spec).toMatchObject({ partitions: 6 })
})

test('a child edited by hand is repaired, and who edited it is told', async () => {
  await laptop.cluster.merge({
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaTopic',
    metadata: { name: 'reminders', namespace: 'todo' },
    spec: { config: { 'retention.ms': 1_000 } },
  })
  await until(
    'the repair',
    async () =>
      (await laptop.cluster.get('kafka.strimzi.io/v1', 'KafkaTopic', 'reminders')).spec.config['retention.ms'] ===
      259_200_000,
  )
  await until('the Event', async () =>
    (await laptop.cluster.events('FieldConflict')).some(event => /reminders.*kubectl-patch/.test(event.message ?? '')),
  )
})

test('a topic added to the platform exists; fewer partitions are refused with the reason, and nothing else is disturbed', async () => {
  const edit = (topics: object[]): Promise<Anything> =>
    laptop.cluster.merge({ ...PLATFORM, metadata: { name: 'todo', namespace: 'todo' }, spec: { topics } })
  await edit([{ name: 'billing', partitions: 4 }])
  await settled()
  expect(condition(await laptop.cluster.get('kafka.strimzi.io/v1', 'KafkaTopic', 'billing'), 'Ready').status).toBe(
    'True',
  )

  await edit([{ name: 'billing', partitions: 2 }])
  const refused = await until('the refusal', async () => {
    const found = await platform()
    return condition(found, 'TopicsReady')?.status === 'False' && found
  })
  expect(condition(refused, 'Ready')).toMatchObject({ status: 'False', reason: 'SpecRefused' })
  expect(condition(refused, 'TopicsReady').message).toContain(
    'TEP-SPEC-TOPIC-PARTITIONS spec.topics[name=billing].partitions: Kafka cannot shrink a topic from 4 to 2',
  )
  expect((await laptop.cluster.get('kafka.strimzi.io/v1', 'KafkaTopic', 'billing')).spec.partitions).toBe(4)
  for (const type of ['KafkaReady', 'DatabaseReady', 'MessagingReady', 'ServicesReady'])
    expect([type, condition(refused, type).status]).toEqual([type, 'True'])
  await addTask({ title: 'Still working' })

  await edit([])
  await settled()
  expect(await laptop.cluster.get('kafka.strimzi.io/v1', 'KafkaTopic', 'billing')).toBeUndefined()
})

test('an invalid platform is refused by the API with the path of each field', async () => {
  const invalid = {
    ...PLATFORM,
    metadata: { name: 'wrong', namespace: 'todo' },
    spec: {
      profile: 'Staging',
      kafka: { strimzi: {}, external: { bootstrapServers: ['nowhere'] } },
      database: {},
      topics: [{ name: 'x', partitions: 0 }],
      services: { backend: { replicas: 'two' } },
    },
  }
  const error = await laptop.cluster.api.create(invalid).catch((refusal: Anything) => refusal)
  expect(error.code).toBe(422)
  const fields = JSON.parse(error.body).details.causes.map((cause: Anything) => cause.field)
  expect(fields).toEqual(
    expect.arrayContaining([
      'spec.profile',
      'spec.kafka.external.bootstrapServers[0]',
      'spec.topics[0].partitions',
      'spec.services.backend.replicas',
    ]),
  )
  const twoProviders = await laptop.cluster
    .apply({
      ...PLATFORM,
      metadata: { name: 'wrong', namespace: 'todo' },
      spec: { kafka: { strimzi: {}, redpanda: { clusterRef: { name: 'r' } } }, database: { cloudnativepg: {} } },
    })
    .catch((refusal: Anything) => refusal)
  expect(JSON.parse(twoProviders.body).message).toContain('exactly one of strimzi, redpanda, external must be set')
  const noQuorum = await laptop.cluster
    .apply({
      ...PLATFORM,
      metadata: { name: 'wrong', namespace: 'todo' },
      spec: { kafka: { strimzi: { controllers: { replicas: 2 } } }, database: { cloudnativepg: {} } },
    })
    .catch((refusal: Anything) => refusal)
  expect(JSON.parse(noQuorum.body).message).toContain('replicas of the controllers must be odd')
  expect(await laptop.cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'wrong')).toBeUndefined()
})

test('a second platform in the namespace is told of the first, and nothing is written for it', async () => {
  await laptop.cluster.apply({
    ...PLATFORM,
    metadata: { name: 'second', namespace: 'todo' },
    spec: { kafka: { strimzi: {} }, database: { cloudnativepg: {} } },
  })
  const second = await until('the verdict', async () => {
    const found = await laptop.cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'second')
    return condition(found, 'Ready') && found
  })
  expect(condition(second, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'Conflict',
    message: expect.stringContaining('TodoEventPlatform todo'),
  })
  expect(await laptop.cluster.list('apps/v1', 'Deployment', 'todo.events/platform=second')).toEqual([])
  await laptop.cluster.delete(PLATFORM.apiVersion, PLATFORM.kind, 'second')
})

test('every event shape of the seed documents, published as they publish it, is accepted and normalised', async () => {
  const [pod] = await laptop.cluster.list('v1', 'Pod', 'app.kubernetes.io/component=backend')
  const ports = JSON.parse(pod.metadata.annotations['embedded.todo.events/ports'])
  const token = Buffer.from(
    (await laptop.cluster.get('v1', 'Secret', 'todo-dapr-token')).data.token,
    'base64',
  ).toString()
  const before = (await all('/api/v1/audit')).length
  const audited = new Set(['task-events', 'reminders', 'notifications'])
  let expected = 0
  for (const { topic, payload, name } of SEED_CASES.filter(each => TOPICS.some(known => known.name === each.topic))) {
    // The documents' own user and ids, but for this test's user, so that its audit shows them; a fresh id for each.
    const text = JSON.stringify(payload)
      .replaceAll(/"user_id":"[^"]*"/g, '"user_id":"demo"')
      .replaceAll('7c9e6679-7425-40de-944b-e07fc1f90ae7', randomUUID())
    const isCloudEvent = 'specversion' in payload
    const response = await fetch(`http://127.0.0.1:${ports['3500']}/v1.0/publish/kafka-pubsub/${topic}`, {
      method: 'POST',
      headers: {
        'content-type': isCloudEvent ? 'application/cloudevents+json' : 'application/json',
        'dapr-api-token': token,
      },
      body: text,
    })
    expect([name, response.status]).toEqual([name, 204])
    if (audited.has(topic) && text.includes('"user_id":"demo"')) expected += 1
  }
  expect(expected).toBeGreaterThanOrEqual(10)
  await until(
    `${expected} seed events in the audit`,
    async () => (await all('/api/v1/audit')).length >= before + expected,
  )
  const dead = await laptop.call('operator', 'GET', '/healthz/ready')
  expect(dead.status).toBe(200)
})

test('after a stop everything is found again', async () => {
  const task = await addTask({ title: 'Remember me' })
  expect(await laptop.stop()).toBe(0)
  await expect(connectTo(laptop.port)).rejects.toThrow(/ECONNREFUSED/)
  await laptop.up()
  expect((await laptop.call('demo', 'GET', `/api/v1/tasks/${task.id}`)).body).toMatchObject({ title: 'Remember me' })
}, 120_000)

const connectTo = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })

test('a deleted platform leaves in order, and nothing hangs', async () => {
  const kinds = [
    ['dapr.io/v2alpha1', 'Subscription'],
    ['apps/v1', 'Deployment'],
    ['dapr.io/v1alpha1', 'Component'],
    ['kafka.strimzi.io/v1', 'KafkaTopic'],
    ['kafka.strimzi.io/v1', 'KafkaUser'],
    ['kafka.strimzi.io/v1', 'Kafka'],
    ['kafka.strimzi.io/v1', 'KafkaNodePool'],
  ] as const
  const gone: string[] = []
  await laptop.cluster.delete(PLATFORM.apiVersion, PLATFORM.kind, 'todo')
  await until('every child to go', async () => {
    // Asked for from the last to go to the first: all of it may go while one round of questions is under way.
    const found: string[] = []
    for (const [apiVersion, kind] of kinds.toReversed()) {
      if (
        !gone.includes(kind) &&
        (await laptop.cluster.list(apiVersion, kind, 'todo.events/platform=todo')).length === 0
      )
        found.unshift(kind)
    }
    gone.push(...found)
    return gone.length === kinds.length
  })
  expect(gone).toEqual(kinds.map(([, kind]) => kind))
  await until('the platform to go', async () => (await platform()) === undefined)
  for (const kind of ['Secret', 'Service', 'ServiceAccount', 'Pod']) {
    await until(
      `${kind}s to go`,
      async () => (await laptop.cluster.list('v1', kind, 'todo.events/platform=todo')).length === 0,
    )
  }
}, 90_000)
