import type { FastifyRequest } from 'fastify'
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import type { AuthConfig } from './config.ts'
import { Problem } from './problem.ts'
import { rememberVerified } from './verified.ts'

export interface User {
  id: string
  roles: readonly string[]
  email?: string
  isOperator: boolean
}

/** @throws Problem TEP4003 without a valid token, TEP4203 when the issuer's keys cannot be had */
export type Authenticate = (request: Pick<FastifyRequest, 'headers'>) => Promise<User>

/** @param what is asked for, to begin a sentence with; @throws Problem TEP4004 */
export function requireOperator({ isOperator }: User, what: string): void {
  if (!isOperator) throw new Problem('TEP4004', `${what} is for operators; your token lacks that role.`)
}

/** Seconds two clocks may differ. */
const CLOCK_TOLERANCE = 30

/**
 * Verifies bearer tokens (RFC 6750) against the issuer's keys: from `jwksUri`, or as its OpenID discovery document says.
 * Keys are fetched when first needed, so that a service starts before its issuer does.
 */
export function authenticator(config: AuthConfig): Authenticate {
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined
  const keySet = async () => {
    keys ??= createRemoteJWKSet(new URL(config.jwksUri || (await discover(config.issuer))), { cooldownDuration: 5_000 })
    return keys
  }
  const verified = rememberVerified<User>()
  return async request => {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (!token) throw new Problem('TEP4003', 'Send a token: Authorization: Bearer <token>.')
    const known = verified.get(token)
    if (known) return known
    let payload: JWTPayload
    try {
      const answer = await jwtVerify(token, await keySet(), {
        ...(config.issuer ? { issuer: config.issuer } : {}),
        ...(config.audience ? { audience: config.audience } : {}),
        algorithms: ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
        requiredClaims: ['sub', 'exp'],
        clockTolerance: CLOCK_TOLERANCE,
      })
      payload = answer.payload
    } catch (error) {
      throw rejected(error)
    }
    // User ids are keys of rows and events, which limit their length.
    if (payload.sub === '' || payload.sub!.length > 256)
      throw new Problem('TEP4003', 'The token names no usable user (sub).')
    const user = userOf(payload, config)
    verified.set(token, user, payload.exp! * 1_000)
    return user
  }
}

function userOf(payload: JWTPayload, { rolesClaim, operatorRole }: AuthConfig): User {
  const claim = rolesClaim
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], payload)
  const roles = Array.isArray(claim) ? claim.map(String) : typeof claim === 'string' ? claim.split(' ') : []
  const email = payload['email']
  return {
    id: payload.sub!,
    roles,
    isOperator: roles.includes(operatorRole),
    ...(typeof email === 'string' ? { email } : {}),
  }
}

function rejected(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof errors.JWTExpired) return new Problem('TEP4003', 'The token has expired; sign in again.')
  // jose answers a key set it cannot fetch with its generic error.
  const generic = error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC'
  if (generic || error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    return new Problem('TEP4203', 'The keys that verify tokens cannot be fetched from the issuer. Try again.', [], {
      retry_after: 1,
    })
  }
  return new Problem('TEP4003', 'The token is not valid here.')
}

async function discover(issuer: string): Promise<string> {
  if (!issuer) throw new Problem('TEP4203', 'No issuer of tokens is configured: set AUTH_JWKS_URI or AUTH_ISSUER.')
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  const { jwks_uri: uri } = (await response.json()) as { jwks_uri?: string }
  if (!uri) throw new Problem('TEP4203', `${url} names no jwks_uri.`)
  return uri
}
