import { eventually } from '../../../test/support/data-plane.ts'
import { startTestDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { type Database, openDatabase } from '../../kit/db.ts'
import { createLogger } from '../../kit/log.ts'
import { Problem } from '../../kit/problem.ts'
import type { Alarms } from './alarms.ts'
import { startSweeper } from './sweeper.ts'

const log = createLogger('test', 'silent')
let testDb: TestDatabase
let db: Database

beforeAll(async () => {
  testDb = await startTestDatabase()
  db = openDatabase({ url: testDb.url, service: 'notification', log })
})
afterEach(() => testDb.query('DELETE FROM notification.reminders'))
afterAll(async () => {
  await db.close()
  await testDb.stop()
})

/** Several of them at each moment: the sweep must not lose its place among equals. */
const insert = async (count: number, from: string): Promise<string[]> => {
  const rows = await testDb.query<{ id: string }>(
    `INSERT INTO notification.reminders (id, user_id, task_id, version, remind_at, status)
     SELECT gen_random_uuid(), 'u', gen_random_uuid(), 1, now() + ${from} + (n / 7) * interval '1 second', 'scheduled'
     FROM generate_series(1, ${count}) AS n RETURNING id`,
  )
  return rows.map(({ id }) => id)
}

const alarmsOf = (more: Partial<Alarms>): Alarms => ({
  set: async () => {},
  clear: async () => {},
  ring: async () => {},
  ...more,
})
const NEVER = 3_600_000

test('one sweep rings all that an outage left overdue, and one that fails holds up no other', async () => {
  const ids = await insert(1_234, "interval '-2 hours'")
  const broken = ids[3]!
  const rung: string[] = []
  const ring = async (id: string): Promise<void> => {
    if (id === broken) throw new Error('a bug of one reminder')
    rung.push(id)
    await testDb.query("UPDATE notification.reminders SET status = 'triggered' WHERE id = $1", [id])
  }
  const sweeper = startSweeper({ db, alarms: alarmsOf({ ring }), log, everyMs: NEVER })
  await eventually(async () => rung.length === ids.length - 1, 'all but one')
  await sweeper.stop()
  expect([...rung].sort()).toEqual(ids.filter(id => id !== broken).sort())
})

test('the first sweep sets the alarms of the coming hour again, and those nobody set, each once', async () => {
  const soon = await insert(600, "interval '1 minute'")
  const later = await insert(3, "interval '2 hours'")
  await testDb.query('UPDATE notification.reminders SET job_version = 1 WHERE id <> $1', [later[0]])
  const set: string[] = []
  const sweeper = startSweeper({
    db,
    alarms: alarmsOf({ set: async id => void set.push(id) }),
    log,
    everyMs: NEVER,
  })
  await eventually(async () => set.length >= 601, 'the alarms')
  await sweeper.stop()
  expect(set.sort()).toEqual([...soon, later[0]!].sort())
})

test('a sidecar that is away ends the sweep; the next one sets what is left', async () => {
  const ids = await insert(400, "interval '1 minute'")
  const set = new Set<string>()
  let away = true
  let attempts = 0
  const alarm = async (id: string): Promise<void> => {
    attempts++
    if (away) throw new Problem('TEP4206', 'The sidecar does not answer.')
    set.add(id)
  }
  const sweeper = startSweeper({ db, alarms: alarmsOf({ set: alarm }), log, everyMs: 20 })
  await eventually(async () => attempts > 0, 'an attempt')
  // Each sweep gives up after what was under way.
  expect(attempts).toBeLessThan(ids.length)
  away = false
  await eventually(async () => set.size === ids.length, 'all alarms')
  await sweeper.stop()
})
