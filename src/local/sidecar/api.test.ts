import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../postgres/index.ts'
import { openLog } from '../log/index.ts'
import { eventually, manualClock, until } from '../log/testing.ts'
import { parseSchedule } from './cron.ts'
import { openJobScheduler } from './index.ts'
import { component, type Place, resiliency, startApp, startPlace, type TestApp } from './testing.ts'

let place: Place
let app: TestApp | undefined
afterEach(async () => {
  await place.close()
  app = undefined
})
const codeOf = async (answer: Response) => ({ status: answer.status, ...((await answer.json()) as object) })

// dapr pkg/api/http (state), pkg/api/errors/state.go; components-contrib state/postgresql/v2
function stateRules(store: () => object) {
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
    expect(await codeOf(await save(first))).toMatchObject({ status: 500, errorCode: 'ERR_STATE_SAVE' })
  })

  test('several keys come in one answer', async () => {
    await save({ key: 'a', value: 1 }, { key: 'b', value: 'x' })
    const answer = await place.call('POST', `${path}/bulk`, { keys: ['a', 'none', 'b'] })
    expect(await answer.json()).toMatchObject([{ key: 'a', data: 1 }, { key: 'none' }, { key: 'b', data: 'x' }])
  })

  test('a transaction is all or nothing', async () => {
    await save({ key: 'a', value: 1 })
    const transact = (...operations: object[]) => place.call('POST', `${path}/transaction`, { operations })
    const good = [{ operation: 'upsert', request: { key: 'b', value: 2 } }, { operation: 'delete', request: { key: 'a' } }]
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
    ['an unknown store', 'GET', '/v1.0/state/none/a', undefined, { status: 400, errorCode: 'ERR_STATE_STORE_NOT_FOUND' }],
    ['a key with the separator', 'GET', '/v1.0/state/statestore/a%7C%7Cb', undefined, { status: 400, errorCode: 'ERR_MALFORMED_REQUEST' }],
    ['no key', 'POST', path, [{ value: 1 }], { status: 400, errorCode: 'ERR_MALFORMED_REQUEST', message: '"key" is a required field' }],
    ['no array', 'POST', path, {}, { status: 400, errorCode: 'ERR_MALFORMED_REQUEST' }],
    ['an operation nobody knows', 'POST', `${path}/transaction`, { operations: [{ operation: 'merge', request: { key: 'a' } }] }, { status: 400, errorCode: 'ERR_NOT_SUPPORTED_STATE_OPERATION' }],
    ['an etag that is no UUID', 'POST', path, [{ key: 'a', value: 1, etag: 'x' }], { status: 409, errorCode: 'ERR_STATE_SAVE' }],
  ])('refuses %s', async (_what, method, target, body, error) => {
    expect(await codeOf(await place.call(method, target, body))).toMatchObject(error)
  })
}

describe('state.in-memory', () => stateRules(() => component('statestore', 'state.in-memory')))

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
    expect(existsSync(folder)).toBe(false)
  })
  stateRules(() => {
    tables += 1
    const connection = tables % 2 ? uri : `host=127.0.0.1 port=${server.port} user=todo password='secret' dbname=todo`
    const values = { connectionString: connection, tablePrefix: `t${tables}_`, metadataTableName: `m${tables}` }
    return component('statestore', 'state.postgresql', Object.entries(values).map(([name, value]) => ({ name, value })), 'v2')
  })
})

test('without any state store the answer says so', async () => {
  place = await startPlace([])
  expect(await codeOf(await place.call('GET', '/v1.0/state/statestore/a'))).toMatchObject({ status: 500, errorCode: 'ERR_STATE_STORE_NOT_CONFIGURED' })
})

describe('secrets', () => {
  const secret = (name: string, value: string) => ({ kind: 'Secret', metadata: { name }, data: { key: Buffer.from(value).toString('base64') } })
  const scope = (spec: object) => ({ kind: 'Configuration', metadata: { name: 'config' }, spec: { secrets: { scopes: [{ storeName: 'kubernetes', ...spec }] } } })

  test.each<[string, object, number, number]>([
    ['no scope', {}, 200, 200],
    ['denied by default', { defaultAccess: 'deny' }, 403, 403],
    ['one allowed', { defaultAccess: 'deny', allowedSecrets: ['a'] }, 200, 403],
    ['one denied', { deniedSecrets: ['b'] }, 200, 403],
  ])('with %s', async (_what, spec, a, b) => {
    place = await startPlace([secret('a', 'x'), secret('b', 'y'), scope(spec)], { configuration: 'config' })
    await place.healthy()
    const read = (name: string) => place.call('GET', `/v1.0/secrets/kubernetes/${name}`)
    expect([(await read('a')).status, (await read('b')).status]).toEqual([a, b])
    const bulk = (await (await read('bulk')).json()) as object
    expect(Object.keys(bulk)).toEqual([...(a === 200 ? ['a'] : []), ...(b === 200 ? ['b'] : [])])
    if (a === 200) expect(await (await read('a')).json()).toEqual({ key: 'x' })
  })

  test.each([
    ['none/a', 401, 'ERR_SECRET_STORE_NOT_FOUND'],
    ['kubernetes/none', 500, 'ERR_SECRET_GET'],
    ['kubernetes/a?metadata.namespace=other', 500, 'ERR_SECRET_GET'],
  ])('%s is refused', async (path, status, errorCode) => {
    place = await startPlace([secret('a', 'x')])
    await place.healthy()
    expect(await codeOf(await place.call('GET', `/v1.0/secrets/${path}`))).toMatchObject({ status, errorCode })
  })
})

describe('invocation', () => {
  let calleePort: number
  const startPair = async (objects: object[] = [], answer?: TestApp['answer'], callee = {}) => {
    app = await startApp(answer)
    calleePort = app.port
    place = await startPlace(objects)
    const sidecar = await place.start({ appId: 'callee', appPort: calleePort, ...callee })
    await place.healthy(sidecar)
  }
  afterEach(() => app?.close())
  const access = (accessControl: object) => ({ kind: 'Configuration', metadata: { name: 'config' }, spec: { accessControl } })
  const policy = (more: object) => ({ appId: 'app', namespace: 'default', trustDomain: 'public', ...more })

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s goes through with body, query and headers', async method => {
    await startPair([], () => ({ status: 201, body: { ok: true }, headers: { 'x-answer': 'yes' } }), { appToken: 'token' })
    const body = method === 'GET' ? undefined : 'hello'
    const answer = await place.call(method, '/v1.0/invoke/callee/method/a/b?x=1', body, { 'x-question': 'why' })
    expect([answer.status, answer.headers.get('x-answer'), await answer.json()]).toEqual([201, 'yes', { ok: true }])
    const call = app!.calls.find(one => one.path === '/a/b?x=1')!
    expect(call).toMatchObject({ method, body: body ?? '' })
    expect(call.headers).toMatchObject({ 'x-question': 'why', 'dapr-caller-app-id': 'app', 'dapr-api-token': 'token' })
  })

  test.each<[string, string, Record<string, string>]>([
    ['header', '/a', { 'dapr-app-id': 'callee' }],
    ['basic authorization', '/a', { authorization: `Basic ${Buffer.from('dapr-app-id:callee').toString('base64')}` }],
    ['name with namespace', '/v1.0/invoke/callee.default/method/a', {}],
  ])('the target may be named by %s', async (_what, path, headers) => {
    await startPair()
    expect((await place.call('POST', path, '', headers)).status).toBe(200)
    expect(app!.calls.some(call => call.path === '/a')).toBe(true)
  })

  test('bodies stream both ways', async () => {
    await startPair()
    const { createServer } = await import('node:http')
    const echo = createServer((request, response) => request.pipe(response))
    await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve))
    const port = (echo.address() as { port: number }).port
    const sidecar = await place.start({ resolveApp: appId => (appId === 'echo' ? { host: '127.0.0.1', port } : undefined) })
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    const answering = fetch(`http://127.0.0.1:${sidecar.httpPort}/v1.0/invoke/echo/method/x`, { method: 'POST', body: readable, duplex: 'half' } as RequestInit)
    await writer.write(Buffer.from('one'))
    const reader = (await answering).body!.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('one')
    await writer.write(Buffer.from('two'))
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('two')
    await writer.close()
    expect((await reader.read()).done).toBe(true)
    echo.close()
  })

  test("the app's own errors come back as they are", async () => {
    await startPair([], call => (call.path === '/a' ? { status: 418, body: { tea: 1 } } : undefined))
    expect(await codeOf(await place.call('GET', '/v1.0/invoke/callee/method/a'))).toEqual({ status: 418, tea: 1 })
  })

  test('resiliency retries a failing app', async () => {
    let attempts = 0
    const retries = { r: { policy: 'constant', duration: '1ms', maxRetries: 3, matching: { httpStatusCodes: '500-599' } } }
    await startPair([resiliency({ retries }, { apps: { callee: { retry: 'r' } } })], call => {
      if (call.path !== '/a') return undefined
      attempts += 1
      return { status: attempts < 3 ? 503 : 200, body: call.body }
    })
    expect(await (await place.call('POST', '/v1.0/invoke/callee/method/a', 'again')).text()).toBe('again')
    expect(attempts).toBe(3)
  })

  test.each<[string, object, string, string, number]>([
    ['no rule at all', {}, 'GET', '/a', 200],
    ['deny by default', { defaultAction: 'deny' }, 'GET', '/a', 403],
    ['a policy of the caller', { defaultAction: 'deny', policies: [policy({ defaultAction: 'allow' })] }, 'GET', '/a', 200],
    ['a policy of another', { defaultAction: 'deny', policies: [policy({ appId: 'x', defaultAction: 'allow' })] }, 'GET', '/a', 403],
    ['another trust domain', { defaultAction: 'deny', policies: [policy({ trustDomain: 'x', defaultAction: 'allow' })] }, 'GET', '/a', 403],
    ['an operation', { policies: [policy({ defaultAction: 'deny', operations: [{ name: '/a', httpVerb: ['GET'], action: 'allow' }] })] }, 'GET', '/A', 200],
    ['its other verb', { policies: [policy({ defaultAction: 'deny', operations: [{ name: '/a', httpVerb: ['GET'], action: 'allow' }] })] }, 'POST', '/a', 403],
    ['a wildcard', { policies: [policy({ defaultAction: 'deny', operations: [{ name: '/a/*', httpVerb: ['*'], action: 'allow' }] })] }, 'POST', '/a/b', 200],
    ['a way around by ..', { policies: [policy({ defaultAction: 'deny', operations: [{ name: '/a/*', httpVerb: ['*'], action: 'allow' }] })] }, 'GET', '/a/%2e%2e/b', 403],
  ])('access control: %s', async (_what, control, verb, path, status) => {
    await startPair([access(control)], undefined, { configuration: 'config' })
    const answer = await place.call(verb, `/v1.0/invoke/callee/method${path}`)
    expect(answer.status).toBe(status)
    if (status === 403) expect(await answer.json()).toMatchObject({ errorCode: 'ERR_DIRECT_INVOKE' })
  })

  test('a policy without namespace is an error of the configuration', async () => {
    place = await startPlace([access({ policies: [{ appId: 'app' }] })], { configuration: 'config' })
    await eventually(async () => String(((await (await place.call('GET', '/v1.0/healthz')).json()) as { message: string }).message).includes('invalid access control spec'))
  })

  test.each([
    ['/v1.0/invoke/nobody/method/a', 500, 'ERR_DIRECT_INVOKE'],
    ['/whatever', 404, 'ERR_DIRECT_INVOKE'],
    ['/v1.0/actors/x/1/state', 501, 'ERR_API_UNIMPLEMENTED'],
  ])('%s answers %d', async (path, status, errorCode) => {
    place = await startPlace([])
    expect(await codeOf(await place.call('POST', path))).toMatchObject({ status, errorCode })
  })

  test('a missing Configuration keeps the sidecar unhealthy', async () => {
    place = await startPlace([], { configuration: 'config' })
    await eventually(async () => String(((await (await place.call('GET', '/v1.0/healthz')).json()) as { message: string }).message).includes('configuration default/config not found'))
    place.resources.put(access({}))
    await place.healthy()
  })
})

describe('jobs', () => {
  const ticks = (name: string) => app!.calls.filter(call => call.method === 'POST' && call.path === `/job/${name}`)
  const startJobs = async (answer?: TestApp['answer']) => {
    const clock = manualClock()
    app = await startApp(answer)
    place = await startPlace([], { app, clock })
    await place.healthy()
    return clock
  }
  const schedule = (name: string, job: object, version = 'v1.0') => place.call('POST', `/${version}/jobs/${name}`, job)
  const left = () => place.jobs.list().map(job => job.name)

  test.each(['v1.0', 'v1.0-alpha1'])('%s: the app gets the data itself at the due time, once', async version => {
    const clock = await startJobs()
    expect((await schedule('r-1', { dueTime: '10s', data: { id: 1 } }, version)).status).toBe(204)
    expect(await (await place.call('GET', `/${version}/jobs/r-1`)).json()).toEqual({
      name: 'r-1',
      dueTime: '10s',
      data: { '@type': 'type.googleapis.com/google.protobuf.Value', value: { id: 1 } },
    })
    clock.advance(9_999)
    expect(ticks('r-1')).toEqual([])
    clock.advance(1)
    const tick = await until(() => ticks('r-1')[0])
    expect(tick).toMatchObject({ body: '{"id":1}', headers: expect.objectContaining({ 'content-type': 'application/json' }) })
    await until(() => left().length === 0)
  })

  test.each<[string, object, number, number]>([
    ['a time', { dueTime: '2026-01-01T00:01:00Z' }, 60_000, 1],
    ['a time that is past', { dueTime: '2020-01-01T00:00:00Z' }, 0, 1],
    ['an ISO duration', { dueTime: 'PT1M' }, 60_000, 1],
    ['@every with repeats', { schedule: '@every 1m', repeats: 2 }, 60_000, 2],
    ['six fields', { schedule: '30 * * * * *', repeats: 1 }, 30_000, 1],
    ['a repeating ISO duration', { schedule: 'R3/PT1M' }, 60_000, 3],
    ['ttl before the second tick', { schedule: '@every 1m', ttl: '90s' }, 60_000, 1],
  ])('%s', async (_what, job, step, count) => {
    const clock = await startJobs()
    await schedule('j', job)
    for (let n = 1; n <= count; n += 1) {
      clock.advance(step)
      await until(() => ticks('j').length === n)
      if (n < count) await until(() => place.jobs.list()[0]!.due > clock.now())
    }
    await until(() => left().length === 0)
  })

  test('a name that is taken is refused unless overwritten; deleting is quiet', async () => {
    const clock = await startJobs()
    await schedule('j', { dueTime: '10s', data: 1 })
    const again = await schedule('j', { dueTime: '20s', data: 2 })
    expect(await codeOf(again)).toMatchObject({ status: 409, errorCode: 'DAPR_SCHEDULER_SCHEDULE_JOB' })
    expect((await schedule('j', { dueTime: '20s', data: 2, overwrite: true })).status).toBe(204)
    clock.advance(20_000)
    expect((await until(() => ticks('j')[0])).body).toBe('2')
    expect((await place.call('DELETE', '/v1.0/jobs/j')).status).toBe(204)
    expect((await place.call('DELETE', '/v1.0/jobs/j')).status).toBe(204)
  })

  test.each<[string, object | undefined, number, number]>([
    ['by default three times', undefined, 1000, 4],
    ['as often as told', { constant: { interval: '5s', maxRetries: 1 } }, 5000, 2],
    ['never with drop', { drop: {} }, 1000, 1],
  ])('a failed tick is tried again %s', async (_what, failurePolicy, interval, attempts) => {
    const clock = await startJobs(call => (call.path === '/job/j' ? { status: 500 } : undefined))
    await schedule('j', { dueTime: '1s', ...(failurePolicy && { failurePolicy }) })
    clock.advance(1000)
    for (let n = 1; n <= attempts; n += 1) {
      await until(() => ticks('j').length === n)
      if (n < attempts) await until(() => place.jobs.list()[0]!.due > clock.now())
      clock.advance(interval)
    }
    await until(() => left().length === 0)
    expect(ticks('j')).toHaveLength(attempts)
  })

  test('404 counts as done', async () => {
    const clock = await startJobs(call => (call.path === '/job/j' ? { status: 404 } : undefined))
    await schedule('j', { dueTime: '1s' })
    clock.advance(1000)
    await until(() => left().length === 0)
    expect(ticks('j')).toHaveLength(1)
  })

  test('of two replicas one gets the tick', async () => {
    const clock = await startJobs()
    await place.healthy(await place.start({ podName: 'app-1' }))
    await schedule('j', { dueTime: '1s' })
    clock.advance(1000)
    await until(() => left().length === 0)
    expect(ticks('j')).toHaveLength(1)
  })

  test.each<[string, unknown, object]>([
    ['neither schedule nor due time', {}, { errorCode: 'DAPR_SCHEDULER_SCHEDULE_EMPTY' }],
    ['a name in the body', { name: 'x', dueTime: '1s' }, { errorCode: 'DAPR_SCHEDULER_JOB_NAME', message: 'Set the job name in the url only' }],
    ['a schedule that is none', { schedule: 'often' }, { errorCode: 'DAPR_SCHEDULER_SCHEDULE_JOB' }],
    ['a due time that is none', { dueTime: 'soon' }, { errorCode: 'DAPR_SCHEDULER_SCHEDULE_JOB' }],
    ['a body that is no JSON', '{', { errorCode: 'ERR_MALFORMED_REQUEST' }],
  ])('refuses %s', async (_what, job, error) => {
    await startJobs()
    expect(await codeOf(await place.call('POST', '/v1.0/jobs/j', job))).toMatchObject({ status: 400, ...error })
  })

  test('a job that does not exist is a 500 with its own code', async () => {
    await startJobs()
    expect(await codeOf(await place.call('GET', '/v1.0/jobs/none'))).toMatchObject({ status: 500, errorCode: 'DAPR_SCHEDULER_GET_JOB' })
  })

  test('jobs survive a restart and wait for their app', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jobs-'))
    const file = join(folder, 'jobs.db')
    const clock = manualClock()
    const before = openJobScheduler({ file, clock })
    before.schedule({ namespace: 'default', appId: 'app' }, 'j', { dueTime: '1s', data: 7 }, false)
    await before.close()
    clock.advance(60_000)
    app = await startApp()
    place = await startPlace([], { app, clock, jobs: openJobScheduler({ file, clock }), log: openLog({ file: ':memory:', clock }) })
    expect((await until(() => ticks('j')[0])).body).toBe('7')
    await rm(folder, { recursive: true })
  })
})

test.each<[string, string, string]>([
  ['*/15 * * * *', '2026-01-01T00:07:30Z', '2026-01-01T00:15:00Z'],
  ['0 30 9 * * MON-FRI', '2026-01-02T10:00:00Z', '2026-01-05T09:30:00Z'],
  ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
  ['0 0 1 * 1', '2026-01-02T00:00:00Z', '2026-01-05T00:00:00Z'],
  ['@monthly', '2026-01-15T00:00:00Z', '2026-02-01T00:00:00Z'],
  ['@every 1h30m', '2026-01-01T00:00:00Z', '2026-01-01T01:30:00Z'],
])('schedule %s after %s is %s', async (schedule, after, next) => {
  place = await startPlace([])
  expect(new Date(parseSchedule(schedule).next(Date.parse(after))!)).toEqual(new Date(next))
})

test.each<[string, object[], TestApp['answer'], number]>([
  ['by its name', [], () => undefined, 1],
  ['by its route', [{ name: 'route', value: '/bindings/tick' }], () => undefined, 1],
  ['405 to OPTIONS', [], call => (call.method === 'OPTIONS' ? { status: 405 } : undefined), 1],
  ['404 to OPTIONS', [], call => (call.method === 'OPTIONS' ? { status: 404 } : undefined), 0],
  ['404 to OPTIONS with direction input', [{ name: 'direction', value: 'input' }], call => (call.method === 'OPTIONS' ? { status: 404 } : undefined), 1],
])('a cron binding ticks: %s', async (_what, metadata, answer, count) => {
  const clock = manualClock()
  app = await startApp(answer)
  place = await startPlace([component('tick', 'bindings.cron', [{ name: 'schedule', value: '@every 10s' }, ...metadata])], { app, clock })
  await place.healthy()
  const path = metadata.some(one => (one as { name: string }).name === 'route') ? '/bindings/tick' : '/tick'
  const asked = metadata.every(one => (one as { name: string }).name !== 'direction')
  if (asked) await until(() => app!.calls.some(call => call.method === 'OPTIONS' && call.path === path))
  const posts = () => app!.calls.filter(call => call.method === 'POST' && call.path === path).length
  if (count === 0) {
    await until(() => place.lines.some(line => String(line['msg']).includes('has not subscribed to binding')))
    clock.advance(10_000)
  } else {
    await until(() => {
      clock.advance(10_000)
      return posts() >= 1
    })
  }
  expect(posts() >= 1).toBe(count === 1)
})
