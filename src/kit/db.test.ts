import { startTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { type Database, openDatabase } from './db.ts'
import { createLogger } from './log.ts'

let testDb: TestDatabase
let db: Database
const log = createLogger('test', 'silent')

beforeAll(async () => {
  testDb = await startTestDatabase()
  db = openDatabase({ url: testDb.url, service: 'backend', log, connections: 4 })
})
afterAll(async () => {
  await db?.close()
  await testDb?.stop()
})

const whoAmI =
  "SELECT current_user AS role, current_setting('app.user_id') AS id, current_setting('app.system') AS system"

test('work runs as the service and the user, whatever the user is called, and the next transaction is somebody else', async () => {
  const hostile = "o'Neil\\'; DROP TABLE backend.tasks; --"
  expect(await db.tx({ userId: hostile }, sql => sql.query(whoAmI))).toEqual([
    { role: 'todo_backend', id: hostile, system: 'off' },
  ])
  expect(await db.tx({ system: true }, sql => sql.query(whoAmI))).toEqual([
    { role: 'todo_backend', id: '', system: 'on' },
  ])
})

test('a throw rolls back and reaches the caller', async () => {
  const add = (): Promise<never> =>
    db.tx({ userId: 'a' }, async sql => {
      await sql.query("INSERT INTO backend.preferences (user_id) VALUES ('a')")
      throw new Error('changed my mind')
    })
  await expect(add()).rejects.toThrow('changed my mind')
  expect(await testDb.query('SELECT 1 FROM backend.preferences')).toEqual([])
})

test('what PostgreSQL asks to repeat is repeated: a serialization failure, a connection cut in mid-work', async () => {
  let runs = 0
  const result = await db.tx({ userId: 'a' }, async sql => {
    runs++
    if (runs === 1) await sql.query("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")
    if (runs === 2) {
      const [session] = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await testDb.query('SELECT pg_terminate_backend($1)', [session!.pid])
    }
    await sql.query('SELECT 1')
    return runs
  })
  expect(result).toBe(3)
})

test('a migration that changes what a prepared statement returns disturbs nobody, on no connection', async () => {
  const rows = (): Promise<unknown[]> =>
    db.tx({}, sql => sql.query('SELECT * FROM messaging.replays WHERE rate > $1', [0]))
  await Promise.all([rows(), rows(), rows(), rows()])
  await testDb.query('ALTER TABLE messaging.replays ADD COLUMN later integer')
  expect(await Promise.all([rows(), rows(), rows(), rows(), rows()])).toEqual([[], [], [], [], []])
  await db.tx({}, sql => sql.query('DEALLOCATE ALL'))
  expect(await Promise.all([rows(), rows(), rows(), rows(), rows()])).toEqual([[], [], [], [], []])
  await testDb.query('ALTER TABLE messaging.replays DROP COLUMN later')
})

test('an ordinary error is not repeated', async () => {
  let runs = 0
  const work = db.tx({}, async sql => {
    runs++
    return sql.query('SELECT 1 FROM nowhere')
  })
  await expect(work).rejects.toThrow('nowhere')
  expect(runs).toBe(1)
})

test('a database that is away is TEP4202', async () => {
  const away = openDatabase({ url: 'postgres://x:secret@127.0.0.1:1/x', service: 'backend', log })
  const failure = await away.tx({}, sql => sql.query('SELECT 1')).catch(error => error)
  expect(failure).toMatchObject({ code: 'TEP4202', status: 503 })
  expect(failure.message).not.toContain('secret')
  await away.close()
})

test('a database without our tables is not ready, and says why', async () => {
  await db.check()
  await testDb.query('ALTER TABLE messaging.outbox RENAME TO outbox_away')
  await expect(db.check()).rejects.toMatchObject({ code: 'TEP4202', message: expect.stringContaining('migrate') })
  await testDb.query('ALTER TABLE messaging.outbox_away RENAME TO outbox')
})
