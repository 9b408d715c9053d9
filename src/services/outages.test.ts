import { type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
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
