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
