import { type Answer, type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
import { environmentOf, launchService, type ServiceProcess } from '../../test/support/service-process.ts'
import type { RunningService } from '../kit/service.ts'
import { freePort } from '../local/ports.ts'
import { startAudit } from './audit/main.ts'

/** `DEAD_LETTERS=10000` for the whole claim. */
const LETTERS = Number(process.env['DEAD_LETTERS'] ?? 400)
const USERS = 5
const ATTEMPTS = Math.max(500, 5 * LETTERS)

let plane: DataPlane
let audit: RunningService
let backend: ServiceProcess
let port: number

const start = async (): Promise<void> => {
  backend = launchService(['backend'], environmentOf(plane, 'backend-service', port))
  await eventually(
    () =>
      fetch(`http://127.0.0.1:${port}/healthz/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    `the backend: ${backend.output()}`,
  )
}

beforeAll(async () => {
  plane = await startDataPlane()
  audit = await startAudit(plane.config('audit-service'))
  for (const topic of ['task-events', 'notifications']) plane.dapr.deliver(topic, audit.port)
  port = await freePort()
  await start()
})

afterAll(async () => {
  backend?.child.kill('SIGKILL')
  await audit?.stop()
  await plane?.stop()
})

const ops = async (method: string, path: string, body?: unknown): Promise<Answer> => {
  const token = await plane.token('root', { roles: ['todo-operator'] })
  return plane.as('root', port)(method, `/api/v1/dead-letters${path}`, body, { authorization: `Bearer ${token}` })
}
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const event = (n: number, data: object = { task: { title: 'a' } }, more: object = {}) => ({
  specversion: '1.0',
  id: `letter-${n}`,
  source: '/tasks/backend-service',
  type: 'com.taskmanager.task.created',
  time: '2030-01-01T00:00:00Z',
  partitionkey: `u${n % USERS}`,
  data: { task_id: uuid(n), user_id: `u${n % USERS}`, ...data },
  ...more,
})
const park = (body: unknown) => plane.as('x', audit.port)('POST', '/dead-letters/task-events', body)
const fail = (body: unknown) => plane.as('x', audit.port)('POST', '/events/task-events', body)
const effects = async (): Promise<string[]> =>
  (
    await plane.db.query<{ event_id: string }>(
      "SELECT event_id FROM audit.entries WHERE event_id LIKE 'letter-%' ORDER BY event_id",
    )
  ).map(row => row.event_id)

test(
  `${LETTERS} parked events, replayed over two kills: exactly the parked set, once; what is not asked for stays`,
  async () => {
    const wanted = Array.from({ length: LETTERS }, (_, n) => n)
    for (let from = 0; from < LETTERS; from += 20)
      await Promise.all(wanted.slice(from, from + 20).map(n => park(event(n))))
    const other = event(LETTERS + 1, undefined, { type: 'com.taskmanager.task.deleted' })
    const broken = event(LETTERS + 2, { task_id: undefined })
    expect((await fail(broken)).body.status).toBe('DROP')
    for (const body of [other, broken, event(LETTERS + 3, undefined, { replaycount: 3 }), 'no event at all'])
      await park(body)
    // One of them was handled meanwhile, by another delivery.
    expect((await fail(event(0))).body.status).toBe('SUCCESS')

    const dry = await ops('POST', '/replays', { filter: { type: 'task.created' } })
    expect(dry.status).toBe(200)
    expect(dry.body).toMatchObject({
      dry_run: true,
      matched: LETTERS + 2,
      replay: LETTERS,
      verdicts: { replayable: LETTERS, guarded: 1, invalid: 1, unreadable: 0 },
    })
    expect(dry.body.id).toBeUndefined()
    expect(await effects()).toEqual(['letter-0'])

    const filter = { type: 'task.created', consumer: 'audit-service' }
    const rate = Math.min(1000, LETTERS)
    const { status, body: replay } = await ops('POST', '/replays', { filter, rate, dry_run: false })
    expect(status).toBe(202)
    for (let kill = 1; kill <= 2; kill++) {
      await eventually(async () => (await effects()).length > (kill * LETTERS) / 4, 'some of the replay', ATTEMPTS)
      backend.child.kill('SIGKILL')
      await backend.exited
      await start()
    }
    const done = await eventually(
      async () => {
        const { body } = await ops('GET', `/replays/${replay.id}`)
        return body.status === 'done' && body
      },
      'the end of the replay',
      ATTEMPTS,
    )
    expect(done).toMatchObject({ total: LETTERS, replayed: LETTERS, gone: 0, created_by: 'root' })
    await eventually(async () => (await effects()).length === LETTERS, 'every effect', ATTEMPTS)
    await plane.dapr.settled()
    expect(new Set(await effects())).toEqual(new Set(wanted.map(n => `letter-${n}`)))
    expect((await effects()).length).toBe(LETTERS)
    expect((await ops('GET', '?limit=10')).body.items).toHaveLength(4)
    const told = await plane.db.query<{ count: string }>(
      "SELECT count(*) FROM audit.entries WHERE user_id = 'root' AND type = 'com.taskmanager.dlq.replayed'",
    )
    expect(Number(told[0]!.count)).toBe(LETTERS)
  },
  240_000 + 300 * LETTERS,
)

test('reasons are counted, a letter is shown beside its schema, and its parking is told', async () => {
  const { body } = await ops('GET', '/reasons?topic=task-events')
  expect(body.items).toContainEqual(
    expect.objectContaining({ consumer: 'audit-service', type: 'task.created', code: 'TEP4104', count: 1 }),
  )
  const { items } = (await ops('GET', '?code=TEP4104')).body
  expect((await ops('GET', `/${items[0].id}`)).body).toMatchObject({
    verdict: 'invalid',
    attempts: 1,
    against_schema: { outcome: 'invalid', field: 'data.task_id', schema: expect.stringContaining('task.created') },
  })
  const [parked] = await plane.dapr.waitFor(
    1,
    ({ event: { type, data } }) => type === 'com.taskmanager.dlq.parked' && data.event_id === `letter-${LETTERS + 2}`,
  )
  expect(parked!.event.data).toMatchObject({ consumer: 'audit-service', reason: expect.stringContaining('task_id') })
})

test('a replay can be stopped; purging asks for a filter, and is a dry run unless told otherwise', async () => {
  for (let n = 0; n < 20; n++) await park(event(1_000_000 + n, undefined, { type: 'com.taskmanager.task.updated' }))
  const filter = { type: 'task.updated' }
  const { body: replay } = await ops('POST', '/replays', { filter, rate: 1, dry_run: false })
  expect((await ops('POST', `/replays/${replay.id}/stop`)).body).toMatchObject({ status: 'stopped', total: 20 })
  const left = (await ops('GET', '?type=task.updated&limit=200')).body.items.length
  expect(left).toBeGreaterThan(10)
  expect((await ops('POST', '/purge', { filter: {} })).body.code).toBe('TEP4001')
  expect((await ops('POST', '/purge', { filter })).body).toEqual({ dry_run: true, count: left })
  expect((await ops('POST', '/purge', { filter, dry_run: false })).body).toEqual({ dry_run: false, count: left })
  expect((await ops('GET', '?type=task.updated')).body.items).toEqual([])
  await plane.dapr.waitFor(
    1,
    ({ event: { type, data } }) => type === 'com.taskmanager.dlq.purged' && data.count === left,
  )
  expect((await plane.as('anna', port)('POST', '/api/v1/dead-letters/purge', { filter })).body.code).toBe('TEP4004')
})

test('what is nobody’s any more goes with the person it was of', async () => {
  await park(event(2_000_000, undefined, { data: { task_id: uuid(1), user_id: 'zoe' }, partitionkey: 'zoe' }))
  const letters = () => plane.db.query("SELECT 1 FROM messaging.inbox_failures WHERE user_id = 'zoe'")
  expect(await letters()).toHaveLength(1)
  await plane.as('zoe', port)('DELETE', '/api/v1/me')
  expect(await letters()).toEqual([])
})
