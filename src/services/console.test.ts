import { type Answer, type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
import type { RunningService } from '../kit/service.ts'
import { startAnalytics } from './analytics/main.ts'
import { startAudit } from './audit/main.ts'
import { startBackend } from './backend/main.ts'
import { startNotification } from './notification/main.ts'

let plane: DataPlane
let backend: RunningService
let audit: RunningService
let analytics: RunningService
let notification: RunningService

beforeAll(async () => {
  plane = await startDataPlane()
  backend = await startBackend(plane.config('backend-service'))
  audit = await startAudit(plane.config('audit-service'))
  analytics = await startAnalytics(plane.config('analytics-service'))
  notification = await startNotification(plane.config('notification-service'))
  plane.dapr.deliver('task-events', audit.port)
  plane.dapr.deliver('reminders', notification.port)
})

afterAll(async () => {
  await Promise.all([backend, audit, analytics, notification].map(service => service?.stop()))
  await plane?.stop()
})

const ops = async (path: string, { port } = backend): Promise<Answer> => {
  const token = await plane.token('root', { roles: ['todo-operator'] })
  return plane.as('root', port)('GET', `/api/v1${path}`, undefined, { authorization: `Bearer ${token}` })
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

test('reminders of everybody: when, whose, whether the alarm is set and how late they ring; not what about', async () => {
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString()
  const reminders = [{ at: at(1_500) }, { at: at(600_000) }, { at: at(86_400_000) }]
  const { body: task } = await anna()('POST', '/api/v1/tasks', { title: 'A secret matter', reminders })
  const asked = async (query = '') => (await ops(`/console/reminders${query}`, notification)).body
  const settled = async (rung: number) =>
    eventually(async () => {
      const now = await asked()
      return now.items.length === 3 - rung && now.last_day.rung === rung && now.coming.without_alarm === 0 && now
    }, `${rung} to have rung and the others to have their alarms`)
  await settled(0)
  const [next] = (await asked()).items
  await fetch(`http://127.0.0.1:${notification.port}/job/r-${next.id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reminder_id: next.id, version: 1 }),
  })
  const seen = await settled(1)
  expect(seen.coming).toEqual({ scheduled: 2, within_hour: 1, late: 0, without_alarm: 0 })
  expect(
    seen.items.map((each: Record<string, unknown>) => [each['user_id'], each['task_id'], each['alarm_set']]),
  ).toEqual([
    ['anna', task.id, true],
    ['anna', task.id, true],
  ])
  expect(seen.last_day).toMatchObject({ missed: 0, late_p50_seconds: expect.any(Number) })
  expect(JSON.stringify(seen)).not.toContain('secret')
  expect((await asked('?user_id=ben')).items).toEqual([])
  expect((await asked('?limit=1')).items).toHaveLength(1)
  expect((await plane.as('anna', notification.port)('GET', '/api/v1/console/reminders')).body.code).toBe('TEP4004')
})
