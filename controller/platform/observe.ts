import { createPrivateKey } from 'node:crypto'
import type { Cache } from '../kube/cache.ts'
import { type KubeObject, keyOf } from '../kube/objects.ts'
import type { Random } from '../kube/random.ts'
import { appAccess } from './access.ts'
import { hashOf } from './desired.ts'
import type { Effective } from './effective.ts'
import type { Facts } from './facts.ts'
import { SECRETS } from './names.ts'
import { observeAddresses, observeScaling } from './observe-services.ts'
import type { Observed } from './plan.ts'
import { KINDS, type Platform, platformKey } from './platform.ts'
import { BY_NAMESPACE, BY_PLATFORM, type Cached } from './project.ts'
import { strimziCluster, strimziUserName } from './providers/strimzi.ts'
import { databaseSecret } from './render/database.ts'

/** The children of a platform, by label; found wherever they live. */
export function observeChildren(cache: Cache, { metadata }: Platform): Observed {
  const children = cache.byIndex(BY_PLATFORM, platformKey(metadata.namespace, metadata.name)) as Cached[]
  return new Map(children.map(child => [keyOf(child), child]))
}

const text = (secret: KubeObject | undefined, key: string): string | undefined => {
  const value = secret?.['data']?.[key] as string | undefined
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8')
}

/**
 * A Secret that an operator made counts while its owner lives. A watch that lags still shows the Secret of an owner that
 * has been deleted and made again: its password would roll every pod, and its successor would roll them once more.
 * An owner we do not watch (somebody else's database) cannot be judged, so its Secret counts.
 */
function secretOf(cache: Cache, namespace: string, name: string): KubeObject | undefined {
  const secret = cache.get(KINDS.secret, namespace, name)
  const ownedByOneGone = secret?.metadata.ownerReferences?.some(owner => {
    const live = cache.get(owner, namespace, owner.name)
    return live !== undefined && live.metadata.uid !== owner.uid
  })
  return ownedByOneGone ? undefined : secret
}

export function observeFacts(cache: Cache, platform: Platform, effective: Effective, random: Random): Facts {
  const { namespace, name } = platform.metadata
  const cluster = strimziCluster({ platform, effective })
  const kafka = cache.get(KINDS.kafka, cluster.namespace, cluster.name)
  const listener = (kafka?.['status']?.listeners as { name: string; bootstrapServers?: string }[] | undefined)?.find(
    each => each.name === 'tls',
  )
  const caCert = text(secretOf(cache, cluster.namespace, `${cluster.name}-cluster-ca-cert`), 'ca.crt')
  const passwords = appAccess(effective).flatMap(({ appId }) => {
    const user = strimziUserName(effective.kafka.prefix, appId)
    const password = text(secretOf(cache, cluster.namespace, user), 'password')
    return password ? [[appId, password] as const] : []
  })
  const database = databaseSecret({ platform, effective })
  const uri = text(secretOf(cache, namespace, database.name), database.key)
  const smtp = platform.spec.notifications?.smtpSecretRef?.name ?? ''
  const topics = cache
    .byIndex(BY_NAMESPACE, `${KINDS.topic.kind}/${cluster.namespace}`)
    .filter(topic => topic.metadata.labels?.['strimzi.io/cluster'] === cluster.name)
    .map(topic => topic['topic'] as { name: string; partitions: number; ready: boolean })
  return {
    kafka: {
      ...(listener?.bootstrapServers && { bootstrapServers: listener.bootstrapServers }),
      ...(kafka?.['status']?.kafkaVersion && { version: kafka['status'].kafkaVersion }),
      ...(caCert && { caCert }),
      passwords: Object.fromEntries(passwords),
    },
    ...(uri !== undefined && { databaseDigest: hashOf(uri) }),
    ...observeScaling(cache, platform),
    addresses: observeAddresses({ database: uri, smtp: text(cache.get(KINDS.secret, namespace, smtp), 'url') }),
    // Only what Kafka has accepted counts: a topic that was refused may still be corrected.
    livePartitions: Object.fromEntries(
      topics.filter(({ ready }) => ready).map(({ name, partitions }) => [name, partitions]),
    ),
    generated: {
      [SECRETS.daprTokens(name)]:
        cache.get(KINDS.secret, namespace, SECRETS.daprTokens(name))?.['data'] ?? freshToken(random),
      ...(effective.auth.builtIn && {
        [SECRETS.devIssuer(name)]:
          cache.get(KINDS.secret, namespace, SECRETS.devIssuer(name))?.['data'] ??
          freshIssuer(effective.auth.operatorRole, random),
      }),
    },
  }
}

const base64 = (value: string): string => Buffer.from(value, 'utf8').toString('base64')

const freshToken = (random: Random): Record<string, string> => ({
  token: base64(random.bytes(24).toString('base64url')),
})

/** What comes before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410 §7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An issuer for Development: a signing key and two people, one of them an operator. */
function freshIssuer(operatorRole: string, random: Random): Record<string, string> {
  const key = Buffer.concat([PKCS8_ED25519, random.bytes(32)])
  const jwk = {
    ...createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' }),
    alg: 'EdDSA',
    use: 'sig',
    kid: random.bytes(8).toString('hex'),
  }
  const users = [
    { name: 'demo', password: random.bytes(9).toString('base64url'), roles: [] },
    { name: 'operator', password: random.bytes(9).toString('base64url'), roles: [operatorRole] },
  ]
  return { 'jwk.json': base64(JSON.stringify(jwk)), 'users.json': base64(JSON.stringify(users)) }
}
