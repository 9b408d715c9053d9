import { createPrivateKey } from 'node:crypto'
import type { Cache } from '../kube/cache.ts'
import { keyOf } from '../kube/objects.ts'
import type { Random } from '../kube/random.ts'
import { hashOf } from './desired.ts'
import type { Effective } from './effective.ts'
import type { Facts } from './facts.ts'
import { SECRETS } from './names.ts'
import { observeAddresses, observeScaling } from './observe-services.ts'
import type { Observed } from './plan.ts'
import { KINDS, type Platform, platformKey } from './platform.ts'
import { BY_PLATFORM, type Cached } from './project.ts'
import { providerOf } from './providers/index.ts'
import { secretText } from './providers/secrets.ts'
import { databaseSecret } from './render/database.ts'

/** The children of a platform, by label; found wherever they live. */
export function observeChildren(cache: Cache, { metadata }: Platform): Observed {
  const children = cache.byIndex(BY_PLATFORM, platformKey(metadata.namespace, metadata.name)) as Cached[]
  return new Map(children.map(child => [keyOf(child), child]))
}

export function observeFacts(cache: Cache, platform: Platform, effective: Effective, random: Random): Facts {
  const { namespace, name } = platform.metadata
  const database = databaseSecret({ platform, effective })
  const uri = secretText(cache, namespace, database.name, database.key)
  const smtp = platform.spec.notifications?.smtpSecretRef?.name ?? ''
  const kept = (secret: string, fresh: () => Record<string, string>) => ({
    [secret]: cache.get(KINDS.secret, namespace, secret)?.['data'] ?? fresh(),
  })
  return {
    kafka: providerOf(effective).observe({ cache, platform, effective }),
    ...(uri !== undefined && { databaseDigest: hashOf(uri) }),
    ...observeScaling(cache, platform),
    addresses: observeAddresses({ database: uri, smtp: secretText(cache, namespace, smtp, 'url') }),
    generated: {
      // Made up though nobody keeps it, it would be another each time, and roll the pods each time.
      ...(effective.dapr.apiToken && kept(SECRETS.daprTokens(name), () => freshToken(random))),
      ...(effective.auth.builtIn &&
        kept(SECRETS.devIssuer(name), () => freshIssuer(effective.auth.operatorRole, random))),
      ...(effective.services.some(({ contract }) => contract.service === 'audit') &&
        kept(SECRETS.auditKey(name), () => ({ 'jwk.json': base64(JSON.stringify(freshKey(random))) }))),
    },
  }
}

const base64 = (value: string): string => Buffer.from(value, 'utf8').toString('base64')

const freshToken = (random: Random): Record<string, string> => ({
  token: base64(random.bytes(24).toString('base64url')),
})

/** What comes before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410 §7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A private Ed25519 key as a JWK (RFC 8037). */
function freshKey(random: Random): JsonWebKey {
  const key = Buffer.concat([PKCS8_ED25519, random.bytes(32)])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
}

/** An issuer for Development: a signing key and two people, one of them an operator. */
function freshIssuer(operatorRole: string, random: Random): Record<string, string> {
  const jwk = { ...freshKey(random), alg: 'EdDSA', use: 'sig', kid: random.bytes(8).toString('hex') }
  const users = [
    { name: 'demo', password: random.bytes(9).toString('base64url'), roles: [] },
    { name: 'operator', password: random.bytes(9).toString('base64url'), roles: [operatorRole] },
  ]
  return { 'jwk.json': base64(JSON.stringify(jwk)), 'users.json': base64(JSON.stringify(users)) }
}
