import { type Call, type DataPlane, eventually, startDataPlane } from '../../../test/support/data-plane.ts'
import { openDatabase } from '../../kit/db.ts'
import { createLogger } from '../../kit/log.ts'
import type { RunningService } from '../../kit/service.ts'
import { startForgetting } from './idempotency.ts'
import { startBackend } from './main.ts'

const log = createLogger('test', 'silent')
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

test('the same key gives the first answer and one task, also when both arrive at once', async () => {
  const send = () => anna('POST', '/api/v1/tasks', { title: 'once' }, { 'idempotency-key': 'key-1' })
  const answers = await Promise.all([send(), send(), send()])
  const again = await send()
  const ids = [...answers, again].map(({ body }) => body.id)
  expect(new Set(ids).size).toBe(1)
  expect([...answers, again].map(({ status }) => status)).toEqual([201, 201, 201, 201])
  expect(again.headers.get('etag')).toBe('"1"')
  expect((await anna('GET', '/api/v1/tasks?q=once')).body.items).toHaveLength(1)
  const other = await anna('POST', '/api/v1/tasks', { title: 'twice' }, { 'idempotency-key': 'key-1' })
  expect(other.body.code).toBe('TEP4008')
  expect((await ben('POST', '/api/v1/tasks', { title: 'once' }, { 'idempotency-key': 'key-1' })).body.id).not.toBe(
    ids[0],
  )
})

test('a key is forgotten after a day, also of somebody who does not come again', async () => {
  await anna('POST', '/api/v1/tasks', { title: 'kept' }, { 'idempotency-key': 'today' })
  await ben('POST', '/api/v1/tasks', { title: 'long ago' }, { 'idempotency-key': 'of-the-day-before' })
  const keys = async (): Promise<string[]> =>
    (await plane.db.query<{ key: string }>('SELECT key FROM backend.idempotency_keys')).map(({ key }) => key)
  await plane.db.query(
    "UPDATE backend.idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'of-the-day-before'",
  )
  const db = openDatabase({ url: plane.db.url, service: 'backend', log })
  const forgetting = startForgetting(db, log)
  await eventually(async () => !(await keys()).includes('of-the-day-before'), 'the key to be forgotten')
  expect(await keys()).toContain('today')
  await forgetting.stop()
  await db.close()
})

test('who works offline chooses the id of a task: it is taken once, whoever asks', async () => {
  const id = crypto.randomUUID()
  const created = await anna('POST', '/api/v1/tasks', { id: id.toUpperCase(), title: 'written on a train' })
  expect([created.status, created.body.id]).toEqual([201, id])
  for (const person of [anna, ben]) {
    const again = await person('POST', '/api/v1/tasks', { id, title: 'another' })
    expect([again.status, again.body.code]).toEqual([409, 'TEP4007'])
  }
  expect((await anna('GET', `/api/v1/tasks/${id}`)).body).toMatchObject({ title: 'written on a train', version: 1 })
  for (const wrong of ['1', `urn:uuid:${crypto.randomUUID()}`]) {
    const refused = await anna('POST', '/api/v1/tasks', { id: wrong, title: 'x' })
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'id'])
  }
})

test('a stale ETag is refused with the present state, and of two writers one wins', async () => {
  const { body } = await anna('POST', '/api/v1/tasks', { title: 'v1' })
  const path = `/api/v1/tasks/${body.id}`
  const both = await Promise.all(['a', 'b'].map(title => anna('PATCH', path, { title }, { 'if-match': '"1"' })))
  expect(both.map(({ status }) => status).sort()).toEqual([200, 412])
  const lost = both.find(({ status }) => status === 412)!
  expect(lost.body).toMatchObject({ code: 'TEP4006', current: { id: body.id, version: 2 } })
  expect((await anna('GET', path, undefined, { 'if-none-match': '"2"' })).status).toBe(304)
})
