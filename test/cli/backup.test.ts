/** `tep backup` and `tep restore` on real databases: what was there is there again, all of it or nothing. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { RunningService } from '../../src/kit/service.ts'
import { startAnalytics } from '../../src/services/analytics/main.ts'
import { startAudit } from '../../src/services/audit/main.ts'
import { startBackend } from '../../src/services/backend/main.ts'
import { startNotification } from '../../src/services/notification/main.ts'
import { type DataPlane, eventually, startDataPlane } from '../support/data-plane.ts'
import { type Run, tep } from '../support/tep.ts'

let before: DataPlane
let after: DataPlane
let folder: string
const running: RunningService[] = []
const started = async (service: Promise<RunningService>): Promise<RunningService> => {
  running.push(await service)
  return service
}

beforeAll(async () => {
  ;[before, after] = await Promise.all([startDataPlane(), startDataPlane()])
  folder = await mkdtemp(join(tmpdir(), 'tep-backup-'))
})
afterAll(async () => {
  await Promise.all(running.map(service => service.stop()))
  await Promise.all([before?.stop(), after?.stop()])
  await rm(folder, { recursive: true, force: true })
})

const ask = (plane: DataPlane, ...args: string[]): Promise<Run> => tep(args, { env: { DATABASE_URL: plane.db.url } })
const restored = (file: string, ...more: string[]): Promise<Run> => ask(after, 'restore', file, ...more)
const text = async (plane: DataPlane, table: string, order = '1'): Promise<unknown> =>
  plane.db.query(`SELECT t::text FROM ${table} AS t ORDER BY ${order}`)
/** What people have and what was recorded; of reminders all but the alarms, which are set anew. */
const TABLES = [
  ['backend.tasks'],
  ['backend.series'],
  ['backend.reminders'],
  ['backend.preferences'],
  ['audit.entries', 'user_id, position'],
  ['audit.chains'],
  ['messaging.inbox', 'consumer, event_id'],
] as const

let file: string
test('while services run, one file of one moment, for its owner alone', async () => {
  const backend = await started(startBackend(before.config('backend-service')))
  const audit = await started(startAudit(before.config('audit-service')))
  const notification = await started(startNotification(before.config('notification-service')))
  before.dapr.deliver('task-events', audit.port)
  before.dapr.deliver('reminders', notification.port)
  const [anna, ben] = ['anna', 'ben'].map(name => before.as(name, backend.port))
  const awkward = 'Tab\t"quotes" \\ back, newline\n, emoji 🦔, nul-like \\u0000, {"row":1}'
  const { body: task } = await anna!('POST', '/api/v1/tasks', { title: awkward, tags: ['a,b', '{c}', '"'] })
  await anna!('POST', '/api/v1/tasks', { title: 'child', parent_task_id: task.id })
  await ben!('POST', '/api/v1/tasks', {
    title: 'Water plants',
    due_at: '2030-01-05T08:00:00Z',
    recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=SA' },
    reminders: [{ before: 'PT1H' }],
  })
  await ben!('PATCH', '/api/v1/preferences', { timezone: 'Europe/Berlin' })
  await anna!('POST', `/api/v1/tasks/${task.id}/complete`)
  await eventually(
    async () => (await before.db.query('SELECT FROM notification.reminders WHERE job_version = version')).length === 1,
    'the alarm to be set',
  )
  await eventually(
    async () => (await before.db.query("SELECT FROM messaging.inbox WHERE consumer = 'audit-service'")).length >= 4,
    'the audit to have what happened',
  )
  file = join(folder, 'good.tep-backup')
  const { code, out, err } = await ask(before, 'backup', '--database-only', '-f', file, '-o', 'json')
  expect([code, err]).toEqual([0, ''])
  const told = JSON.parse(out)
  expect(told.tables).toMatchObject({ 'backend.tasks': 3, 'backend.series': 1, 'notification.reminders': 1 })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await ask(before, 'backup', '--database-only', '-f', file)).err).toContain('TEP5019')
})

test('a drill says whether it is good, and leaves nothing behind', async () => {
  const { code, out } = await restored(file, '--drill')
  expect([code, out]).toEqual([0, expect.stringMatching(/is good: its audit is intact; \d+ rows/)])
})

test('where there is data, nothing is lost unasked; then everything is as it was, and work goes on from there', async () => {
  const elsewhere = await started(startBackend(after.config('backend-service')))
  await after.as('carl', elsewhere.port)('POST', '/api/v1/tasks', { title: 'Here before' })
  const refused = await restored(file)
  expect([refused.code, refused.err]).toEqual([8, expect.stringContaining('TEP5021')])
  expect(await after.db.query('SELECT title FROM backend.tasks')).toEqual([{ title: 'Here before' }])

  const { code, out } = await restored(file, '--replace', '-o', 'json')
  expect(code).toBe(0)
  for (const [table, order] of TABLES)
    expect([table, await text(after, table, order)]).toEqual([table, await text(before, table, order)])
  const { leftOut, republished } = JSON.parse(out)
  expect([leftOut, republished > 0]).toEqual([[], true])
  const { body } = await after.as('anna', elsewhere.port)('GET', '/api/v1/tasks?status=done')
  expect(body.items[0].title).toContain('🦔')
  const made = await after.as('anna', elsewhere.port)('POST', '/api/v1/tasks', { title: 'and on' })
  expect(made.status).toBe(201)
})

test('what a consumer had not handled reaches it after the restore, and what was handled has no second effect', async () => {
  const audit = await started(startAudit(after.config('audit-service')))
  const analytics = await started(startAnalytics(after.config('analytics-service')))
  await started(startNotification(after.config('notification-service')))
  // In the first place nobody had ever started analytics.
  for (const port of [audit.port, analytics.port]) after.dapr.deliver('task-events', port)
  expect((await restored(file, '--replace')).code).toBe(0)
  await eventually(
    async () => (await after.db.query("SELECT FROM messaging.inbox WHERE consumer = 'analytics-service'")).length >= 4,
    'analytics to catch up',
  )
  const statistics = await after.as('anna', analytics.port)('GET', '/api/v1/statistics')
  expect(statistics.body).toMatchObject({ open: 1, done: 1, streak: { current: 1 } })
  const verdict = await after.as('anna', audit.port)('GET', '/api/v1/audit/verify')
  const [{ count }] = (await after.db.query<{ count: string }>(
    "SELECT count(*) FROM audit.entries WHERE user_id = 'anna'",
  )) as [{ count: string }]
  expect(verdict.body).toMatchObject({ intact: true, entries: Number(count) })
  const twice = await after.db.query(
    'SELECT event_id FROM audit.entries GROUP BY user_id, event_id HAVING count(*) > 1',
  )
  expect(twice).toEqual([])
  await eventually(async () => after.dapr.jobs.size === 1, 'the alarm to be set again')
})

describe('what is no whole backup changes nothing', () => {
  const lines = async (): Promise<string[]> =>
    gunzipSync(await readFile(file))
      .toString('utf8')
      .trimEnd()
      .split('\n')
  const state = async (): Promise<unknown> => text(after, 'backend.tasks')
  const cases: [name: string, make: () => Promise<Buffer>][] = [
    ['cut off in the middle of the zip', async () => (await readFile(file)).subarray(0, 900)],
    ['without its end', async () => gzipSync(`${(await lines()).slice(0, -1).join('\n')}\n`)],
    [
      'with a row less',
      async () => gzipSync(`${(await lines()).filter(line => !line.includes('"child"')).join('\n')}\n`),
    ],
    [
      'with a word changed',
      async () => gzipSync(`${(await lines()).join('\n').replace('Water plants', 'Water plantz')}\n`),
    ],
    ['no backup at all', async () => gzipSync('hello\n')],
    ['not zipped', async () => Buffer.from('hello')],
    ['empty', async () => Buffer.alloc(0)],
  ]
  test.each(cases)('%s', async (_name, make) => {
    const bad = join(folder, 'bad.tep-backup')
    await writeFile(bad, await make())
    const was = await state()
    const { code, err } = await restored(bad, '--replace')
    expect([code, err]).toEqual([2, expect.stringContaining('TEP5020')])
    expect(await state()).toEqual(was)
  })

  test('of a later release', async () => {
    const bad = join(folder, 'later.tep-backup')
    const [header, ...rest] = await lines()
    const later = JSON.parse(header!)
    later.header.migrations.push('9999-of-tomorrow')
    await writeFile(bad, gzipSync([JSON.stringify(later), ...rest, ''].join('\n')))
    const { code, err } = await restored(bad, '--replace')
    expect([code, err]).toEqual([8, expect.stringMatching(/TEP5021: .*9999-of-tomorrow/)])
  })

  test('an audit that was tampered with is found by the drill', async () => {
    await before.db.query("UPDATE audit.entries SET type = 'task.forged' WHERE user_id = 'anna' AND position = 2")
    const forged = join(folder, 'forged.tep-backup')
    await ask(before, 'backup', '--database-only', '-f', forged)
    const { code, err } = await restored(forged, '--drill')
    expect([code, err]).toEqual([1, expect.stringMatching(/TEP5023: .*of anna at position 2/)])
  })
})

test('a file that cannot be written, and a database that cannot be reached, say so; no half file stays', async () => {
  const nowhere = await tep(['backup', '--database-only', '--database-url', 'postgres://u:secret@127.0.0.1:1/x'])
  expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('TEP5022: the database at 127.0.0.1:1/x')])
  expect(nowhere.err).not.toContain('secret')
  const missing = await ask(before, 'backup', '--database-only', '-f', join(folder, 'no/such/folder'))
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('ENOENT')])
})
