import { randomUUID } from 'node:crypto'
import { createConnection } from 'node:net'
import { SEED_CASES } from '../../src/contracts/events/testing.ts'
import { TOPICS } from '../../src/contracts/topology.ts'
import { EventStream } from '../support/event-stream.ts'
import { type Anything, Laptop, until } from '../support/laptop.ts'

/** The main job from end to end, through public doors only: HTTP, the Kubernetes API, Dapr's HTTP API. In this order. */
let laptop: Laptop
const PLATFORM = { apiVersion: 'todo.events/v1alpha1', kind: 'TodoEventPlatform' }

beforeAll(async () => {
  laptop = await Laptop.create()
  await laptop.up()
}, 180_000)

afterAll(() => laptop.dispose(), 60_000)

const condition = (object: Anything, type: string): Anything =>
  object?.status?.conditions?.find((each: Anything) => each.type === type)
const platform = (): Promise<Anything> => laptop.cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'todo')
const settled = (): Promise<Anything> =>
  until('the platform to be ready', async () => {
    const found = await platform()
    return (
      condition(found, 'Ready')?.status === 'True' &&
      found.status.observedGeneration === found.metadata.generation &&
      found
    )
  })
const addTask = async (task: object, user = 'demo'): Promise<Anything> => {
  const { status, body } = await laptop.call(user, 'POST', '/api/v1/tasks', task)
  expect([status, body]).toEqual([201, expect.anything()])
  return body
}
const all = async (path: string, user = 'demo'): Promise<Anything[]> => {
  const items: Anything[] = []
  let next = ''
  do {
    const { body } = await laptop.call(user, 'GET', `${path}${path.includes('?') ? '&' : '?'}limit=100${next}`)
    items.push(...body.items)
    const after = body.next_cursor
      ? `&cursor=${encodeURIComponent(body.next_cursor)}`
      : body.next_after
        ? `&after=${body.next_after}`
        : ''
    next = after
  } while (next)
  return items
}
const auditOf = (taskId: string): Promise<Anything[]> => all(`/api/v1/audit?task_id=${taskId}`)
const types = (entries: Anything[]): string[] => entries.map(entry => entry.type.replace('com.taskmanager.', ''))

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

test('events are seen to flow to every service', async () => {
  const { reason, message } = await until('canaries to arrive', async () => {
    const found = condition(await platform(), 'EventsFlowing')
    return found?.status === 'True' && found
  })
  expect([reason, message]).toEqual(['CanariesArrive', 'events of 4 topics reach 6 services'])
})

test('a completed task that repeats gets its next occurrence through the topic, at the same hour of its own zone across a change of clocks', async () => {
  // Berlin leaves summer time on 25 October 2026: 09:00 is 07:00Z before and 08:00Z after.
  const task = await addTask({
    title: 'Bins out',
    due_at: '2026-10-19T07:00:00Z',
    due_tz: 'Europe/Berlin',
    recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=MO' },
  })
  await laptop.call('demo', 'POST', `/api/v1/tasks/${task.id}/complete`)
  const next = await until('the next occurrence', async () =>
    (await all('/api/v1/tasks')).find(each => each.parent_task_id === task.id),
  )
  expect(next).toMatchObject({
    title: 'Bins out',
    status: 'open',
    due_at: '2026-10-26T08:00:00.000Z',
    recurrence: { index: 1, rrule: 'FREQ=WEEKLY;BYDAY=MO', tzid: 'Europe/Berlin' },
  })
})

test('a reminder two seconds ahead is in the inbox once, and never early', async () => {
  const at = new Date(Date.now() + 2_000).toISOString()
  const task = await addTask({ title: 'Call the plumber', reminders: [{ at }] })
  const mine = async (): Promise<Anything[]> =>
    (await all('/api/v1/notifications')).filter(each => each.task_id === task.id)
  const [notification] = await until('the notification', async () => {
    const found = await mine()
    return found.length > 0 && found
  })
  expect(Date.parse(notification.created_at)).toBeGreaterThanOrEqual(Date.parse(at))
  await until('its event in the audit', async () => types(await auditOf(task.id)).includes('reminder.triggered'))
  expect(await mine()).toHaveLength(1)
})

test('the audit holds each change once, in order', async () => {
  const task = await addTask({ title: 'Write the report' })
  await laptop.call('demo', 'PATCH', `/api/v1/tasks/${task.id}`, { title: 'Write the whole report' })
  await laptop.call('demo', 'POST', `/api/v1/tasks/${task.id}/complete`)
  await laptop.call('demo', 'POST', `/api/v1/tasks/${task.id}/reopen`)
  await laptop.call('demo', 'DELETE', `/api/v1/tasks/${task.id}`)
  const entries = await until('five entries', async () => {
    const found = await auditOf(task.id)
    return found.length >= 5 && found
  })
  expect(types(entries)).toEqual(['task.created', 'task.updated', 'task.completed', 'task.reopened', 'task.deleted'])
})

test('nobody sees another’s tasks, notifications or audit', async () => {
  const task = await addTask({ title: 'Secret plan' })
  await until('the audit', async () => (await auditOf(task.id)).length > 0)
  expect((await laptop.call('operator', 'GET', `/api/v1/tasks/${task.id}`)).status).toBe(404)
  expect(await all('/api/v1/tasks', 'operator')).toEqual([])
  expect((await all(`/api/v1/audit?task_id=${task.id}`, 'operator')).filter(entry => entry.user_id === 'demo')).toEqual(
    [],
  )
  expect((await fetch(`${laptop.ready.api}/tasks`)).status).toBe(401)
})

test('a listener sees each change as it happens, and after a reconnect with its last id misses none', async () => {
  const token = laptop.token('demo')
  const first = await EventStream.open(laptop.ready.realtime, token)
  await until('the greeting', async () => first.events.some(event => event.event === 'hello'))
  const seen = (stream: EventStream, id: string): Promise<true> =>
    until(
      `the change of ${id}`,
      async () => stream.received.some(event => JSON.stringify(event.data).includes(id)) || false,
    )
  const before = await addTask({ title: 'While listening' })
  await seen(first, before.id)
  first.close()
  const missed = [await addTask({ title: 'While away 1' }), await addTask({ title: 'While away 2' })]
  for (const task of missed) await until('the event to have passed', async () => (await auditOf(task.id)).length > 0)
  const second = await EventStream.open(laptop.ready.realtime, token, first.lastId)
  for (const task of missed) await seen(second, task.id)
  expect(second.events.find(event => event.event === 'hello')?.data).toMatchObject({ recovered: true })
  const after = await addTask({ title: 'Back again' })
  await seen(second, after.id)
  const ids = [...first.received, ...second.received].map(event => event.id)
  expect(new Set(ids).size).toBe(ids.length)
  second.close()
})

test('the MCP server adds a task that the API then shows', async () => {
  const call = async (method: string, params: object): Promise<Anything> => {
    const response = await fetch(laptop.ready.mcp, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${laptop.token('demo')}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const text = await response.text()
    expect([response.status, text]).toEqual([200, expect.any(String)])
    return JSON.parse(text.startsWith('{') ? text : /^data: ?(.*)$/m.exec(text)![1]!)
  }
  const { result } = await call('tools/list', {})
  const create = result.tools.find((tool: Anything) => /create/.test(tool.name))
  const answer = await call('tools/call', { name: create.name, arguments: { title: 'From a model' } })
  expect(answer.result.isError ?? false).toBe(false)
  expect((await all('/api/v1/tasks')).some(task => task.title === 'From a model')).toBe(true)
})

test.each([
  ['a field of the wrong kind', { title: 7 }, 'title'],
  ['an unknown field', { title: 'x', colour: 'red' }, 'colour'],
  [
    'a rule that is none',
    { title: 'x', due_at: '2026-01-01T00:00:00Z', recurrence: { rrule: 'FREQ=SOMETIMES' } },
    'recurrence.rrule',
  ],
  ['a zone that is none', { title: 'x', due_at: '2026-01-01T00:00:00Z', due_tz: 'Mars/Olympus' }, 'due_tz'],
])('%s is a problem that names the field', async (_name, body, field) => {
  const answer = await laptop.call('demo', 'POST', '/api/v1/tasks', body)
  expect(answer.status).toBe(400)
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  expect(answer.body).toMatchObject({ code: 'TEP4001', errors: [{ field }] })
})

test('a body that is not JSON is a problem, not a crash', async () => {
  expect((await laptop.call('demo', 'POST', '/api/v1/tasks', '{"title":')).body).toMatchObject({
    status: 400,
    code: 'TEP4002',
  })
})

const SERVICE_NAMES = ['backend', 'recurring', 'notification', 'audit', 'realtime', 'analytics', 'web']

/** The process of a service's container, as the pod's status tells it. */
const processOf = async (service: string): Promise<number | undefined> => {
  const pods = await laptop.cluster.list('v1', 'Pod', `app.kubernetes.io/component=${service}`)
  const id = pods
    .flatMap(pod => pod.status?.containerStatuses ?? [])
    .find(status => status.name === service && status.state.running)?.containerID
  return id ? Number(id.replace('process://', '')) : undefined
}

test('each service is killed in turn during 200 writes: every acknowledged write has its effects exactly once', async () => {
  const acknowledged: { id: string; repeats: boolean }[] = []
  /** As a careful client: the same key until there is an answer. */
  const persist = async (method: string, path: string, body?: object): Promise<Anything> => {
    const key = randomUUID()
    return until(`${method} ${path}`, async () => {
      const answer = await laptop.call('demo', method, path, body, { 'idempotency-key': key })
      return answer.status < 300 && answer.body
    })
  }
  const write = async (number: number): Promise<void> => {
    const repeats = number % 5 === 0
    const task = await persist('POST', '/api/v1/tasks', {
      title: `Write ${number}`,
      tags: ['under-fire'],
      ...(repeats && { due_at: '2026-12-01T09:00:00Z', due_tz: 'UTC', recurrence: { rrule: 'FREQ=DAILY' } }),
    })
    if (repeats) await persist('POST', `/api/v1/tasks/${task.id}/complete`)
    acknowledged.push({ id: task.id, repeats })
  }
  const numbers = Array.from({ length: 200 }, (_, number) => number)
  const writers = Array.from({ length: 4 }, async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) await write(number)
  })
  const killed: string[] = []
  const killer = async (): Promise<void> => {
    for (const service of [...SERVICE_NAMES, 'backend']) {
      const pid = await until(`${service} to run`, () => processOf(service))
      process.kill(pid, 'SIGKILL')
      killed.push(service)
      // The next one dies while this one is still coming back, if writes are left.
      await new Promise(resolve => setTimeout(resolve, 250))
    }
  }
  await Promise.all([...writers, killer()])
  expect(killed).toHaveLength(8)
  expect(acknowledged).toHaveLength(200)

  const wanted = new Map(
    acknowledged.map(({ id, repeats }) => [
      id,
      repeats ? ['task.created', 'task.completed', 'recurrence.triggered'] : ['task.created'],
    ]),
  )
  const audited = async (): Promise<Map<string, string[]>> => {
    const byTask = new Map<string, string[]>()
    for (const entry of await all('/api/v1/audit')) {
      const type = entry.type.replace('com.taskmanager.', '')
      if (wanted.has(entry.task_id)) byTask.set(entry.task_id, [...(byTask.get(entry.task_id) ?? []), type])
    }
    return byTask
  }
  const complete = await until('every effect in the audit', async () => {
    const found = await audited()
    return [...wanted].every(([id, expected]) => (found.get(id)?.length ?? 0) >= expected.length) && found
  })
  for (const [id, expected] of wanted) expect([id, complete.get(id)!.sort()]).toEqual([id, [...expected].sort()])

  const repeating = acknowledged.filter(each => each.repeats).map(each => each.id)
  const children = await until('every next occurrence', async () => {
    const found = (await all('/api/v1/tasks?tag=under-fire')).filter(task => repeating.includes(task.parent_task_id))
    return found.length >= repeating.length && found
  })
  expect(children.map(task => task.parent_task_id).sort()).toEqual([...repeating].sort())
  await settled()
}, 180_000)

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

test('what others add to a child stays', async () => {
  await laptop.cluster.merge({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'todo-audit', namespace: 'todo', annotations: { 'example.com/mine': 'yes' } },
  })
  await laptop.cluster.merge({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'todo-audit', namespace: 'todo' },
    spec: { revisionHistoryLimit: 9 },
  })
  const repaired = await until('the repair', async () => {
    const found = await laptop.cluster.get('apps/v1', 'Deployment', 'todo-audit')
    return found.spec.revisionHistoryLimit === 3 && found
  })
  expect(repaired.metadata.annotations['example.com/mine']).toBe('yes')
})

test('a child deleted by hand comes back', async () => {
  const before = await laptop.cluster.get('apps/v1', 'Deployment', 'todo-analytics')
  await laptop.cluster.delete('apps/v1', 'Deployment', 'todo-analytics')
  const after = await until('another one', async () => {
    const found = await laptop.cluster.get('apps/v1', 'Deployment', 'todo-analytics')
    return found && found.metadata.uid !== before.metadata.uid && found
  })
  expect(after.spec.template.spec.containers[0].args).toEqual(['analytics'])
  await settled()
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
  const error = await laptop.cluster.apply(invalid).catch((refusal: Anything) => refusal)
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
    for (const [apiVersion, kind] of kinds) {
      if (
        !gone.includes(kind) &&
        (await laptop.cluster.list(apiVersion, kind, 'todo.events/platform=todo')).length === 0
      )
        gone.push(kind)
    }
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
