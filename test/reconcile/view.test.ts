/** What the console of a platform is told by its operator, and who is told. */
import { KINDS } from '../../controller/platform/platform.ts'
import { type PlatformView, viewPath, viewToken } from '../../src/contracts/platform-view.ts'
import { NAMESPACE, platform, SPEC } from '../fault/scenarios.ts'
import { type Cluster, startCluster } from './cluster.ts'

let cluster: Cluster
beforeEach(async () => {
  cluster = await startCluster()
  await cluster.people.create(platform('todo', SPEC) as never)
})
afterEach(() => cluster.close())

const PATH = viewPath(NAMESPACE, 'todo')
const secretOf = (name: string): Record<string, string> => cluster.get(KINDS.secret, name)!['data']
const password = (): string =>
  `Bearer ${viewToken(Buffer.from(secretOf('todo-dapr-token')['token']!, 'base64').toString('utf8'))}`
const view = (): PlatformView => cluster.view(PATH, password())!
const child = (kind: string, name: string) =>
  view()
    .parts.flatMap(({ children }) => children)
    .find(each => each.kind === kind && each.name === name)

test('while it comes up, what waits says for what; at rest all is ready and nothing is to be written', async () => {
  while (!cluster.get(KINDS.secret, 'todo-dapr-token')) await cluster.pass(500)
  await cluster.pass(500)
  const early = view()
  const services = early.parts.find(({ part }) => part === 'services')!
  expect(services).toMatchObject({ ready: false, waits_for: expect.arrayContaining(['subscriptions']) })
  expect(services.children[0]).toMatchObject({ state: 'absent' })
  expect(early.plan.filter(({ action }) => action === 'wait').map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^waits for /),
  )
  await cluster.rest()
  const { parts, plan, conditions, versions, generation, observed_generation: seen } = view()
  expect(parts.map(({ part }) => part).slice(0, 2)).toEqual(['foundation', 'kafka'])
  expect(parts.filter(({ ready }) => !ready)).toEqual([])
  expect(
    parts.flatMap(({ children }) => children).filter(({ state, drift }) => state !== 'ready' || drift.length),
  ).toEqual([])
  expect([plan, seen]).toEqual([[], generation])
  expect(conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' })
  expect(versions).toMatchObject({ operator: '0.1.0', services: '0.1.0', oldest: '0.1.0' })
})

test('what others change is shown field by field, and what is withheld while the platform is suspended', async () => {
  await cluster.rest()
  await cluster.people.merge(KINDS.platform, NAMESPACE, 'todo', { spec: { suspend: true } })
  await cluster.rest()
  await cluster.people.merge(KINDS.deployment, NAMESPACE, 'todo-backend', {
    spec: { template: { spec: { terminationGracePeriodSeconds: 7 } } },
  })
  await cluster.people.delete(KINDS.topic, NAMESPACE, 'reminders')
  await cluster.rest()
  expect(child('Deployment', 'todo-backend')).toMatchObject({
    drift: [expect.stringContaining('terminationGracePeriodSeconds')],
  })
  expect(child('KafkaTopic', 'reminders')).toMatchObject({ state: 'absent' })
  expect(view().suspended).toBe(true)
  expect(view().plan.map(({ action, kind, name }) => `${action} ${kind} ${name}`)).toEqual(
    expect.arrayContaining(['create KafkaTopic reminders', 'update Deployment todo-backend']),
  )
})

test('only who has the token of the platform’s own sidecars is told, and no value of any Secret', async () => {
  await cluster.rest()
  for (const authorization of [undefined, '', 'Bearer x', `Bearer ${viewToken('')}`, password().slice(7)])
    expect(cluster.view(PATH, authorization)).toBeUndefined()
  for (const path of [viewPath(NAMESPACE, 'other'), `${PATH}/`, `${PATH}?x`, '/platforms', '/platforms//todo'])
    expect(cluster.view(path, password())).toBeUndefined()
  const told = JSON.stringify(view())
  // The user of Kafka is called as its app is, which is no secret.
  const secrets = cluster
    .list(KINDS.secret)
    .flatMap(({ data = {} }) => Object.entries<string>(data))
    .flatMap(([key, value]) => (key === 'username' ? [] : [value]))
  expect(secrets.length).toBeGreaterThan(3)
  for (const value of secrets) {
    expect(told).not.toContain(value)
    expect(told).not.toContain(Buffer.from(value, 'base64').toString('utf8'))
  }
})
