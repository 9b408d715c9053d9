import { type Call, type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
import type { RunningService } from '../kit/service.ts'
import { startBackend } from './backend/main.ts'
import { startRecurring } from './recurring/main.ts'

let plane: DataPlane
const running: RunningService[] = []
let calls = 0

beforeAll(async () => {
  plane = await startDataPlane()
  running.push(await startBackend(plane.config('backend-service')))
  running.push(await startRecurring(plane.config('recurring-service')))
  for (const { port } of running) plane.dapr.deliver('task-events', port)
})

afterAll(async () => {
  for (const service of running) await service.stop()
  await plane?.stop()
})

/** A person of their own for each test. */
const person = (): Call => plane.as(`person-${++calls}`, running[0]!.port)
const daily = { rrule: 'FREQ=DAILY', dtstart: '2030-01-01T09:00:00', tzid: 'Europe/Berlin' }

const create = async (call: Call, recurrence: object, more: object = {}) => {
  const { body, status } = await call('POST', '/api/v1/tasks', { title: 'Stretch', recurrence, ...more })
  expect([status, body]).toEqual([201, expect.anything()])
  return body
}
const open = async (call: Call) => (await call('GET', '/api/v1/tasks?status=open')).body.items
const complete = (call: Call, id: string) => call('POST', `/api/v1/tasks/${id}/complete`)
const nextOf = (call: Call, id: string) =>
  eventually(
    async () => (await open(call)).find((task: { parent_task_id: string }) => task.parent_task_id === id),
    'the next task',
  )

test('skipping moves an occurrence on, its reminders with it, and leaves the skipped one out of the series', async () => {
  const call = person()
  const task = await create(
    call,
    { ...daily, rrule: 'FREQ=DAILY;COUNT=3' },
    {
      reminders: [{ before: 'PT1H' }, { at: '2029-12-31T20:00:00Z' }],
    },
  )
  const { body: skipped } = await call('POST', `/api/v1/tasks/${task.id}/skip`)
  expect(skipped).toMatchObject({
    id: task.id,
    due_at: '2030-01-02T08:00:00.000Z',
    recurrence: { index: 1, exdates: ['2030-01-01T09:00:00'] },
  })
  expect(skipped.remind_at).toEqual(['2030-01-01T20:00:00.000Z', '2030-01-02T07:00:00.000Z'])
  await complete(call, task.id)
  const last = await nextOf(call, task.id)
  expect(last.recurrence.index).toBe(2)
  expect((await call('POST', `/api/v1/tasks/${last.id}/skip`)).body.code).toBe('TEP4007')
  expect((await call('POST', `/api/v1/tasks/${task.id}/skip`)).body.code).toBe('TEP4007')
})

test('an occurrence to come can be left out; one that never comes cannot, and the next one is named', async () => {
  const call = person()
  const task = await create(call, daily)
  const series = `/api/v1/series/${task.recurrence.series_id}`
  expect((await call('POST', `${series}/exceptions`, { local: '2030-01-02T09:00' })).body.exdates).toEqual([
    '2030-01-02T09:00:00',
  ])
  const wrong = await call('POST', `${series}/exceptions`, { local: '2030-01-05T10:00' })
  expect(wrong.body).toMatchObject({ code: 'TEP4001', errors: [{ field: 'local' }] })
  expect(wrong.body.detail).toContain('2030-01-06T09:00:00')
  const { body } = await call('GET', `${series}/preview?count=2`)
  expect(body.items.map(({ local }: { local: string }) => local)).toEqual([
    '2030-01-03T09:00:00',
    '2030-01-04T09:00:00',
  ])
  await complete(call, task.id)
  expect((await nextOf(call, task.id)).due_at).toBe('2030-01-03T08:00:00.000Z')
  expect((await person()('POST', `${series}/exceptions`, { local: '2030-01-07T09:00' })).status).toBe(404)
})

test('an occurrence left out after it was asked for does not come', async () => {
  const call = person()
  const task = await create(call, daily)
  const { series_id } = task.recurrence
  await plane.db.query("UPDATE backend.series SET exdates = '{2030-01-02T09:00:00}' WHERE id = $1", [series_id])
  // As it was asked for before: the event says nothing of the exception.
  const { body } = await plane.as('x', running[0]!.port)('POST', '/events/task-events', {
    specversion: '1.0',
    id: crypto.randomUUID(),
    source: '/tasks/recurring-service',
    type: 'com.taskmanager.recurrence.triggered',
    time: '2030-01-01T10:00:00Z',
    data: {
      task_id: task.id,
      user_id: `person-${calls}`,
      series_id,
      index: 1,
      due_at: '2030-01-02T08:00:00Z',
      due_local: '2030-01-02T09:00:00',
    },
  })
  expect(body.status).toBe('SUCCESS')
  expect((await nextOf(call, task.id)).due_at).toBe('2030-01-03T08:00:00.000Z')
})

test('this and all that follow at another hour: a series of its own, with what COUNT has left', async () => {
  const call = person()
  const first = await create(call, { ...daily, rrule: 'FREQ=DAILY;COUNT=3' })
  await complete(call, first.id)
  const second = await nextOf(call, first.id)
  const { body: moved } = await call('PATCH', `/api/v1/tasks/${second.id}?scope=following`, {
    due_at: '2030-01-02T18:00',
    due_tz: 'Europe/Berlin',
  })
  expect(moved.recurrence).toMatchObject({ rrule: 'FREQ=DAILY;COUNT=2', dtstart: '2030-01-02T18:00:00', index: 0 })
  expect(moved.recurrence.series_id).not.toBe(first.recurrence.series_id)
  await plane.dapr.waitFor(
    1,
    ({ event }) =>
      event.type === 'com.taskmanager.recurrence.updated' && event.data.replaces === first.recurrence.series_id,
  )
  await complete(call, second.id)
  expect((await nextOf(call, second.id)).due_at).toBe('2030-01-03T17:00:00.000Z')
})

test('a moved due time is for one occurrence, words are for all that follow, unless it says otherwise', async () => {
  const call = person()
  const first = await create(call, daily)
  await call('PATCH', `/api/v1/tasks/${first.id}?scope=this`, {
    title: 'Stretch outside',
    due_at: '2030-01-01T20:00:00Z',
  })
  await complete(call, first.id)
  const second = await nextOf(call, first.id)
  expect(second).toMatchObject({ title: 'Stretch', due_at: '2030-01-02T08:00:00.000Z' })
  await call('PATCH', `/api/v1/tasks/${second.id}?scope=following`, { title: 'Stretch more' })
  await complete(call, second.id)
  expect((await nextOf(call, second.id)).title).toBe('Stretch more')
  const refused = await call('PATCH', `/api/v1/tasks/${first.id}?scope=this`, { recurrence: { rrule: 'FREQ=WEEKLY' } })
  expect(refused.body.errors[0].field).toBe('scope')
})

test('a paused series brings nothing, and goes on with the first occurrence from now, each exactly once', async () => {
  const call = person()
  const start = '2020-01-01T09:00:00'
  const task = await create(call, { ...daily, dtstart: start })
  const series = `/api/v1/series/${task.recurrence.series_id}`
  expect((await call('POST', `${series}/pause`)).body.paused_at).toMatch(/^20/)
  await complete(call, task.id)
  await eventually(
    async () =>
      (
        await plane.db.query('SELECT 1 FROM backend.series WHERE id = $1 AND waiting IS NOT NULL', [
          task.recurrence.series_id,
        ])
      ).length,
    'the occurrence to wait',
  )
  expect(await open(call)).toEqual([])
  expect((await call('GET', `${series}/preview`)).body.paused).toBe(true)
  for (let i = 0; i < 2; i++) expect((await call('POST', `${series}/resume`)).body.paused_at).toBeNull()
  const tasks = await open(call)
  expect(tasks).toHaveLength(1)
  expect(Date.parse(tasks[0].due_at) - Date.now()).toBeGreaterThan(0)
  expect(Date.parse(tasks[0].due_at) - Date.now()).toBeLessThan(25 * 3600_000)
})

test('missed occurrences are skipped where the series says so', async () => {
  const call = person()
  const task = await create(call, { ...daily, dtstart: '2020-01-01T09:00:00', missed: 'skip' })
  await complete(call, task.id)
  expect(Date.parse((await nextOf(call, task.id)).due_at)).toBeGreaterThan(Date.now())
})

test('a rule nobody has yet is previewed, and a wrong one is refused by part', async () => {
  const call = person()
  const preview = (recurrence: object, more: object = {}) =>
    call('POST', '/api/v1/series/preview', { recurrence, ...more })
  const { body } = await preview(
    { rrule: 'freq=monthly;byday=-1fr' },
    { due_at: '2030-03-29T09:00', due_tz: 'Europe/Berlin', count: 2 },
  )
  expect(body).toMatchObject({
    tzid: 'Europe/Berlin',
    recurrence: { rrule: 'FREQ=MONTHLY;BYDAY=-1FR' },
    items: [
      { index: 0, local: '2030-03-29T09:00:00', at: '2030-03-29T08:00:00.000Z' },
      { index: 1, local: '2030-04-26T09:00:00', at: '2030-04-26T07:00:00.000Z' },
    ],
  })
  const wrong = await preview({ rrule: 'FREQ=DAILY;BYHOUR=25', dtstart: '2030-01-01T09:00' })
  expect(wrong.body).toMatchObject({ code: 'TEP4001', errors: [{ field: 'recurrence.rrule' }] })
  expect(wrong.body.detail).toContain('BYHOUR=25')
})
