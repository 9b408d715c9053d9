/** What a controller costs its API server when nothing goes wrong: counts, in simulated time. */
import { KINDS } from '../../controller/platform/platform.ts'
import { Fleet } from './fleet.ts'

const HOUR_MS = 3_600_000
const counts = ({ writes, statusWrites, lists, gets, events }: ReturnType<Fleet['take']>) => ({
  writes: writes.length,
  statusWrites: statusWrites.length,
  lists: lists.length,
  gets: gets.length,
  events,
})

let fleet: Fleet
beforeAll(async () => {
  fleet = await Fleet.open()
}, 30_000)
afterAll(() => fleet.close())

test('a platform with M children comes up with at most M + 3 requests, beside status and Events', async () => {
  fleet.take()
  await fleet.add(1)
  await fleet.rest()
  const { writes, gets, lists, watches } = fleet.take()
  const children = new Set(writes.filter(({ kind }) => kind !== KINDS.platform.kind).map(({ path }) => path))
  expect(children.size).toBeGreaterThanOrEqual(20)
  expect(writes.length + gets.length + lists.length + watches.length).toBeLessThanOrEqual(children.size + 3)
})

test('a change of one child is one write; an event that changes nothing of ours is none', async () => {
  const people = fleet.server.client('people')
  fleet.take()
  await people.merge(KINDS.platform, 'team-1', 'todo', { spec: { services: { backend: { replicas: 2 } } } })
  await fleet.rest()
  expect(fleet.take().writes.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Deployment todo-backend'])
  // A label: an annotation is a new generation of a Deployment, which its controller has to look at first.
  await people.merge(KINDS.deployment, 'team-1', 'todo-backend', {
    metadata: { labels: { 'example.com/note': 'not-ours' } },
  })
  await people.merge(KINDS.secret, 'team-1', 'todo-kafka-ca', { metadata: { labels: { 'example.com/team': 'data' } } })
  await fleet.pass(60_000)
  expect(counts(fleet.take())).toEqual({ writes: 0, statusWrites: 0, lists: 0, gets: 0, events: 0 })
})

test('for hours nothing is written but the Lease, nothing is listed, and each kind has one watch', async () => {
  await fleet.add(2)
  await fleet.add(3)
  await fleet.rest()
  fleet.take()
  await fleet.pass(HOUR_MS)
  const traffic = fleet.take()
  expect(counts(traffic)).toEqual({ writes: 0, statusWrites: 0, lists: 0, gets: 0, events: 0 })
  expect(traffic.leases).toBeGreaterThan(0)
  const present = Object.values(KINDS).filter(({ apiVersion, kind }) =>
    fleet.server.context.registry.byKind(apiVersion, kind),
  )
  expect(fleet.watched).toEqual(present.map(({ kind }) => kind).sort())
}, 60_000)
