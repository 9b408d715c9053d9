import pg from 'pg'
import { type Call, type DataPlane, startDataPlane } from '../../../test/support/data-plane.ts'
import type { RunningService } from '../../kit/service.ts'
import { startBackend } from './main.ts'

let plane: DataPlane
let backend: RunningService
let anna: Call
let ben: Call

beforeAll(async () => {
  plane = await startDataPlane()
  backend = await startBackend(plane.config('backend-service'))
  anna = plane.as('anna', backend.port)
  ben = plane.as('ben', backend.port)
})

afterAll(async () => {
  await backend?.stop()
  await plane?.stop()
})

const typesFor = async (taskId: string, count: number): Promise<string[]> => {
  const of = (data: object): boolean => (data as { task_id?: string }).task_id === taskId
  const found = await plane.dapr.waitFor(count, ({ event }) => of(event.data))
  return found.map(({ topic, event }) => `${topic} ${event.type.replace('com.taskmanager.', '')}`)
}

describe('tasks', () => {
  test('a life: create, read, change, complete, reopen, delete, restore, each with its events', async () => {
    const created = await anna('POST', '/api/v1/tasks', {
      title: '  Buy milk ',
      priority: 'high',
      tags: ['home', 'home'],
      due_at: '2030-01-05T09:00:00+01:00',
      reminders: [{ before: 'PT10M' }, { at: '2030-01-04T09:00:00Z' }],
    })
    expect(created.status).toBe(201)
    expect(created.headers.get('etag')).toBe('"1"')
    const { id } = created.body
    expect(created.headers.get('location')).toBe(`/api/v1/tasks/${id}`)
    expect(created.body).toMatchObject({
      title: 'Buy milk',
      status: 'open',
      tags: ['home'],
      due_at: '2030-01-05T08:00:00.000Z',
      version: 1,
    })
    expect(created.body.remind_at).toEqual(['2030-01-05T07:50:00.000Z', '2030-01-04T09:00:00.000Z'])

    const changed = await anna('PATCH', `/api/v1/tasks/${id}`, {
      title: 'Buy oat milk',
      due_at: '2030-01-06T08:00:00Z',
    })
    expect(changed.body).toMatchObject({ title: 'Buy oat milk', priority: 'high', version: 2 })
    expect(changed.body.remind_at).toContain('2030-01-06T07:50:00.000Z')
    expect((await anna('POST', `/api/v1/tasks/${id}/complete`)).body).toMatchObject({
      status: 'done',
      completed: true,
      version: 3,
    })
    expect((await anna('POST', `/api/v1/tasks/${id}/complete`, '')).body.version).toBe(3)
    expect((await anna('PATCH', `/api/v1/tasks/${id}`, { status: 'open' })).body).toMatchObject({
      status: 'open',
      completed_at: null,
    })
    expect((await anna('DELETE', `/api/v1/tasks/${id}`)).status).toBe(204)
    expect((await anna('GET', '/api/v1/tasks')).body.items).toEqual([])
    expect((await anna('PATCH', `/api/v1/tasks/${id}`, { title: 'x' })).body.code).toBe('TEP4007')
    expect((await anna('POST', `/api/v1/tasks/${id}/restore`)).body).toMatchObject({ deleted_at: null, version: 6 })
    expect((await anna('GET', `/api/v1/tasks/${id}`)).body).toMatchObject({ id, version: 6 })

    const types = await typesFor(id, 23)
    expect(types.filter(type => type.startsWith('task-events'))).toEqual(
      ['created', 'updated', 'completed', 'reopened', 'deleted', 'restored'].map(verb => `task-events task.${verb}`),
    )
    expect(types.filter(type => type.startsWith('reminders'))).toEqual(
      [
        'scheduled',
        'scheduled',
        'rescheduled',
        'cancelled',
        'cancelled',
        'rescheduled',
        'rescheduled',
        'cancelled',
        'cancelled',
        'rescheduled',
        'rescheduled',
      ].map(verb => `reminders reminder.${verb}`),
    )
    const [updated] = await plane.dapr.waitFor(
      1,
      ({ event }) => event.type === 'com.taskmanager.task.updated' && event.subject === `task/${id}`,
    )
    expect(updated).toMatchObject({
      key: 'anna',
      event: {
        sequence: '00000000000000000002',
        data: { changes: { title: { from: 'Buy milk', to: 'Buy oat milk' } } },
      },
    })
  })

  test('a batch is done in order, all of it or nothing', async () => {
    const { body: old } = await anna('POST', '/api/v1/tasks', { title: 'old' })
    const before = (await anna('GET', '/api/v1/tasks?limit=200')).body.items.length
    const operations = [
      { op: 'create', task: { title: 'new', tags: ['batch'] } },
      { op: 'update', id: old.id, task: { title: 'newer' }, if_match: '"1"' },
      { op: 'complete', id: old.id },
      { op: 'delete', id: old.id },
      { op: 'restore', id: old.id },
    ]
    const { status, body } = await anna('POST', '/api/v1/tasks/batch', { operations })
    expect(status).toBe(200)
    expect(body.items.map(({ title, version }: { title: string; version: number }) => [title, version])).toEqual([
      ['new', 1],
      ['newer', 2],
      ['newer', 3],
      ['newer', 4],
      ['newer', 5],
    ])
    const failing = [...operations, { op: 'update', id: old.id, task: { due_at: 'whenever' } }].map(one => ({
      ...one,
      if_match: undefined,
    }))
    expect((await anna('POST', '/api/v1/tasks/batch', { operations: failing })).body).toMatchObject({
      code: 'TEP4001',
      operation: 5,
      errors: [{ field: 'operations.5.task.due_at' }],
    })
    expect((await anna('GET', '/api/v1/tasks?limit=200')).body.items.length).toBe(before + 1)
    expect((await ben('POST', '/api/v1/tasks/batch', { operations: [{ op: 'delete', id: old.id }] })).status).toBe(404)
    const wrong = await anna('POST', '/api/v1/tasks/batch', { operations: [{ op: 'burn', id: old.id }] })
    expect(wrong.body.code).toBe('TEP4001')
    const unknown = await anna('POST', '/api/v1/tasks/batch', { operations: [{ op: 'create', task: { titel: 'x' } }] })
    expect(unknown.body.errors.map(({ field }: { field: string }) => field)).toContain('operations.0.task.titel')
  })

  test('spellings of the seeds are understood', async () => {
    const { body } = await anna('POST', '/api/v1/tasks', {
      title: 'a',
      due_date: '2030-03-01',
      priority: 1,
      recurrence_rule: 'RRULE:freq=daily',
    })
    expect(body).toMatchObject({
      due_at: '2030-03-01T00:00:00.000Z',
      all_day: true,
      priority: 'high',
      recurrence: { rrule: 'FREQ=DAILY', index: 0 },
    })
  })

  test('local times are read in the zone of the task, or of the preferences', async () => {
    const inBerlin = await ben('POST', '/api/v1/tasks', {
      title: 'a',
      due_at: '2030-07-01T09:00',
      due_tz: 'Europe/Berlin',
    })
    expect(inBerlin.body).toMatchObject({ due_at: '2030-07-01T07:00:00.000Z', due_tz: 'Europe/Berlin' })
    expect((await ben('PATCH', '/api/v1/preferences', { timezone: 'America/New_York' })).body.timezone).toBe(
      'America/New_York',
    )
    expect((await ben('POST', '/api/v1/tasks', { title: 'b', due_at: '2030-07-01T09:00' })).body.due_at).toBe(
      '2030-07-01T13:00:00.000Z',
    )
  })

  test('pages neither repeat nor skip, in both orders', async () => {
    const user = plane.as('pages', backend.port)
    for (let i = 0; i < 7; i++)
      await user('POST', '/api/v1/tasks', { title: `t${i}`, ...(i % 3 ? { due_at: `2030-01-0${i}T00:00:00Z` } : {}) })
    for (const sort of ['-created_at', 'due_at']) {
      const titles: string[] = []
      let cursor = ''
      do {
        const { body } = await user('GET', `/api/v1/tasks?limit=3&sort=${sort}${cursor && `&cursor=${cursor}`}`)
        titles.push(...body.items.map((task: { title: string }) => task.title))
        cursor = body.next_cursor
      } while (cursor)
      expect([...titles].sort()).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6'])
    }
    expect((await user('GET', '/api/v1/tasks?q=T5')).body.items).toMatchObject([{ title: 't5' }])
  })
})

describe('bad input', () => {
  test.each<[string, unknown, string]>([
    ['no title', {}, 'title'],
    ['a title of the wrong type', { title: 5 }, 'title'],
    ['an unknown field', { title: 'a', colour: 'red' }, 'colour'],
    ['an impossible due time', { title: 'a', due_at: 'tomorrow' }, 'due_at'],
    ['an unknown zone', { title: 'a', due_tz: 'Mars/Olympus' }, 'due_tz'],
    ['a broken rule', { title: 'a', due_at: '2030-01-01', recurrence: { rrule: 'FREQ=NEVER' } }, 'recurrence.rrule'],
    ['a rule without a start', { title: 'a', recurrence: { rrule: 'FREQ=DAILY' } }, 'recurrence.dtstart'],
    ['a reminder before nothing', { title: 'a', reminders: [{ before: 'PT5M' }] }, 'reminders.0.before'],
    ['a reminder of no time', { title: 'a', reminders: [{}] }, 'reminders.0'],
    [
      'a nameless duration',
      { title: 'a', due_at: '2030-01-01', reminders: [{ before: 'soon' }] },
      'reminders.0.before',
    ],
  ])('%s is a 400 that names the field', async (_, body, field) => {
    const answer = await anna('POST', '/api/v1/tasks', body)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.body).toMatchObject({ code: 'TEP4001', status: 400 })
    expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field)
  })

  test('a task whose event no broker would have to carry is refused, a long description is not', async () => {
    const long = { title: 'long', description: 'x'.repeat(16_000) }
    const { body } = await anna('POST', '/api/v1/tasks', long)
    expect((await anna('PATCH', `/api/v1/tasks/${body.id}`, { description: 'y'.repeat(16_000) })).status).toBe(200)
    expect((await anna('POST', '/api/v1/tasks', { ...long, description: '\u{1F600}'.repeat(16_384) })).body.code).toBe(
      'TEP4009',
    )
  })

  test('text that is no JSON, no token, a wrong token, an unknown id', async () => {
    expect((await anna('POST', '/api/v1/tasks', '{"title":')).body.code).toBe('TEP4002')
    expect((await anna('POST', '/api/v1/tasks', { title: 'a\u0000b' })).body.code).toBe('TEP4001')
    expect((await anna('POST', '/api/v1/tasks', { title: 'about \\u0000' })).body.title).toBe('about \\u0000')
    expect((await anna('GET', '/api/v1/tasks', undefined, { authorization: '' })).body.code).toBe('TEP4003')
    expect((await anna('GET', '/api/v1/tasks', undefined, { authorization: 'Bearer a.b.c' })).body.code).toBe('TEP4003')
    expect((await anna('GET', '/api/v1/tasks/0f8fad5b-d9cb-469f-a165-70867728950e')).body.code).toBe('TEP4005')
    expect((await anna('GET', '/api/v1/tasks?cursor=zzz')).body).toMatchObject({
      code: 'TEP4001',
      errors: [{ field: 'cursor' }],
    })
    expect((await anna('GET', '/nowhere')).status).toBe(404)
  })
})

describe('whose tasks', () => {
  test('nobody sees or changes what is somebody else’s, whatever they ask for', async () => {
    const { body } = await anna('POST', '/api/v1/tasks', { title: 'secret' })
    for (const path of [
      '/api/v1/tasks?user_id=anna',
      `/api/v1/tasks?parent_task_id=${body.id}`,
      '/api/v1/tasks?q=secret',
    ]) {
      expect((await ben('GET', path)).body.items.filter((task: { title: string }) => task.title === 'secret')).toEqual(
        [],
      )
    }
    expect((await ben('GET', `/api/v1/tasks/${body.id}`)).status).toBe(404)
    expect((await ben('PATCH', `/api/v1/tasks/${body.id}`, { title: 'mine' })).status).toBe(404)
    expect((await ben('DELETE', `/api/v1/tasks/${body.id}`)).status).toBe(404)
    expect((await ben('POST', '/api/v1/tasks', { title: 'child', parent_task_id: body.id })).status).toBe(404)
    expect((await anna('GET', `/api/v1/tasks/${body.id}`)).body.title).toBe('secret')
  })

  test('the database itself refuses: the service’s role sees and writes only rows of the user of the transaction', async () => {
    const client = new pg.Client({ connectionString: plane.db.url })
    await client.connect()
    const count = async (user: string): Promise<number> => {
      await client.query("SELECT set_config('role', 'todo_backend', false), set_config('app.user_id', $1, false)", [
        user,
      ])
      return Number((await client.query('SELECT count(*) FROM backend.tasks')).rows[0].count)
    }
    expect(await count('anna')).toBeGreaterThan(0)
    expect(await count('')).toBe(0)
    const forged = client.query(
      "INSERT INTO backend.series (id, user_id, rrule, dtstart, tzid, mode) VALUES (gen_random_uuid(), 'anna', '', '', '', 'schedule')",
    )
    await expect(forged).rejects.toThrow('row-level security')
    await expect(client.query('SELECT 1 FROM audit.entries')).rejects.toThrow('permission denied')
    await client.end()
  })
})

describe('recurrence', () => {
  const triggered = (id: string, data: object) => ({
    specversion: '1.0',
    id,
    source: '/tasks/recurring-service',
    type: 'com.taskmanager.recurrence.triggered',
    time: '2030-01-07T10:00:00Z',
    data,
  })

  test('an occurrence is created once, with the parent’s fields and reminders moved along', async () => {
    const { body } = await anna('POST', '/api/v1/tasks', {
      title: 'weekly',
      tags: ['x'],
      due_at: '2030-01-07T09:00:00',
      due_tz: 'Europe/Berlin',
      recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=MO' },
      reminders: [{ before: 'PT1H' }],
    })
    const data = {
      task_id: body.id,
      user_id: 'anna',
      series_id: body.recurrence.series_id,
      index: 1,
      due_at: '2030-01-14T08:00:00Z',
      tzid: 'Europe/Berlin',
    }
    for (const id of ['first', 'first', 'second']) {
      expect((await anna('POST', '/events/task-events', triggered(id, data))).body).toEqual({ status: 'SUCCESS' })
    }
    const { body: series } = await anna('GET', `/api/v1/series/${body.recurrence.series_id}`)
    expect(series.tasks).toHaveLength(2)
    expect(series.tasks[1]).toMatchObject({
      title: 'weekly',
      tags: ['x'],
      status: 'open',
      due_at: '2030-01-14T08:00:00.000Z',
      parent_task_id: body.id,
      remind_at: ['2030-01-14T07:00:00.000Z'],
      recurrence: { index: 1 },
    })
    expect(await typesFor(series.tasks[1].id, 3)).toEqual(
      expect.arrayContaining([
        'task-events task.created',
        'task-updates ui.task_list_changed',
        'reminders reminder.scheduled',
      ]),
    )
  })
})

test('who asks too often is told when to go on; others are not held up', async () => {
  const limited = await startBackend(plane.config('backend-service', { rateLimit: { perSecond: 0.01, burst: 3 } }))
  try {
    const [hasty, calm] = [plane.as('hasty', limited.port), plane.as('calm', limited.port)]
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push(await hasty('GET', '/api/v1/tags'))
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    const { headers, body } = statuses[3]!
    expect(body).toMatchObject({ code: 'TEP4011', retry_after: expect.any(Number) })
    expect(headers.get('retry-after')).toBe(String(body.retry_after))
    expect(body.retry_after).toBeGreaterThan(1)
    expect((await calm('GET', '/api/v1/tags')).status).toBe(200)
  } finally {
    await limited.stop()
  }
})

test('every route the description names exists', async () => {
  const { paths } = (await anna('GET', '/openapi.json')).body
  for (const [path, methods] of Object.entries(paths as Record<string, object>)) {
    for (const method of Object.keys(methods)) {
      const url = path.replace(
        '{id}',
        path.includes('dead-letters') ? '999999' : '0f8fad5b-d9cb-469f-a165-70867728950e',
      )
      if (path === '/api/v1/me') continue
      const answer = await anna(method.toUpperCase(), url)
      expect([path, method, answer.body.detail ?? '']).not.toEqual([
        path,
        method,
        `There is no ${method.toUpperCase()} ${url}.`,
      ])
    }
  }
})

test('what a service must answer: probes, metrics, its description', async () => {
  for (const path of [
    '/healthz/live',
    '/healthz/ready',
    '/healthz/startup',
    '/openapi.json',
    '/asyncapi.json',
    '/xregistry.json',
  ])
    expect((await anna('GET', path)).status).toBe(200)
  const metrics = await fetch(`http://127.0.0.1:${backend.port}/metrics`).then(response => response.text())
  expect(metrics).toMatch(/outbox_relay_leader\{service="backend"\} 1/)
  expect((await anna('GET', '/dapr/subscribe')).body).toEqual([])
})
