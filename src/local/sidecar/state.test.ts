import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../postgres/index.ts'
import { component, type Place, startPlace } from './testing.ts'

let place: Place
afterEach(() => place.close())
const codeOf = async (answer: Response) => ({ status: answer.status, ...((await answer.json()) as object) })

// dapr pkg/api/http (state), pkg/api/errors/state.go; components-contrib state/postgresql/v2
function stateRules(store: () => object, firstWriteTaken: number) {
  const path = '/v1.0/state/statestore'
  const save = (...items: object[]) => place.call('POST', path, items)
  beforeEach(async () => {
    place = await startPlace([store()])
    await place.healthy()
  })

  test('what is saved is read back with an etag, per app', async () => {
    expect((await save({ key: 'a', value: { n: 1 } })).status).toBe(204)
    const answer = await place.call('GET', `${path}/a`)
    expect(await answer.json()).toEqual({ n: 1 })
    expect(answer.headers.get('etag')).toMatch(/^[0-9a-f-]{36}$/)
    const other = await place.start({ appId: 'other' })
    await place.healthy(other)
    expect((await fetch(`http://127.0.0.1:${other.httpPort}${path}/a`)).status).toBe(204)
  })

  test('what is not there is 204, and deleting it too', async () => {
    expect((await place.call('GET', `${path}/none`)).status).toBe(204)
    expect((await place.call('DELETE', `${path}/none`)).status).toBe(204)
  })

  test('an etag guards a write and a delete', async () => {
    await save({ key: 'a', value: 1 })
    const etag = (await place.call('GET', `${path}/a`)).headers.get('etag')!
    expect((await save({ key: 'a', value: 2, etag })).status).toBe(204)
    expect(await codeOf(await save({ key: 'a', value: 3, etag }))).toMatchObject({
      status: 409,
      errorCode: 'ERR_STATE_SAVE',
      message: 'failed saving state in state store statestore: possible etag mismatch. error from state store',
    })
    expect(await codeOf(await place.call('DELETE', `${path}/a`, undefined, { 'if-match': etag }))).toMatchObject({
      status: 409,
      errorCode: 'ERR_STATE_DELETE',
    })
    expect(await (await place.call('GET', `${path}/a`)).json()).toBe(2)
  })

  test('first-write without an etag only creates', async () => {
    const first = { key: 'a', value: 1, options: { concurrency: 'first-write' } }
    expect((await save(first)).status).toBe(204)
    expect(await codeOf(await save(first))).toMatchObject({ status: firstWriteTaken, errorCode: 'ERR_STATE_SAVE' })
  })

  test('several keys come in one answer', async () => {
    await save({ key: 'a', value: 1 }, { key: 'b', value: 'x' })
    const answer = await place.call('POST', `${path}/bulk`, { keys: ['a', 'none', 'b'] })
    expect(await answer.json()).toMatchObject([{ key: 'a', data: 1 }, { key: 'none' }, { key: 'b', data: 'x' }])
  })

  test('a transaction is all or nothing', async () => {
    await save({ key: 'a', value: 1 })
    const transact = (...operations: object[]) => place.call('POST', `${path}/transaction`, { operations })
    const good = [
      { operation: 'upsert', request: { key: 'b', value: 2 } },
      { operation: 'delete', request: { key: 'a' } },
    ]
    expect((await transact(...good)).status).toBe(204)
    const stale = { operation: 'upsert', request: { key: 'b', value: 3, etag: '00000000-0000-0000-0000-000000000000' } }
    const answer = await transact({ operation: 'upsert', request: { key: 'c', value: 4 } }, stale)
    expect(await codeOf(answer)).toMatchObject({ status: 500, errorCode: 'ERR_STATE_TRANSACTION' })
    expect((await place.call('GET', `${path}/c`)).status).toBe(204)
    expect((await place.call('GET', `${path}/a`)).status).toBe(204)
    expect(await (await place.call('GET', `${path}/b`)).json()).toBe(2)
  })

  test('ttl is told, and a new write without one lasts', async () => {
    await save({ key: 'a', value: 1, metadata: { ttlInSeconds: '100' } })
    const answer = await place.call('GET', `${path}/a`)
    expect(Date.parse(answer.headers.get('metadata.ttlexpiretime')!)).toBeGreaterThan(Date.now())
    await save({ key: 'a', value: 1 })
    expect((await place.call('GET', `${path}/a`)).headers.has('metadata.ttlexpiretime')).toBe(false)
  })

  test.each<[string, string, string, unknown, object]>([
    [
      'an unknown store',
      'GET',
      '/v1.0/state/none/a',
      undefined,
      { status: 400, errorCode: 'ERR_STATE_STORE_NOT_FOUND' },
    ],
    [
      'a key with the separator',
      'GET',
      '/v1.0/state/statestore/a%7C%7Cb',
      undefined,
      { status: 400, errorCode: 'ERR_MALFORMED_REQUEST' },
    ],
    [
      'no key',
      'POST',
      path,
      [{ value: 1 }],
      { status: 400, errorCode: 'ERR_MALFORMED_REQUEST', message: '"key" is a required field' },
    ],
    ['no array', 'POST', path, {}, { status: 400, errorCode: 'ERR_MALFORMED_REQUEST' }],
    [
      'an operation nobody knows',
      'POST',
      `${path}/transaction`,
      { operations: [{ operation: 'merge', request: { key: 'a' } }] },
      { status: 400, errorCode: 'ERR_NOT_SUPPORTED_STATE_OPERATION' },
    ],
    [
      'an etag that is no UUID',
      'POST',
      path,
      [{ key: 'a', value: 1, etag: 'x' }],
      { status: 409, errorCode: 'ERR_STATE_SAVE' },
    ],
  ])('refuses %s', async (_what, method, target, body, error) => {
    expect(await codeOf(await place.call(method, target, body))).toMatchObject(error)
  })
}

describe('state.in-memory', () => stateRules(() => component('statestore', 'state.in-memory'), 409))

describe('state.postgresql v2', () => {
  let folder: string
  let server: Awaited<ReturnType<typeof startPostgres>>
  let uri: string
  let tables = 0
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'state-'))
    server = await startPostgres({ dataDir: join(folder, 'pg'), fsync: false })
    await server.createDatabase({ name: 'todo', owner: 'todo', password: 'secret' })
    uri = `postgresql://todo:secret@127.0.0.1:${server.port}/todo`
  }, 60_000)
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  stateRules(() => {
    tables += 1
    const connection = tables % 2 ? uri : `host=127.0.0.1 port=${server.port} user=todo password='secret' dbname=todo`
    const values = { connectionString: connection, tablePrefix: `t${tables}_`, metadataTableName: `m${tables}` }
    return component(
      'statestore',
      'state.postgresql',
      Object.entries(values).map(([name, value]) => ({ name, value })),
      'v2',
    )
  }, 500)
})

test('without any state store the answer says so', async () => {
  place = await startPlace([])
  expect(await codeOf(await place.call('GET', '/v1.0/state/statestore/a'))).toMatchObject({
    status: 500,
    errorCode: 'ERR_STATE_STORE_NOT_CONFIGURED',
  })
})
