import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Call, type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
import { SERVICES } from '../contracts/topology.ts'
import type { ServiceConfig } from '../kit/config.ts'
import type { RunningService } from '../kit/service.ts'
import { startAnalytics } from './analytics/main.ts'
import { startAudit } from './audit/main.ts'
import { startBackend } from './backend/main.ts'
import { startNotification } from './notification/main.ts'
import { startRecurring } from './recurring/main.ts'

const starters: Record<string, (config: ServiceConfig) => Promise<RunningService>> = {
  backend: startBackend,
  recurring: startRecurring,
  notification: startNotification,
  audit: startAudit,
  analytics: startAnalytics,
}

let plane: DataPlane
let mailDir: string
const running: Record<string, RunningService> = {}

beforeAll(async () => {
  plane = await startDataPlane()
  mailDir = await mkdtemp(join(tmpdir(), 'tep-mail-'))
  for (const { service, appId, consumes } of SERVICES) {
    const start = starters[service]
    if (!start) continue
    const one = await start(plane.config(appId, { mailDir }))
    running[service] = one
    for (const { topic } of consumes) plane.dapr.deliver(topic, one.port)
  }
})

afterAll(async () => {
  for (const service of Object.values(running)) await service.stop()
  await plane?.stop()
  await rm(mailDir, { recursive: true, force: true })
})

const as = (user: string, service = 'backend'): Call => plane.as(user, running[service]!.port)
const items = async (user: string, service: string, path: string) => (await as(user, service)('GET', path)).body.items
const ring = (name: string) =>
  plane.as('nobody', running['notification']!.port)('POST', `/job/${name}`, plane.dapr.jobs.get(name)!.data)

test('completing a weekly task brings the next one, at the same hour on the wall across the change of clocks', async () => {
  const anna = as('anna')
  const { body: task } = await anna('POST', '/api/v1/tasks', {
    title: 'Water plants',
    due_at: '2030-03-25T09:00',
    due_tz: 'Europe/Berlin',
    recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=MO;COUNT=2' },
  })
  await anna('POST', `/api/v1/tasks/${task.id}/complete`)
  const [next] = await eventually(async () => {
    const open = await items('anna', 'backend', '/api/v1/tasks?status=open')
    return open.length > 0 && open
  }, 'the next occurrence')
  expect(next).toMatchObject({
    title: 'Water plants',
    due_at: '2030-04-01T07:00:00.000Z',
    parent_task_id: task.id,
    recurrence: { index: 1 },
  })

  await anna('POST', `/api/v1/tasks/${task.id}/reopen`)
  await anna('POST', `/api/v1/tasks/${task.id}/complete`)
  await anna('POST', `/api/v1/tasks/${next.id}/complete`)
  await plane.dapr.waitFor(1, ({ event }) => event.type === 'com.taskmanager.recurrence.exhausted')
  await plane.dapr.settled()
  expect(await items('anna', 'backend', '/api/v1/tasks')).toHaveLength(2)
})

test('a reminder rings once, at its time, in the inbox and as a mail', async () => {
  const ben = as('ben')
  const at = new Date(Date.now() + 1500)
  await ben('POST', '/api/v1/tasks', { title: 'Call', reminders: [{ at: at.toISOString() }] })
  const name = await eventually(
    async () => [...plane.dapr.jobs].find(([, { dueTime }]) => dueTime === at.toISOString())?.[0],
    'the job',
  )
  expect(plane.dapr.jobs.get(name)).toMatchObject({ overwrite: true, failurePolicy: { constant: expect.anything() } })
  await Promise.all([ring(name), ring(name), ring(name)])
  expect(Date.now()).toBeGreaterThanOrEqual(at.getTime())
  await ring(name)
  const inbox = await as('ben', 'notification')('GET', '/api/v1/notifications')
  expect(inbox.body).toMatchObject({ unread: 1, items: [{ kind: 'reminder', title: 'Call', read_at: null }] })
  expect((await as('anna', 'notification')('GET', '/api/v1/notifications')).body.items).toEqual([])
  const id = inbox.body.items[0].id
  expect((await as('anna', 'notification')('POST', `/api/v1/notifications/${id}/read`)).status).toBe(404)
  expect((await as('ben', 'notification')('POST', `/api/v1/notifications/${id}/read`)).status).toBe(204)
  expect((await as('ben', 'notification')('GET', '/api/v1/notifications?unread=true')).body.items).toEqual([])
  const [file] = await eventually(async () => {
    const files = await readdir(mailDir)
    return files.length > 0 && files
  }, 'the mail')
  expect(await readFile(join(mailDir, file!), 'utf8')).toMatch(
    /To: ben@localhost\r?\n(.*\r?\n)*Subject: Reminder: Call/,
  )
  const triggered = await plane.dapr.waitFor(1, ({ event }) => event.type === 'com.taskmanager.reminder.triggered')
  expect(triggered).toHaveLength(1)
})

test('a reminder fired before its time rings at once, and how late it was is measured', async () => {
  const uma = as('uma')
  const { body: task } = await uma('POST', '/api/v1/tasks', {
    title: 'Some day',
    reminders: [{ at: '2031-01-01T09:00:00Z' }],
  })
  const name = `r-${task.reminders[0].id}`
  await eventually(async () => plane.dapr.jobs.has(name), 'the job')
  const { body } = await uma('POST', `/api/v1/reminders/${task.reminders[0].id}/fire`)
  await eventually(async () => plane.dapr.jobs.get(name)?.dueTime === body.remind_at, 'the job of now')
  await ring(name)
  const inbox = await as('uma', 'notification')('GET', '/api/v1/notifications')
  expect(inbox.body.items).toMatchObject([{ kind: 'reminder', title: 'Some day' }])
  const metrics = await fetch(`http://127.0.0.1:${running['notification']!.port}/metrics`)
  expect(await metrics.text()).toMatch(/reminder_lateness_seconds_bucket\{le="60",service="notification"\} [1-9]/)
})

test('a reminder moved, cancelled, or rung too early does not ring', async () => {
  const cleo = as('cleo')
  const { body: task } = await cleo('POST', '/api/v1/tasks', {
    title: 'Later',
    due_at: '2030-01-01T10:00:00Z',
    reminders: [{ before: 'PT1H' }],
  })
  const jobDue = (due: string) =>
    eventually(async () => [...plane.dapr.jobs].find(([, job]) => job.dueTime === due)?.[0], `a job at ${due}`)
  const name = await jobDue('2030-01-01T09:00:00.000Z')
  const stale = plane.dapr.jobs.get(name)!.data
  await ring(name)
  await cleo('PATCH', `/api/v1/tasks/${task.id}`, { due_at: '2030-01-02T10:00:00Z' })
  expect(await jobDue('2030-01-02T09:00:00.000Z')).toBe(name)
  await plane.as('nobody', running['notification']!.port)('POST', `/job/${name}`, stale)
  await cleo('POST', `/api/v1/tasks/${task.id}/complete`)
  await eventually(async () => !plane.dapr.jobs.has(name), 'the job to go')
  expect((await as('cleo', 'notification')('GET', '/api/v1/notifications')).body.items).toEqual([])
})

test('overdue reminders and lost alarms are repaired by the sweep of the next start', async () => {
  const at = new Date(Date.now() - 5_000)
  await plane.db.query(
    `INSERT INTO notification.reminders (id, user_id, task_id, version, title, remind_at, status) VALUES
     (gen_random_uuid(), 'dan', gen_random_uuid(), 1, 'Overdue', $1, 'scheduled'),
     (gen_random_uuid(), 'dan', gen_random_uuid(), 1, 'Long ago', $2, 'scheduled'),
     ('11111111-1111-4111-8111-111111111111', 'dan', gen_random_uuid(), 1, 'To come', now() + interval '1 day', 'scheduled')`,
    [at, new Date(at.getTime() - 48 * 3600_000)],
  )
  await running['notification']!.stop()
  running['notification'] = await startNotification(
    plane.config('notification-service', { mailDir, port: running['notification']!.port }),
  )
  await eventually(async () => plane.dapr.jobs.has('r-11111111-1111-4111-8111-111111111111'), 'the lost alarm')
  const inbox = await items('dan', 'notification', '/api/v1/notifications')
  expect(inbox.map(({ kind, title }: { kind: string; title: string }) => [kind, title]).sort()).toEqual([
    ['reminder', 'Overdue'],
    ['reminder_missed', 'Long ago'],
  ])
})

test('reminders of the seeds: one a task, moved by another, cancelled by task, ended with it, rung by their own job', async () => {
  const seed = plane.as('x', running['notification']!.port)
  const at = (hour: number) => ({
    task_id: 77,
    user_id: 'kim',
    title: 'Old',
    due_at: '2030-01-01T12:00:00',
    remind_at: `2030-01-01T${hour}:00:00`,
  })
  const about = (event_type: string, data: object) => ({
    event_type,
    event_id: crypto.randomUUID(),
    timestamp: '2026-01-01T00:00:00',
    data,
  })
  const due = async () => {
    const rows = await plane.db.query<{ remind_at: Date }>(
      "SELECT remind_at FROM notification.reminders WHERE user_id = 'kim' AND status = 'scheduled'",
    )
    const alarms = [...plane.dapr.jobs.values()]
      .map(({ dueTime }) => dueTime)
      .filter(time => time.startsWith('2030-01-01T1'))
    return {
      rows: rows.map(row => row.remind_at.toISOString().slice(11, 13)),
      alarms: alarms.map(time => time.slice(11, 13)),
    }
  }
  expect((await seed('POST', '/reminders', at(10))).body.status).toBe('SUCCESS')
  await seed('POST', '/reminders', at(11))
  expect(await due()).toEqual({ rows: ['11'], alarms: ['11'] })
  await seed('POST', '/events/reminder', about('reminder.cancelled', at(11)))
  expect(await due()).toEqual({ rows: [], alarms: [] })
  await seed('POST', '/reminders', at(13))
  await seed('POST', '/events/task', about('task.completed', { task_id: 77, user_id: 'kim', title: 'Old' }))
  expect(await due()).toEqual({ rows: [], alarms: [] })
  for (let i = 0; i < 2; i++)
    await seed('POST', '/job/reminder-task-77', { task_id: 77, user_id: 'kim', type: 'reminder' })
  expect(await items('kim', 'notification', '/api/v1/notifications')).toHaveLength(1)
  expect((await seed('POST', '/job/unheard-of', 'what?')).status).toBe(200)
})

test('the audit holds each change once, in an intact chain, for its owner alone', async () => {
  const eve = as('eve')
  const { body: task } = await eve('POST', '/api/v1/tasks', { title: 'Plan' })
  await eve('PATCH', `/api/v1/tasks/${task.id}`, { title: 'Plan better', priority: 'low' })
  await eve('POST', `/api/v1/tasks/${task.id}/complete`)
  await plane.dapr.waitFor(3, ({ topic, key }) => topic === 'task-events' && key === 'eve')
  await plane.dapr.settled()
  const entries = await items('eve', 'audit', `/api/v1/audit?task_id=${task.id}`)
  expect(entries.map(({ type }: { type: string }) => type.split('.').at(-1))).toEqual([
    'created',
    'updated',
    'completed',
  ])
  expect(entries[1].changed_fields).toEqual(['priority', 'title'])
  expect(JSON.stringify(entries)).not.toContain('Plan better')
  expect(await items('anna', 'audit', `/api/v1/audit?task_id=${task.id}`)).toEqual([])
  const verify = async () => (await as('eve', 'audit')('GET', '/api/v1/audit/verify')).body
  expect(await verify()).toEqual({
    entries: 3,
    intact: true,
    checkpoints: { verified: 0, unknown_key: 0, signed_until: 0 },
  })
  await plane.db.query("UPDATE audit.entries SET changed_fields = '{}' WHERE user_id = 'eve' AND position = 2")
  expect(await verify()).toMatchObject({ intact: false, first_broken_position: 2 })
})

test('statistics follow the newest version, whatever order and however often events come', async () => {
  const fay = as('fay')
  const { body: task } = await fay('POST', '/api/v1/tasks', { title: 'a', tags: ['x'], due_at: '2020-01-01' })
  await fay('POST', '/api/v1/tasks', { title: 'b', tags: ['x', 'y'] })
  await fay('POST', `/api/v1/tasks/${task.id}/complete`)
  await plane.dapr.waitFor(3, ({ topic, key }) => topic === 'task-events' && key === 'fay')
  await plane.dapr.settled()
  const figures = async () => (await as('fay', 'analytics')('GET', '/api/v1/statistics?tz=Europe/Berlin')).body
  const before = await figures()
  expect(before).toMatchObject({ open: 1, done: 1, overdue: 0, completed_per_day: [{ count: 1 }] })
  expect(before.by_tag).toEqual([
    { tag: 'x', open: 1, done: 1 },
    { tag: 'y', open: 1, done: 0 },
  ])
  // Rebuilt from the topic, backwards and with fresh ids as a replay may have them.
  await plane.db.query("DELETE FROM analytics.tasks WHERE user_id = 'fay'")
  const events = plane.dapr.published
    .filter(({ topic, key }) => topic === 'task-events' && key === 'fay')
    .map(({ event }) => event)
  for (const event of events.reverse()) {
    await plane.as('x', running['analytics']!.port)('POST', '/events/task-events', {
      ...event,
      id: `${event.id}-replayed`,
    })
  }
  expect(await figures()).toEqual(before)
  await plane.db.query("UPDATE analytics.tasks SET status = 'open', tags = '{}', due_at = now() WHERE user_id = 'fay'")
  expect(await figures()).not.toEqual(before)
  const rebuilt = await as('fay', 'analytics')('POST', '/api/v1/statistics/rebuild')
  expect(rebuilt.body).toEqual({ people: 1, facts: 6, tasks: 2 })
  expect(await figures()).toEqual(before)
  await plane.db.query("DELETE FROM messaging.inbox WHERE consumer = 'analytics-service'")
  for (const event of events.reverse())
    await plane.as('x', running['analytics']!.port)('POST', '/events/task-events', event)
  expect(await figures()).toEqual(before)
  const all = await as('fay', 'analytics')('POST', '/api/v1/statistics/rebuild?everyone=true')
  expect(all.body.code).toBe('TEP4004')
  const authorization = `Bearer ${await plane.token('root', { roles: ['todo-operator'] })}`
  const ofAll = ['POST', '/api/v1/statistics/rebuild?everyone=true', undefined, { authorization }] as const
  expect((await as('root', 'analytics')(...ofAll)).body.people).toBeGreaterThan(1)
  expect(await figures()).toEqual(before)
  expect((await as('fay', 'analytics')('GET', '/api/v1/statistics?tz=Nowhere')).body.errors[0].field).toBe('tz')
})

test('streaks and overdue tasks count days of the person’s zone, as the preferences have it', async () => {
  const vera = as('vera')
  const zone = 'Pacific/Kiritimati'
  await vera('PATCH', '/api/v1/preferences', { timezone: zone })
  const day = (days: number): string =>
    new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(Date.now() + days * 86_400_000)
  for (const due of [day(0), day(-2)]) await vera('POST', '/api/v1/tasks', { title: due, due_at: due })
  await plane.dapr.waitFor(3, ({ topic, key }) => topic === 'task-events' && key === 'vera')
  await plane.dapr.settled()
  const finished = async (days: number, hour: string) => {
    const data = { task_id: randomUUID(), user_id: 'vera', title: 'done', completed: true }
    const event = {
      event_id: randomUUID(),
      event_type: 'task.completed',
      timestamp: `${day(days)}T${hour}:00+14:00`,
      data,
    }
    await plane.as('x', running['analytics']!.port)('POST', '/events/task-events', event)
  }
  const figures = async () => (await as('vera', 'analytics')('GET', '/api/v1/statistics?days=366')).body
  for (const days of [-9, -8, -7, -6]) await finished(days, '00:30')
  expect(await figures()).toMatchObject({ timezone: zone, overdue: 1, streak: { current: 0, longest: 4 } })
  for (const days of [-2, -1, -1]) await finished(days, '23:30')
  const { streak, completed_per_day: perDay } = await figures()
  expect(streak).toEqual({ current: 2, longest: 4 })
  expect(perDay).toContainEqual({ day: day(-1), count: 2 })
})

test('a seed’s completed task with a rule gets its next occurrence through the same path', async () => {
  const event = {
    event_id: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
    event_type: 'task.completed',
    timestamp: '2025-12-20T19:00:00Z',
    data: {
      task_id: 'abc',
      title: 'Groceries',
      due_date: '2025-12-20T18:00:00Z',
      recurrence_rule: 'FREQ=WEEKLY;BYDAY=MO',
      user_id: 'gus',
      priority: 1,
    },
  }
  for (let i = 0; i < 2; i++) await plane.as('x', running['recurring']!.port)('POST', '/events/task', event)
  const tasks = await eventually(async () => {
    const all = await items('gus', 'backend', '/api/v1/tasks')
    return all.length > 0 && all
  }, 'the occurrence')
  expect(tasks).toMatchObject([{ title: 'Groceries', due_at: '2025-12-22T18:00:00.000Z', priority: 'high' }])
})

test('a person takes their data along and is erased everywhere; the audit keeps an intact chain without their words', async () => {
  const ida = as('ida')
  await ida('POST', '/api/v1/tasks', {
    title: 'Private matter',
    due_at: '2030-01-01T00:00:00Z',
    reminders: [{ before: 'PT1H' }],
  })
  await ida('PATCH', '/api/v1/preferences', { email: 'ida@example.org', email_notifications: true })
  const rows = async (): Promise<number> => {
    const tables = [
      'backend.tasks',
      'backend.preferences',
      'notification.reminders',
      'notification.preferences',
      'analytics.tasks',
      'analytics.facts',
      'analytics.people',
    ]
    const counts = await Promise.all(
      tables.map(table => plane.db.query(`SELECT 1 FROM ${table} WHERE user_id = 'ida'`)),
    )
    return counts.reduce((sum, { length }) => sum + length, 0)
  }
  await eventually(async () => (await rows()) === 7, 'all rows')
  const { body: exported } = await ida('GET', '/api/v1/me/export')
  expect(exported).toMatchObject({
    user_id: 'ida',
    preferences: { email: 'ida@example.org' },
    tasks: [{ title: 'Private matter' }],
  })
  expect((await ida('DELETE', '/api/v1/me')).status).toBe(204)
  await eventually(async () => (await rows()) === 0, 'no rows')
  expect((await as('ida', 'backend')('GET', '/api/v1/tasks')).body.items).toEqual([])
  expect((await as('anna', 'backend')('GET', '/api/v1/tasks')).body.items.length).toBeGreaterThan(0)
  await plane.dapr.settled()
  const { body: audit } = await as('ida', 'audit')('GET', '/api/v1/audit/verify')
  expect(audit.intact).toBe(true)
  expect(JSON.stringify(await items('ida', 'audit', '/api/v1/audit'))).not.toMatch(/Private|example/)
})

test('operators see dead letters with their reasons and replay them, three times at most; others do not', async () => {
  const ops = async (method: string, path: string) => {
    const token = await plane.token('root', { roles: ['todo-operator'] })
    return as('root')(method, path, undefined, { authorization: `Bearer ${token}` })
  }
  const event = {
    specversion: '1.0',
    id: 'poison-1',
    source: '/x',
    type: 'com.taskmanager.task.created',
    time: '2030-01-01T00:00:00Z',
    data: { user_id: 'jon' },
  }
  const audit = plane.as('x', running['audit']!.port)
  expect((await audit('POST', '/events/task-events', event)).body.status).toBe('DROP')
  await audit('POST', '/dead-letters/task-events', event)
  expect((await as('anna')('GET', '/api/v1/dead-letters')).body.code).toBe('TEP4004')
  const { body } = await ops('GET', '/api/v1/dead-letters?consumer=audit-service')
  expect(body.items).toMatchObject([
    { event_id: 'poison-1', code: 'TEP4104', reason: expect.stringContaining('task_id'), replays: 0 },
  ])
  const path = `/api/v1/dead-letters/${body.items[0].id}`
  expect(JSON.parse((await ops('GET', path)).body.body)).toEqual(event)
  for (const replays of [1, 2, 3]) {
    expect((await ops('POST', `${path}/replay`)).body).toMatchObject({ topic: 'task-events', replays })
    expect((await ops('GET', path)).status).toBe(404)
    await audit('POST', '/dead-letters/task-events', event)
  }
  expect((await ops('POST', `${path}/replay`)).body.code).toBe('TEP4007')
  const sent = plane.dapr.published
    .filter(({ event: { id } }) => id === 'poison-1')
    .map(({ event: { replaycount } }) => replaycount)
  expect(sent).toEqual([1, 2, 3])
})
