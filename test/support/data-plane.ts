import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { loadConfig, type ServiceConfig } from '../../src/kit/config.ts'
import { type FakeDapr, startFakeDapr } from './fake-dapr.ts'
import { startTestDatabase, type TestDatabase } from './postgres.ts'

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, field by field, in the tests
  body: any
}

export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>

/** What services stand on: a database, a sidecar, an issuer of tokens; all real servers on local ports. */
export interface DataPlane {
  db: TestDatabase
  dapr: FakeDapr
  config(appId: string, more?: Partial<ServiceConfig>): ServiceConfig
  token(userId: string, claims?: Record<string, unknown>): Promise<string>
  /** Calls a service as a user. */
  as(userId: string, port: number): Call
  stop(): Promise<void>
}

const ISSUER = 'https://issuer.test'

/** @param fsync whether what the database committed outlives its being killed */
export async function startDataPlane({ fsync = false } = {}): Promise<DataPlane> {
  const [db, dapr, keys] = await Promise.all([startTestDatabase(fsync), startFakeDapr(), generateKeyPair('EdDSA')])
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'test', alg: 'EdDSA', use: 'sig' }
  const jwks = createServer((_, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })),
  )
  await new Promise<void>(up => jwks.listen(0, '127.0.0.1', up))
  const env = {
    PORT: '0',
    DAPR_HTTP_PORT: String(dapr.port),
    DATABASE_URL: db.url,
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: 'todo',
    AUTH_JWKS_URI: `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/`,
    LOG_LEVEL: 'silent',
    RATE_LIMIT: 'off',
  }
  const token = (userId: string, claims: Record<string, unknown> = {}): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', kid: 'test' })
      .setIssuer(ISSUER)
      .setAudience('todo')
      .setSubject(userId)
      .setExpirationTime('1h')
      .sign(keys.privateKey)
  return {
    db,
    dapr,
    token,
    config: (appId, more = {}) => ({ ...loadConfig({ ...env, APP_ID: appId }), ...more }),
    as:
      (userId, port) =>
      async (method, path, body, headers = {}) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${await token(userId)}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        })
        const text = await response.text()
        return { status: response.status, headers: response.headers, body: text && JSON.parse(text) }
      },
    stop: async () => {
      await dapr.stop()
      jwks.closeAllConnections()
      await new Promise(done => jwks.close(done))
      await db.stop()
    },
  }
}

/**
 * Polls until `probe` gives a value; for effects that only show in the database or over HTTP.
 * @param attempts how often, with 20 ms between
 */
export async function eventually<T>(
  probe: () => Promise<T | undefined | false>,
  what: string,
  attempts = 500,
): Promise<T> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const value = await probe()
    if (value) return value
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`waited in vain for ${what}`)
}
