import { randomBytes } from 'node:crypto'
import { type Answer, type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
import { smallDisk } from '../../test/support/small-disk.ts'
import type { RunningService } from '../kit/service.ts'
import { startAudit } from './audit/main.ts'
import { startBackend } from './backend/main.ts'

let plane: DataPlane
let backend: RunningService
let audit: RunningService

beforeAll(async () => {
  plane = await startDataPlane({ fsync: true })
  backend = await startBackend(plane.config('backend-service'))
  audit = await startAudit(plane.config('audit-service'))
  plane.dapr.deliver('task-events', audit.port)
})
afterAll(async () => {
  await backend?.stop()
  await audit?.stop()
  await plane?.stop()
})

const anna = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  plane.as('anna', backend.port)(method, path, body, headers)
const audited = async (): Promise<string[]> =>
  (
    await plane.db.query<{ task_id: string }>(
      "SELECT task_id FROM audit.entries WHERE type = 'com.taskmanager.task.created' ORDER BY task_id",
    )
  ).map(row => row.task_id)

test('PostgreSQL killed and back: refused quickly meanwhile, nothing acknowledged is lost, the same processes go on', async () => {
  // The broker is away too, so that events wait in the outbox when the server dies.
  plane.dapr.down = true
  const created: string[] = []
  for (let n = 0; n < 20; n++) created.push((await anna('POST', '/api/v1/tasks', { title: `before ${n}` })).body.id)
  const recover = await plane.db.crash()

  const key = { 'idempotency-key': 'during' }
  const refused = await eventually(async () => {
    const answer = await anna('POST', '/api/v1/tasks', { title: 'during' }, key)
    return answer.status === 503 && answer
  }, 'the database to be missed')
  expect(refused.body.code).toBe('TEP4202')
  const ready = await fetch(`http://127.0.0.1:${backend.port}/healthz/ready`)
  expect(ready.status).toBe(503)
  expect((await fetch(`http://127.0.0.1:${backend.port}/healthz/live`)).status).toBe(200)
  // Deliveries are asked for again instead of being dropped.
  const delivery = await plane.as('x', audit.port)('POST', '/events/task-events', { id: 'x' })
  expect(delivery.body.status).toBe('RETRY')

  await recover()
  plane.dapr.down = false
  const again = await eventually(async () => {
    const answer = await anna('POST', '/api/v1/tasks', { title: 'during' }, key)
    return answer.status === 201 && answer
  }, 'the backend to go on')
  created.push(again.body.id)
  const { body } = await anna('GET', '/api/v1/tasks?limit=100')
  expect(body.items.map(({ id }: { id: string }) => id).sort()).toEqual([...created].sort())
  await eventually(async () => (await audited()).length >= created.length, 'the events that waited')
  await plane.dapr.settled()
  expect(await audited()).toEqual([...created].sort())
}, 120_000)

test('a sidecar that is away keeps nobody from writing, and everything is told afterwards, once', async () => {
  const before = await audited()
  plane.dapr.down = true
  const created: string[] = []
  for (let n = 0; n < 30; n++) {
    const answer = await anna('POST', '/api/v1/tasks', { title: `away ${n}` })
    expect(answer.status).toBe(201)
    created.push(answer.body.id)
  }
  expect(await audited()).toEqual(before)
  plane.dapr.down = false
  await eventually(async () => (await audited()).length >= before.length + created.length, 'the events')
  await plane.dapr.settled()
  expect(await audited()).toEqual([...before, ...created].sort())
})

/** Writes until as many were refused; what was answered 201 is remembered. */
async function writeUntilRefused(count: number, created: string[], description: () => string): Promise<Answer[]> {
  const refused: Answer[] = []
  const writer = async (): Promise<void> => {
    for (let n = 0; refused.length < count && n < 2_000; n++) {
      const answer = await anna('POST', '/api/v1/tasks', { title: 'full', description: description() })
      if (answer.status === 201) created.push(answer.body.id)
      else refused.push(answer)
    }
  }
  await Promise.all(Array.from({ length: 20 }, writer))
  return refused
}
const expectRefusals = (refused: readonly Answer[]): void => {
  expect(refused.length).toBeGreaterThan(0)
  for (const { status, headers, body } of refused)
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'TEP4202', '1'])
}
const written = async (): Promise<Answer | false> => {
  const answer = await anna('POST', '/api/v1/tasks', { title: 'again' })
  return answer.status === 201 && answer
}
const expectTold = async (before: readonly string[], created: readonly string[]): Promise<void> => {
  await eventually(async () => (await audited()).length >= before.length + created.length, 'the events', 3_000)
  await plane.dapr.settled()
  expect(await audited()).toEqual([...before, ...created].sort())
}

test('too many connections: who gets none is told when to come again, and all goes on by itself once there are more', async () => {
  const before = await audited()
  const created: string[] = []
  // As after a failover: everybody comes back at once, and there is room for three.
  await plane.db.query('ALTER ROLE todo CONNECTION LIMIT 3')
  await plane.db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'todo'")
  expectRefusals(await writeUntilRefused(10, created, () => 'crowded'))
  await plane.db.query('ALTER ROLE todo CONNECTION LIMIT -1')
  created.push((await eventually(written, 'a write')).body.id)
  await expectTold(before, created)
}, 60_000)

test('a full disk: writes are refused and reads go on; nothing acknowledged is lost, and all goes on once there is room', async () => {
  const before = await audited()
  const created: string[] = []
  const disk = await smallDisk(8)
  try {
    if (disk) {
      await plane.db.query(`CREATE TABLESPACE small LOCATION '${disk.folder}'`)
      await plane.db.query('ALTER TABLE messaging.outbox SET TABLESPACE small')
    } else {
      console.warn('nothing can be mounted here: the error of a full disk is raised by a trigger')
      await plane.db.query(`
        CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER disk_full BEFORE INSERT ON messaging.outbox EXECUTE FUNCTION disk_full()`)
    }
    // What cannot be compressed fills it sooner.
    expectRefusals(await writeUntilRefused(10, created, () => randomBytes(8_000).toString('base64')))
    expect((await anna('GET', '/api/v1/tasks')).status).toBe(200)
    expect((await fetch(`http://127.0.0.1:${backend.port}/healthz/ready`)).status).toBe(200)
    if (disk) disk.resize(64)
    else await plane.db.query('DROP TRIGGER disk_full ON messaging.outbox')
    created.push((await eventually(written, 'a write')).body.id)
    await expectTold(before, created)
  } finally {
    if (disk) {
      await plane.db.query('ALTER TABLE messaging.outbox SET TABLESPACE pg_default')
      await plane.db.query('DROP TABLESPACE IF EXISTS small')
      disk.remove()
    }
  }
}, 120_000)
