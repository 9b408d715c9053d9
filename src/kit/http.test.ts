import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { authenticator } from './auth.ts'
import { ConfigError, loadConfig } from './config.ts'
import { createHttp, type Http } from './http.ts'
import { createLogger } from './log.ts'
import { childTrace, traceIdOf } from './trace.ts'

describe('server', () => {
  let http: Http
  let broken = false
  beforeEach(() => {
    broken = false
    const check = async (): Promise<void> => {
      if (broken) throw new Error('no database')
    }
    http = createHttp({ service: 'test', log: createLogger('test', 'silent'), check })
    http.app.get('/crash', async () => {
      throw new Error('password=hunter2')
    })
    http.app.get('/trace', async request => ({ trace: request.trace }))
    http.app.post('/echo', async request => request.body)
  })
  afterEach(() => http.app.close())

  test('what goes wrong inside is a 500 that says nothing about the inside', async () => {
    const answer = await http.app.inject({ url: '/crash', headers: { 'x-request-id': 'abc-1' } })
    expect(answer.statusCode).toBe(500)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json()).toMatchObject({ code: 'TEP4201', request_id: 'abc-1' })
    expect(answer.body).not.toContain('hunter2')
  })

  test('a request id is taken over only if it is harmless', async () => {
    const answer = await http.app.inject({ url: '/healthz/live', headers: { 'x-request-id': '<script>' } })
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('bodies too large or of another type are refused by code', async () => {
    const post = (payload: string, type: string) =>
      http.app.inject({ method: 'POST', url: '/echo', payload, headers: { 'content-type': type } })
    expect((await post(`"${'x'.repeat(2_000_000)}"`, 'application/json')).json().code).toBe('TEP4009')
    expect((await post('a', 'text/csv')).json().code).toBe('TEP4010')
    expect((await post('{', 'application/json')).json().code).toBe('TEP4002')
  })

  test('readiness follows the surroundings and the drain; liveness does not', async () => {
    const codes = async () => [
      (await http.app.inject('/healthz/ready')).statusCode,
      (await http.app.inject('/healthz/live')).statusCode,
    ]
    expect(await codes()).toEqual([200, 200])
    broken = true
    expect(await codes()).toEqual([503, 200])
    broken = false
    http.drain()
    expect(await codes()).toEqual([503, 200])
  })

  test('a trace goes on, or begins', async () => {
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { trace } = (await http.app.inject({ url: '/trace', headers: { traceparent: parent } })).json()
    expect(traceIdOf(trace)).toBe(traceIdOf(parent))
    expect(trace).not.toBe(parent)
    expect(traceIdOf(childTrace('nonsense'))).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('tokens', () => {
  let server: Server
  let keys: Awaited<ReturnType<typeof generateKeyPair>>
  let broken = false
  let base: string
  beforeAll(async () => {
    keys = await generateKeyPair('EdDSA')
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: '1', alg: 'EdDSA' }
    server = createServer((request, response) => {
      if (broken) return response.writeHead(500).end()
      const discovery = request.url === '/.well-known/openid-configuration'
      return response.end(JSON.stringify(discovery ? { jwks_uri: `${base}/keys` } : { keys: [jwk] }))
    })
    await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const sign = (claims: object, expires = '1h', issuer = base, audience = 'todo'): Promise<string> =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: '1' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime(expires)
      .sign(keys.privateKey)
  const auth = () =>
    authenticator({ issuer: base, audience: 'todo', jwksUri: '', rolesClaim: 'realm.roles', operatorRole: 'ops' })
  const check = (token: string, authenticate = auth()) =>
    authenticate({ headers: { authorization: `Bearer ${token}` } })

  test('a good one says who and in which roles, by the issuer’s own description', async () => {
    const user = await check(await sign({ sub: 'anna', realm: { roles: ['ops'] }, email: 'a@b.c' }))
    expect(user).toEqual({ id: 'anna', roles: ['ops'], isOperator: true, email: 'a@b.c' })
  })

  test('others are refused: expired, for somebody else, by somebody else, unsigned, of nobody', async () => {
    const bad = [
      await sign({ sub: 'a' }, '-1h'),
      await sign({ sub: 'a' }, '1h', base, 'other'),
      await sign({ sub: 'a' }, '1h', 'https://evil.test'),
      await sign({}),
      new UnsecuredJWT({ sub: 'a' }).setIssuer(base).setAudience('todo').setExpirationTime('1h').encode(),
    ]
    for (const token of bad) await expect(check(token)).rejects.toMatchObject({ code: 'TEP4003' })
  })

  test('an issuer that is away is not the caller’s fault, and is asked again', async () => {
    const authenticate = auth()
    const token = await sign({ sub: 'anna' })
    broken = true
    await expect(check(token, authenticate)).rejects.toMatchObject({ code: 'TEP4203' })
    broken = false
    expect((await check(token, authenticate)).id).toBe('anna')
  })
})

describe('configuration', () => {
  test('names everything that is missing, and a port that is none', () => {
    expect(() => loadConfig({}, ['APP_ID', 'DATABASE_URL'])).toThrow(/APP_ID, DATABASE_URL/)
    expect(() => loadConfig({ APP_ID: 'a', PORT: 'http' })).toThrow(ConfigError)
  })

  test('listens beyond loopback only inside a cluster', () => {
    expect(loadConfig({ APP_ID: 'a' }).host).toBe('127.0.0.1')
    expect(loadConfig({ APP_ID: 'a', KUBERNETES_SERVICE_HOST: '127.0.0.1' }).host).toBe('127.0.0.1')
    expect(loadConfig({ APP_ID: 'a', KUBERNETES_SERVICE_HOST: '10.96.0.1' }).host).toBe('0.0.0.0')
  })
})

test('no secret reaches a log', () => {
  const lines: string[] = []
  const write = process.stdout.write
  process.stdout.write = ((line: string) => lines.push(line) > 0) as never
  try {
    createLogger('test', 'info').info(
      { databaseUrl: 'postgres://x:hunter2@y', headers: { authorization: 'Bearer hunter2' } },
      'hello',
    )
  } finally {
    process.stdout.write = write
  }
  expect(lines.join('')).not.toContain('hunter2')
})
