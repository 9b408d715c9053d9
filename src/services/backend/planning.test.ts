import { type Call, type DataPlane, startDataPlane } from '../../../test/support/data-plane.ts'
import type { RunningService } from '../../kit/service.ts'
import { startBackend } from './main.ts'

let plane: DataPlane
let backend: RunningService
let people = 0

beforeAll(async () => {
  plane = await startDataPlane()
  backend = await startBackend(plane.config('backend-service'))
})

afterAll(async () => {
  await backend?.stop()
  await plane?.stop()
})

/** Somebody new, whose lists are empty. */
async function somebody(timezone = 'Europe/Berlin'): Promise<{ id: string; call: Call }> {
  const id = `person-${people++}`
  const call = plane.as(id, backend.port)
  await call('PATCH', '/api/v1/preferences', { timezone })
  return { id, call }
}

describe('quick add', () => {
  test('a preview shows what was understood, in the zone of the preferences or another, and creates nothing', async () => {
    const { call } = await somebody()
    const text = 'Pay rent on 1 March 2031 at 9am #home !high remind me 1 day before'
    const { status, body } = await call('POST', '/api/v1/quick-add/preview', { text })
    expect(status).toBe(200)
    expect(body).toEqual({
      title: 'Pay rent',
      due_at: '2031-03-01T08:00:00.000Z',
      due_local: '2031-03-01T09:00',
      all_day: false,
      zone: 'Europe/Berlin',
      priority: 'high',
      tags: ['home'],
      reminders: [{ before: 'P1D' }],
      understood: [
        { kind: 'date', text: 'on 1 March 2031 at 9am' },
        { kind: 'tag', text: '#home' },
        { kind: 'priority', text: '!high' },
        { kind: 'reminder', text: 'remind me 1 day before' },
      ].map(span => expect.objectContaining(span)),
    })
    for (const { start, end, text: words } of body.understood) expect(text.slice(start, end)).toBe(words)
    const elsewhere = await call('POST', '/api/v1/quick-add/preview', { text, zone: 'America/New_York' })
    expect(elsewhere.body).toMatchObject({ due_at: '2031-03-01T14:00:00.000Z', zone: 'America/New_York' })
    expect((await call('GET', '/api/v1/tasks')).body.items).toEqual([])
  })

  test('the task is the one of the preview, once for each Idempotency-Key', async () => {
    const { call } = await somebody()
    const text = 'Water plants every monday at 9am remind me 30 minutes before #garden'
    const preview = (await call('POST', '/api/v1/quick-add/preview', { text })).body
    const key = { 'idempotency-key': 'one' }
    const created = await call('POST', '/api/v1/quick-add', { text }, key)
    expect(created.status).toBe(201)
    expect(created.headers.get('etag')).toBe('"1"')
    expect(created.body).toMatchObject({
      title: 'Water plants',
      due_at: preview.due_at,
      due_tz: 'Europe/Berlin',
      tags: ['garden'],
      recurrence: { ...preview.recurrence, index: 0 },
      reminders: [{ before: 'PT30M', status: 'scheduled' }],
      understood: preview.understood,
    })
    const again = await call('POST', '/api/v1/quick-add', { text }, key)
    expect(again.body.id).toBe(created.body.id)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect((await call('GET', '/api/v1/tasks')).body.items).toHaveLength(1)
    const day = await call('POST', '/api/v1/quick-add', { text: 'Party on 5 May 2031' })
    expect(day.body).toMatchObject({ title: 'Party', all_day: true, due_at: '2031-05-04T22:00:00.000Z' })
  })

  test.each<[string, object, string]>([
    ['nothing', { text: ' ' }, 'text'],
    ['too much', { text: 'x'.repeat(501) }, 'text'],
    ['a zone of no place', { text: 'x', zone: 'Mars/Olympus' }, 'zone'],
  ])('%s is refused', async (_, body, field) => {
    const { call } = await somebody()
    const answer = await call('POST', '/api/v1/quick-add', body)
    expect(answer.body).toMatchObject({ code: 'TEP4001', errors: [{ field }] })
  })
})

describe('reminders', () => {
  const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString()
  const snoozed = async (id: string, count: number) => {
    const found = await plane.dapr.waitFor(count, ({ event }) => event.subject === `reminder/${id}`)
    return found.map(({ event }) => `${event.type.split('.').at(-1)} ${(event.data as { version: number }).version}`)
  }

  test('one is put off, and follows its task again when that moves', async () => {
    const { call } = await somebody()
    const due = { due_at: '2031-01-01T10:00:00Z', reminders: [{ before: 'PT1H' }, { at: '2031-01-01T08:00:00Z' }] }
    const { body: task } = await call('POST', '/api/v1/tasks', { title: 'Call', ...due })
    const { id } = task.reminders.find((one: { before: string }) => one.before)
    const before = Date.now()
    const { body } = await call('POST', `/api/v1/reminders/${id}/snooze`, { minutes: 10 })
    const late = Date.parse(body.remind_at) - before
    expect(late).toBeGreaterThanOrEqual(600_000)
    expect(late).toBeLessThan(660_000)
    expect(body).toMatchObject({ id, task_id: task.id, before: 'PT1H', snoozed_until: body.remind_at })

    const { items } = (await call('GET', '/api/v1/reminders')).body
    expect(items.map((one: { id: string }) => one.id)).toEqual([id, expect.any(String)])
    expect(items[0]).toMatchObject({ title: 'Call', due_at: '2031-01-01T10:00:00.000Z', remind_at: body.remind_at })
    expect((await call('GET', '/api/v1/reminders?limit=1')).body.items).toHaveLength(1)

    await call('PATCH', `/api/v1/tasks/${task.id}`, { title: 'Call back' })
    expect((await call('GET', '/api/v1/reminders')).body.items[0].remind_at).toBe(body.remind_at)
    const moved = await call('PATCH', `/api/v1/tasks/${task.id}`, { due_at: '2031-01-02T10:00:00Z' })
    expect(moved.body.reminders).toContainEqual(
      expect.objectContaining({ id, remind_at: '2031-01-02T09:00:00.000Z', snoozed_until: null }),
    )
    expect(await snoozed(id, 3)).toEqual(['scheduled 1', 'snoozed 2', 'rescheduled 3'])
  })

  test('until a time on the wall of the person; not until one that is over, and not for a task that is done', async () => {
    const { call } = await somebody('America/New_York')
    const { body: task } = await call('POST', '/api/v1/tasks', { title: 'Call', reminders: [{ at: inAnHour() }] })
    const [{ id }] = task.reminders
    const year = new Date().getUTCFullYear()
    const soon = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10)
    const { body } = await call('POST', `/api/v1/reminders/${id}/snooze`, { until: `${soon}T09:00` })
    expect(['T13:00:00.000Z', 'T14:00:00.000Z']).toContain(body.remind_at.slice(10))
    for (const until of [`${year - 1}-01-01T00:00:00Z`, `${year + 2}-01-01T00:00:00Z`, 'later'])
      expect((await call('POST', `/api/v1/reminders/${id}/snooze`, { until })).body.errors).toMatchObject([
        { field: 'until' },
      ])
    expect((await call('POST', `/api/v1/reminders/${id}/snooze`, {})).body.code).toBe('TEP4001')
    const other = await somebody()
    expect((await other.call('POST', `/api/v1/reminders/${id}/snooze`, { minutes: 5 })).body.code).toBe('TEP4005')
    await call('POST', `/api/v1/tasks/${task.id}/complete`)
    expect((await call('POST', `/api/v1/reminders/${id}/snooze`, { minutes: 5 })).body.code).toBe('TEP4007')
  })

  test('fired now it is announced for now, once for each key', async () => {
    const { call } = await somebody()
    const { body: task } = await call('POST', '/api/v1/tasks', { title: 'Call', reminders: [{ at: inAnHour() }] })
    const [{ id }] = task.reminders
    const key = { 'idempotency-key': 'fire' }
    const { body } = await call('POST', `/api/v1/reminders/${id}/fire`, undefined, key)
    expect(Date.parse(body.remind_at)).toBeLessThanOrEqual(Date.now())
    expect((await call('POST', `/api/v1/reminders/${id}/fire`, undefined, key)).body).toEqual(body)
    expect(await snoozed(id, 2)).toEqual(['scheduled 1', 'rescheduled 2'])
    expect((await call('GET', '/api/v1/reminders')).body.items).toEqual([])
  })
})

describe('finding', () => {
  const titles = (answer: { body: { items: { title: string }[] } }): string[] =>
    answer.body.items.map(task => task.title)

  test('words of title, tags and notes, the best first; the last word may be unfinished', async () => {
    const { call } = await somebody()
    for (const task of [
      { title: 'Buy oat milk', tags: ['shopping'] },
      { title: 'Tea', description: 'with milk, or a drink of oats' },
      { title: 'Soy milk', tags: ['work/office'] },
      { title: '買牛奶', tags: [] },
      { title: '100% done_already' },
    ])
      await call('POST', '/api/v1/tasks', task)
    const find = async (q: string) => titles(await call('GET', `/api/v1/tasks?q=${encodeURIComponent(q)}`))
    expect((await find('milk')).sort()).toEqual(['Buy oat milk', 'Soy milk', 'Tea'])
    expect((await find('milk')).at(-1)).toBe('Tea')
    expect(await find('buy mil')).toEqual(['Buy oat milk'])
    expect(await find('MIL buy')).toEqual([])
    expect((await find('milk -soy ')).sort()).toEqual(['Buy oat milk', 'Tea'])
    expect(await find('"oat milk"')).toEqual(['Buy oat milk'])
    expect((await find('tea or soy')).sort()).toEqual(['Soy milk', 'Tea'])
    expect(await find('office')).toEqual(['Soy milk'])
    expect(await find('shop')).toEqual(['Buy oat milk'])
    expect(await find('牛奶')).toEqual(['買牛奶'])
    expect(await find('0%')).toEqual(['100% done_already'])
    for (const q of ["'", '"', '-', '\\', "o'", '&|!:*', ':*', '( ', 'a:*', "x' | 'y"])
      expect(await find(q)).toEqual(expect.any(Array))
    expect(await find('*')).toEqual([])
    const other = await somebody()
    expect(titles(await other.call('GET', '/api/v1/tasks?q=milk'))).toEqual([])
  })

  test('pages of a search neither repeat nor skip', async () => {
    const { call } = await somebody()
    for (let i = 0; i < 7; i++) await call('POST', '/api/v1/tasks', { title: `milk ${'milk '.repeat(i % 3)}${i}` })
    const found: string[] = []
    let cursor = ''
    do {
      const { body } = await call('GET', `/api/v1/tasks?q=milk&limit=2${cursor && `&cursor=${cursor}`}`)
      found.push(...body.items.map((task: { id: string }) => task.id))
      cursor = body.next_cursor
    } while (cursor)
    expect(found).toHaveLength(7)
    expect(new Set(found).size).toBe(7)
    const { next_cursor: byTime } = (await call('GET', '/api/v1/tasks?limit=2')).body
    expect((await call('GET', `/api/v1/tasks?q=milk&cursor=${byTime}`)).body.errors).toMatchObject([
      { field: 'cursor' },
    ])
    expect((await call('GET', '/api/v1/tasks?sort=relevance')).body.errors).toMatchObject([{ field: 'sort' }])
  })

  test('views count days where the person is; an all-day task keeps its date', async () => {
    // It is never the same day in both: 25 hours lie between them.
    for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
      const { call } = await somebody(zone)
      const local = (days: number): string =>
        new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(Date.now() + days * 86_400_000)
      const other = zone === 'Pacific/Kiritimati' ? 'Pacific/Pago_Pago' : 'Pacific/Kiritimati'
      for (const task of [
        { title: 'today', due_at: local(0) },
        { title: 'today, by another clock', due_at: local(0), due_tz: other },
        { title: 'yesterday', due_at: local(-1) },
        { title: 'just now', due_at: new Date(Date.now() - 1_000).toISOString() },
        { title: 'tomorrow', due_at: local(1) },
        { title: 'next week', due_at: local(7) },
        { title: 'some day' },
        { title: 'yesterday, done', due_at: local(-1), status: undefined, completed: true },
      ])
        await call('POST', '/api/v1/tasks', task)
      const view = async (name: string) => titles(await call('GET', `/api/v1/tasks?view=${name}`)).sort()
      expect(await view('upcoming')).toEqual(['next week', 'tomorrow'])
      expect(await view('overdue')).toEqual(['just now', 'yesterday'])
      const today = await view('today')
      expect(today.filter(title => title !== 'just now')).toEqual(['today', 'today, by another clock'])
    }
    const { call } = await somebody()
    expect((await call('GET', '/api/v1/tasks?view=someday')).body.errors).toMatchObject([{ field: 'view' }])
  })

  test('tags with how many tasks have them', async () => {
    const { call } = await somebody()
    const { body: done } = await call('POST', '/api/v1/tasks', { title: 'a', tags: ['home', 'work'] })
    await call('POST', `/api/v1/tasks/${done.id}/complete`)
    await call('POST', '/api/v1/tasks', { title: 'b', tags: ['work'] })
    const { body: gone } = await call('POST', '/api/v1/tasks', { title: 'c', tags: ['gone'] })
    await call('DELETE', `/api/v1/tasks/${gone.id}`)
    expect((await call('GET', '/api/v1/tags')).body.items).toEqual([
      { tag: 'work', open: 1, done: 1 },
      { tag: 'home', open: 0, done: 1 },
    ])
  })
})

describe('calendar feed', () => {
  const read = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${backend.port}${path}`, { headers })
    // Long lines are folded (RFC 5545 §3.1).
    return { status: response.status, headers: response.headers, text: (await response.text()).replace(/\r\n /g, '') }
  }
  const events = (text: string): string[][] =>
    text
      .split('BEGIN:VEVENT\r\n')
      .slice(1)
      .map(event => event.split('\r\nEND:VEVENT')[0]!.split('\r\n'))

  test('tasks as events, repeating ones with the rest of their rule, in zones a calendar can read', async () => {
    const { call } = await somebody()
    for (const task of [
      { title: 'Dentist; bring, cash', due_at: '2031-03-01T09:00', tags: ['health'], description: 'two\nlines' },
      { title: 'Birthday', due_at: '2031-05-04' },
      {
        title: 'Standup',
        due_at: '2031-03-27T09:00',
        recurrence: { rrule: 'FREQ=DAILY;UNTIL=20310405', exdates: ['2031-04-01T09:00:00'] },
      },
      { title: 'Rent', due_at: '2031-04-01', recurrence: { rrule: 'FREQ=MONTHLY;COUNT=3' } },
      { title: 'Vitamins', due_at: '2031-03-27T08:00', recurrence: { rrule: 'FREQ=DAILY', mode: 'completion' } },
      { title: 'Some day' },
      { title: 'a\r\nEND:VEVENT\rb\u0007', due_at: '2031-01-01' },
    ])
      expect((await call('POST', '/api/v1/tasks', task)).status).toBe(201)
    const { path } = (await call('POST', '/api/v1/calendar')).body
    const { status, headers, text } = await read(path)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/calendar; charset=utf-8')
    const found = events(text)
    const of = (title: string) => found.filter(lines => lines.includes(`SUMMARY:${title}`))
    expect(of('Dentist\\; bring\\, cash')[0]).toEqual(
      expect.arrayContaining([
        'DTSTART;TZID=Europe/Berlin:20310301T090000',
        'DTEND;TZID=Europe/Berlin:20310301T093000',
        'DESCRIPTION:two\\nlines',
        'CATEGORIES:health',
        'TRANSP:TRANSPARENT',
      ]),
    )
    expect(of('a END:VEVENT b ')).toHaveLength(1)
    expect(of('Birthday')[0]).toContain('DTSTART;VALUE=DATE:20310504')
    const [present, rest] = of('Standup')
    expect(present).toContain('DTSTART;TZID=Europe/Berlin:20310327T090000')
    expect(present!.join()).not.toContain('RRULE')
    expect(rest).toEqual(
      expect.arrayContaining([
        'DTSTART;TZID=Europe/Berlin:20310328T090000',
        'RRULE:FREQ=DAILY;UNTIL=20310405T215959Z',
        'EXDATE;TZID=Europe/Berlin:20310401T090000',
      ]),
    )
    expect(of('Rent')[1]).toEqual(expect.arrayContaining(['DTSTART;VALUE=DATE:20310501', 'RRULE:FREQ=MONTHLY;COUNT=2']))
    expect(of('Vitamins')).toHaveLength(1)
    expect(of('Some day')).toEqual([])
    expect(text.match(/BEGIN:VTIMEZONE/g)).toHaveLength(1)
    expect(text).toContain(
      'BEGIN:DAYLIGHT\r\nDTSTART:20270328T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT',
    )
  })

  test('unchanged it is answered 304; a task done is ticked off', async () => {
    const { call } = await somebody()
    const { body: task } = await call('POST', '/api/v1/tasks', { title: 'Call', due_at: '2031-01-01T10:00:00Z' })
    const { path } = (await call('POST', '/api/v1/calendar')).body
    const etag = (await read(path)).headers.get('etag')!
    expect(await read(path, { 'if-none-match': etag })).toMatchObject({ status: 304, text: '' })
    await call('POST', `/api/v1/tasks/${task.id}/complete`)
    const changed = await read(path, { 'if-none-match': etag })
    expect(changed.status).toBe(200)
    expect(changed.text).toContain('SUMMARY:✓ Call')
  })

  test('its address is one person’s, kept as a hash, and ends when it is renewed, revoked, or its person erased', async () => {
    const [anna, ben] = [await somebody(), await somebody()]
    for (const { call, id } of [anna, ben]) await call('POST', '/api/v1/tasks', { title: id, due_at: '2031-01-01' })
    expect((await anna.call('GET', '/api/v1/calendar')).body).toEqual({ active: false, created_at: null })
    const first = (await anna.call('POST', '/api/v1/calendar')).body
    expect((await anna.call('GET', '/api/v1/calendar')).body).toEqual({ active: true, created_at: first.created_at })
    const { text } = await read(first.path)
    expect(text).toContain(anna.id)
    expect(text).not.toContain(ben.id)
    const stored = await plane.db.query('SELECT * FROM backend.calendar_feeds')
    expect(JSON.stringify(stored)).not.toContain(first.token)
    const second = (await anna.call('POST', '/api/v1/calendar')).body
    expect((await read(first.path)).status).toBe(404)
    expect((await read(second.path)).status).toBe(200)
    expect((await ben.call('DELETE', '/api/v1/calendar')).status).toBe(204)
    expect((await read(second.path)).status).toBe(200)
    await anna.call('DELETE', '/api/v1/calendar')
    expect((await read(second.path)).text).toContain('TEP4005')
    const third = (await anna.call('POST', '/api/v1/calendar')).body
    await anna.call('DELETE', '/api/v1/me')
    expect((await read(third.path)).status).toBe(404)
    expect((await read('/api/v1/calendar.ics')).text).toContain('TEP4001')
  })
})
