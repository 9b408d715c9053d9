import { createPrivateKey } from 'node:crypto'
import type { Cache } from '../kube/cache.ts'
import { conditionOf, type KubeObject, keyOf } from '../kube/objects.ts'
import type { Random } from '../kube/random.ts'
import { appAccess } from './access.ts'
import { hashOf } from './desired.ts'
import type { Effective } from './effective.ts'
import type { Facts } from './facts.ts'
import { SECRETS } from './names.ts'
import type { Observed } from './plan.ts'
import { CHILD_KINDS, KINDS, PLATFORM_LABEL, PLATFORM_NAMESPACE_LABEL, type Platform } from './platform.ts'
import { strimziCluster, strimziUserName } from './providers/strimzi.ts'
import { databaseSecret } from './render/database.ts'

/** The children of a platform, by label; found wherever they live. */
export function observeChildren(cache: Cache, { metadata }: Platform): Observed {
  const ours = (object: KubeObject): boolean =>
    object.metadata.labels?.[PLATFORM_LABEL] === metadata.name &&
    object.metadata.labels?.[PLATFORM_NAMESPACE_LABEL] === metadata.namespace
  return new Map(CHILD_KINDS.flatMap(kind => cache.list(kind, ours)).map(object => [keyOf(object), object]))
}

const text = (secret: KubeObject | undefined, key: string): string | undefined => {
  const value = secret?.['data']?.[key] as string | undefined
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8')
}

export function observeFacts(cache: Cache, platform: Platform, effective: Effective, random: Random): Facts {
  const { namespace, name } = platform.metadata
  const cluster = strimziCluster({ platform, effective })
  const kafka = cache.get(KINDS.kafka, cluster.namespace, cluster.name)
  const listener = (kafka?.['status']?.listeners as { name: string; bootstrapServers?: string }[] | undefined)?.find(
    each => each.name === 'tls',
  )
  const caCert = text(cache.get(KINDS.secret, cluster.namespace, `${cluster.name}-cluster-ca-cert`), 'ca.crt')
  const passwords = appAccess(effective).flatMap(({ appId }) => {
    const user = strimziUserName(effective.kafka.prefix, appId)
    const password = text(cache.get(KINDS.secret, cluster.namespace, user), 'password')
    return password ? [[appId, password] as const] : []
  })
  const database = databaseSecret({ platform, effective })
  const uri = text(cache.get(KINDS.secret, namespace, database.name), database.key)
  const topics = cache.list(
    KINDS.topic,
    topic =>
      topic.metadata.namespace === cluster.namespace && topic.metadata.labels?.['strimzi.io/cluster'] === cluster.name,
  )
  return {
    kafka: {
      ...(listener?.bootstrapServers && { bootstrapServers: listener.bootstrapServers }),
      ...(kafka?.['status']?.kafkaVersion && { version: kafka['status'].kafkaVersion }),
      ...(caCert && { caCert }),
      passwords: Object.fromEntries(passwords),
    },
    ...(uri !== undefined && { databaseDigest: hashOf(uri) }),
    // Only what Kafka has accepted counts: a topic that was refused may still be corrected.
    livePartitions: Object.fromEntries(
      topics
        .filter(topic => conditionOf(topic, 'Ready')?.status === 'True')
        .map(topic => [topic['spec']?.topicName ?? topic.metadata.name, topic['spec']?.partitions ?? 0]),
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
