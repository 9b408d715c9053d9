import { eventually } from '../log/testing.ts'
import { type Place, resiliency, startApp, startPlace, type TestApp } from './testing.ts'

let place: Place
let app: TestApp | undefined
afterEach(() => place.close())
const codeOf = async (answer: Response) => ({ status: answer.status, ...((await answer.json()) as object) })

describe('secrets', () => {
  const secret = (name: string, value: string) => ({
    kind: 'Secret',
    metadata: { name },
    data: { key: Buffer.from(value).toString('base64') },
  })
  const scope = (spec: object) => ({
    kind: 'Configuration',
    metadata: { name: 'config' },
    spec: { secrets: { scopes: [{ storeName: 'kubernetes', ...spec }] } },
  })

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
  const access = (accessControl: object) => ({
    kind: 'Configuration',
    metadata: { name: 'config' },
    spec: { accessControl },
  })
  const policy = (more: object) => ({ appId: 'app', namespace: 'default', trustDomain: 'public', ...more })

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s goes through with body, query and headers', async method => {
    await startPair([], () => ({ status: 201, body: { ok: true }, headers: { 'x-answer': 'yes' } }), {
      appToken: 'token',
    })
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

  test('an app of another namespace is not there', async () => {
    await startPair()
    const answer = await place.call('POST', '/v1.0/invoke/callee.elsewhere/method/a', '', {})
    expect([answer.status, ((await answer.json()) as { errorCode: string }).errorCode]).toEqual([
      500,
      'ERR_DIRECT_INVOKE',
    ])
  })

  test('bodies stream both ways', async () => {
    await startPair()
    const { createServer } = await import('node:http')
    const echo = createServer((request, response) => request.pipe(response))
    await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve))
    const port = (echo.address() as { port: number }).port
    const sidecar = await place.start({
      resolveApp: appId => (appId === 'echo' ? { host: '127.0.0.1', port } : undefined),
    })
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    const answering = fetch(`http://127.0.0.1:${sidecar.httpPort}/v1.0/invoke/echo/method/x`, {
      method: 'POST',
      body: readable,
      duplex: 'half',
    } as RequestInit)
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
    const retries = {
      r: { policy: 'constant', duration: '1ms', maxRetries: 3, matching: { httpStatusCodes: '500-599' } },
    }
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
    [
      'a policy of the caller',
      { defaultAction: 'deny', policies: [policy({ defaultAction: 'allow' })] },
      'GET',
      '/a',
      200,
    ],
    [
      'a policy of another',
      { defaultAction: 'deny', policies: [policy({ appId: 'x', defaultAction: 'allow' })] },
      'GET',
      '/a',
      403,
    ],
    [
      'another trust domain',
      { defaultAction: 'deny', policies: [policy({ trustDomain: 'x', defaultAction: 'allow' })] },
      'GET',
      '/a',
      403,
    ],
    [
      'an operation',
      {
        policies: [policy({ defaultAction: 'deny', operations: [{ name: '/a', httpVerb: ['GET'], action: 'allow' }] })],
      },
      'GET',
      '/A',
      200,
    ],
    [
      'its other verb',
      {
        policies: [policy({ defaultAction: 'deny', operations: [{ name: '/a', httpVerb: ['GET'], action: 'allow' }] })],
      },
      'POST',
      '/a',
      403,
    ],
    [
      'a wildcard',
      {
        policies: [policy({ defaultAction: 'deny', operations: [{ name: '/a/*', httpVerb: ['*'], action: 'allow' }] })],
      },
      'POST',
      '/a/b',
      200,
    ],
    [
      'a way around by ..',
      {
        policies: [policy({ defaultAction: 'deny', operations: [{ name: '/a/*', httpVerb: ['*'], action: 'allow' }] })],
      },
      'GET',
      '/a/%2e%2e/b',
      403,
    ],
  ])('access control: %s', async (_what, control, verb, path, status) => {
    await startPair([access(control)], undefined, { configuration: 'config' })
    const answer = await place.call(verb, `/v1.0/invoke/callee/method${path}`)
    expect(answer.status).toBe(status)
    if (status === 403) expect(await answer.json()).toMatchObject({ errorCode: 'ERR_DIRECT_INVOKE' })
  })

  test('a policy without namespace is an error of the configuration', async () => {
    place = await startPlace([access({ policies: [{ appId: 'app' }] })], { configuration: 'config' })
    await eventually(async () =>
      String(((await (await place.call('GET', '/v1.0/healthz')).json()) as { message: string }).message).includes(
        'invalid access control spec',
      ),
    )
  })

  test.each([
    ['/v1.0/invoke/nobody/method/a', 500, 'ERR_DIRECT_INVOKE'],
    ['/whatever', 404, 'ERR_DIRECT_INVOKE'],
    ['/v1.0/actors/x/1/state', 400, 'ERR_ACTOR_NO_PLACEMENT'],
    ['/v1.0/workflows/dapr/x/start', 501, 'ERR_API_UNIMPLEMENTED'],
  ])('%s answers %d', async (path, status, errorCode) => {
    place = await startPlace([])
    expect(await codeOf(await place.call('POST', path))).toMatchObject({ status, errorCode })
  })

  test('a missing Configuration keeps the sidecar unhealthy', async () => {
    place = await startPlace([], { configuration: 'config' })
    await eventually(async () =>
      String(((await (await place.call('GET', '/v1.0/healthz')).json()) as { message: string }).message).includes(
        'configuration default/config not found',
      ),
    )
    place.resources.put(access({}))
    await place.healthy()
  })
})
