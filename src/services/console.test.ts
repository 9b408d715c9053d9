import { type Answer, type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
import type { RunningService } from '../kit/service.ts'
import { startAnalytics } from './analytics/main.ts'
import { startAudit } from './audit/main.ts'
import { startBackend } from './backend/main.ts'

let plane: DataPlane
let backend: RunningService
let audit: RunningService
let analytics: RunningService

beforeAll(async () => {
  plane = await startDataPlane()
  backend = await startBackend(plane.config('backend-service'))
  audit = await startAudit(plane.config('audit-service'))
  analytics = await startAnalytics(plane.config('analytics-service'))
  plane.dapr.deliver('task-events', audit.port)
})

afterAll(async () => {
  await Promise.all([backend, audit, analytics].map(service => service?.stop()))
  await plane?.stop()
})

const ops = async (path: string): Promise<Answer> => {
  const token = await plane.token('root', { roles: ['todo-operator'] })
  return plane.as('root', backend.port)('GET', `/api/v1${path}`, undefined, { authorization: `Bearer ${token}` })
}
const anna = (): ReturnType<DataPlane['as']> => plane.as('anna', backend.port)
const eventsOf = async (id: string): Promise<Answer['body'][]> =>
  (await ops(`/console/events?subject=task/${id}&topic=task-events`)).body.items

test('the console is for operators alone, and everybody may ask who they are', async () => {
  for (const path of ['flow', 'events', 'events/x']) {
    expect([path, (await anna()('GET', `/api/v1/console/${path}`)).body.code]).toEqual([path, 'TEP4004'])
  }
  expect((await anna()('GET', '/api/v1/me')).body).toEqual({ id: 'anna', roles: [], is_operator: false })
  expect((await ops('/me')).body).toEqual({ id: 'root', roles: ['todo-operator'], is_operator: true })
})

test('events are shown with their schema, newest first, page by page, and say nothing that a person wrote', async () => {
  const { body: task } = await anna()('POST', '/api/v1/tasks', {
    title: 'A secret title',
    description: 'and why',
    tags: ['private'],
  })
  await anna()('POST', `/api/v1/tasks/${task.id}/complete`)
  const events = await eventsOf(task.id)
  expect(events.map(({ type, schema, user_id: user }) => [type, schema, user])).toEqual([
    ['com.taskmanager.task.completed', 'valid', 'anna'],
    ['com.taskmanager.task.created', 'valid', 'anna'],
  ])
  expect(JSON.stringify(events)).not.toMatch(/secret|and why|private/)
  expect(events[0].event.data.task).toMatchObject({ title: '•••', tags: ['•••'], status: 'done' })
  const first = (await ops(`/console/events?subject=task/${task.id}&limit=1`)).body
  const second = (await ops(`/console/events?subject=task/${task.id}&limit=1&before_seq=${first.next_before_seq}`)).body
  expect(second.items[0].seq).toBeLessThan(first.items[0].seq)
  const followed = (await ops(`/console/events?subject=task/${task.id}&after_seq=0`)).body.items
  expect(followed.map(({ seq }: { seq: number }) => seq)).toEqual(
    followed.map(({ seq }: { seq: number }) => seq).toSorted((a: number, b: number) => a - b),
  )
})

test('one event, one story: committed, published, handled, and what it caused', async () => {
  const { body: task } = await anna()('POST', '/api/v1/tasks', { title: 'Told' })
  const [created] = await eventsOf(task.id)
  const story = await eventually(async () => {
    const { body } = await ops(`/console/events/${created.id}`)
    return body.hops.length >= 3 && body
  }, 'all hops')
  expect(story.hops.map(({ what, where }: { what: string; where: string }) => `${what} ${where}`)).toEqual([
    'committed task-events',
    'published task-events',
    'handled audit-service',
  ])
  expect(story.causes.map(({ type }: { type: string }) => type)).toContain('com.taskmanager.ui.task_list_changed')
  const effect = (await ops(`/console/events/${story.causes[0].id}`)).body
  expect(effect.caused_by.id).toBe(created.id)
  expect((await ops('/console/events/00000000-0000-4000-8000-000000000000')).body.code).toBe('TEP4005')
})

test('who is behind is seen: a consumer that gets nothing, beside one that has everything', async () => {
  await anna()('POST', '/api/v1/tasks', { title: 'Counted' })
  const of = (body: Answer['body'], name: string): Answer['body'] =>
    body.consumers.find(
      ({ consumer, topic }: { consumer: string; topic: string }) => consumer === name && topic === 'task-events',
    )
  const seen = await eventually(async () => {
    const { body } = await ops('/console/flow')
    return of(body, 'audit-service').behind === 0 && body
  }, 'the audit to catch up')
  expect(of(seen, 'audit-service')).toMatchObject({
    per_minute: expect.any(Number),
    behind: 0,
    oldest_behind_seconds: null,
  })
  // Nobody delivers to analytics here. Completions are not what the recurring service is behind with, unless there are some.
  expect(of(seen, 'analytics-service').behind).toBeGreaterThan(0)
  expect(of(seen, 'analytics-service').oldest_behind_seconds).toBeGreaterThanOrEqual(0)
  expect(of(seen, 'realtime-service')).toBeUndefined()
  expect(seen.topics.find(({ topic }: { topic: string }) => topic === 'task-events').per_minute).toBeGreaterThan(0)
})
