import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { importJWK, type JWK, SignJWT } from 'jose'
import { ConfigError } from '../../kit/config.ts'
import { invalid, Problem } from '../../kit/problem.ts'

export interface IssuerConfig {
  issuer: string
  audience: string
  rolesClaim: string
  /** Private Ed25519 key as a JWK. */
  key: string
  /** `[{name, password, roles}]`. */
  users: string
}

interface Person {
  name: string
  password: string
  roles: string[]
}

const TOKEN_SECONDS = 12 * 60 * 60

/** The issuer of the Development profile: two people, one key, and the OpenID documents that let services verify its tokens. */
export async function serveIssuer(app: FastifyInstance, config: IssuerConfig): Promise<void> {
  const privateJwk = parse<JWK>(config.key, 'DEV_ISSUER_KEY')
  const people = parse<Person[]>(config.users, 'DEV_ISSUER_USERS')
  const { d: _private, ...publicJwk } = privateJwk
  const key = await importJWK(privateJwk, 'EdDSA')

  app.get('/auth/jwks.json', async () => ({ keys: [publicJwk] }))
  app.get('/.well-known/openid-configuration', async () => ({
    issuer: config.issuer,
    jwks_uri: `${config.issuer}/auth/jwks.json`,
    token_endpoint: `${config.issuer}/auth/token`,
    response_types_supported: ['token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['EdDSA'],
  }))
  app.post('/auth/token', async request => {
    const { username, password } = (request.body ?? {}) as { username?: unknown; password?: unknown }
    if (typeof username !== 'string' || !username) throw invalid('username', 'is required')
    if (typeof password !== 'string' || !password) throw invalid('password', 'is required')
    const person = people.find(each => each.name === username)
    // Compared in the same time whether or not the name is known.
    if (!same(password, person?.password ?? '') || !person)
      throw new Problem('TEP4003', 'The name or the password is wrong.')
    const token = await new SignJWT({ [config.rolesClaim]: person.roles, name: person.name })
      .setProtectedHeader({ alg: 'EdDSA', ...(privateJwk.kid && { kid: privateJwk.kid }) })
      .setSubject(person.name)
      .setIssuer(config.issuer)
      .setAudience(config.audience)
      .setIssuedAt()
      .setExpirationTime(`${TOKEN_SECONDS}s`)
      .sign(key)
    return { access_token: token, token_type: 'Bearer', expires_in: TOKEN_SECONDS }
  })
}

function parse<T>(text: string, variable: string): T {
  try {
    return JSON.parse(text) as T
  } catch {
    throw new ConfigError(
      `TEP4205: ${variable} is not JSON; delete the Secret it comes from and the operator makes a new one.`,
    )
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))
