import type { ChildProcess } from 'node:child_process'
import { type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
import { environmentOf, launchService, type ServiceProcess } from '../../test/support/service-process.ts'
import type { RunningService } from '../kit/service.ts'
import { freePort } from '../local/ports.ts'
import { startAudit } from './audit/main.ts'

const children: ChildProcess[] = []
let plane: DataPlane
let audit: RunningService
let port: number

beforeAll(async () => {
  plane = await startDataPlane()
  audit = await startAudit(plane.config('audit-service'))
  plane.dapr.deliver('task-events', audit.port)
  port = await freePort()
})

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await audit?.stop()
  await plane?.stop()
})

const launch = (args: string[], env: Record<string, string>): ServiceProcess => {
  const started = launchService(args, env)
  children.push(started.child)
  return started
}

test('killed with -9 again and again while writing, the backend loses and repeats nothing it acknowledged', async () => {
  const hal = plane.as('hal', port)
  let current = launch(['backend'], environmentOf(plane, 'backend-service', port))
  const acknowledged = new Set<string>()
  for (let i = 0; i < 60; i++) {
    if (i % 15 === 10) {
      current.child.kill('SIGKILL')
      await current.exited
      current = launch(['backend'], environmentOf(plane, 'backend-service', port))
    }
    // As a careful client does: the same key until there is an answer.
    const answer = await eventually(
      () => hal('POST', '/api/v1/tasks', { title: `t${i}` }, { 'idempotency-key': `hal-${i}` }).catch(() => undefined),
      'an answer',
    )
    expect(answer.status).toBe(201)
    acknowledged.add(answer.body.id)
  }
  expect(acknowledged.size).toBe(60)
  const created = ({ event, topic }: { event: { type: string }; topic: string }) =>
    topic === 'task-events' && event.type.endsWith('task.created')
  await eventually(
    async () =>
      new Set(plane.dapr.published.filter(p => p.key === 'hal' && created(p)).map(p => p.event.id)).size === 60,
    'every event',
  )
  await plane.dapr.settled()
  const { items: entries } = (await plane.as('hal', audit.port)('GET', '/api/v1/audit?limit=500')).body
  expect(new Set(entries.map(({ task_id: id }: { task_id: string }) => id))).toEqual(acknowledged)
  expect(entries).toHaveLength(60)

  current.child.kill('SIGTERM')
  expect(await current.exited).toBe(0)
  expect(current.output()).not.toContain(plane.db.url)
}, 60_000)

test('a missing variable, a service nobody knows: one line, exit code 2; migrate ends', async () => {
  const missing = launch(['audit'], { APP_ID: 'audit-service' })
  expect(await missing.exited).toBe(2)
  expect(missing.output().trim()).toBe('TEP4205: set DATABASE_URL: the service cannot start without.')
  const unknown = launch(['nothing'], {})
  expect(await unknown.exited).toBe(2)
  expect(unknown.output()).toMatch(/^TEP4205.*backend/)
  const migrated = launch(['migrate'], { DATABASE_URL: plane.db.url })
  expect(await migrated.exited).toBe(0)
})
