import { appAccess } from '../access.ts'
import type { Effective, ExternalKafka } from '../effective.ts'
import type { Credential, KafkaFacts } from '../facts.ts'
import type { Platform } from '../platform.ts'
import { topicsJob, topicsReported } from './external-topics.ts'
import { type KafkaProvider, type MetadataItem, SIDECAR_ENV, type View } from './provider.ts'
import { byPassword, caCert } from './sasl.ts'
import { secretText } from './secrets.ts'
import { refuseTopics } from './topics.ts'

/**
 * Any Kafka reached over the network. Its users and ACLs are made where it is run; its topics are made, or only looked at,
 * by a Job. They are never deleted: what they hold may be another's too.
 */
export const external: KafkaProvider = {
  observe,
  children: topicsJob,
  identity: effective => {
    const { type } = kafkaOf(effective).authentication
    return type === 'None' ? 'none' : type === 'mTLS' ? 'certificate' : 'password'
  },
  connection: ({ platform, effective }) => [
    { name: 'brokers', value: kafkaOf(effective).bootstrapServers.join(',') },
    ...authentication(kafkaOf(effective), platform),
    { name: 'version', value: '2.8.0' },
  ],
  refuse(_platform, effective, facts) {
    const problem = accessProblem(effective)
    const { refused } = refuseTopics(effective, facts, 'Topic')
    return {
      // What the Job is asked for stays what was asked: it never shrinks a topic, and its answer belongs to its question.
      effective,
      refused: [
        ...(problem
          ? [{ code: 'TEP-SPEC-KAFKA-ACCESS' as const, ...problem, kind: 'TodoEventPlatform', name: '' }]
          : []),
        ...refused,
      ],
    }
  },
}

export const kafkaOf = (effective: Effective): ExternalKafka => effective.external!

/** Dapr's words for the spec's. */
const MECHANISMS = { PLAIN: 'PLAINTEXT', 'SCRAM-SHA-256': 'SHA-256', 'SCRAM-SHA-512': 'SHA-512' } as const

/** authType and its companions (components-contrib common/component/kafka/{metadata,auth}.go). */
function authentication({ authentication: { type }, tls }: ExternalKafka, platform: Platform): MetadataItem[] {
  const ca = tls.caSecretRef ? [caCert(platform)] : []
  switch (type) {
    case 'None':
      // With authType none TLS is off, whatever else is said; `certificate` without one is TLS alone.
      return tls.enabled ? [{ name: 'authType', value: 'certificate' }, ...ca] : [{ name: 'authType', value: 'none' }]
    case 'mTLS':
      return [
        { name: 'authType', value: 'mtls' },
        { name: 'clientCert', envRef: SIDECAR_ENV.certificate },
        { name: 'clientKey', envRef: SIDECAR_ENV.key },
        ...ca,
      ]
    default:
      return byPassword(MECHANISMS[type], tls.enabled ? ca : undefined)
  }
}

const AT = 'spec.kafka.external'

/** Why nobody could get in as the spec says. */
function accessProblem(effective: Effective): { field: string; message: string } | undefined {
  const { authentication: given, userSecretRefs, tls } = kafkaOf(effective)
  const { type } = given
  if (type === 'mTLS' && !tls.enabled)
    return {
      field: `${AT}.tls.enabled`,
      message: 'mTLS is TLS: remove enabled: false, or choose another authentication.type',
    }
  if ((type === 'mTLS' || type === 'None') && tls.enabled && !tls.caSecretRef)
    return {
      field: `${AT}.tls.caSecretRef`,
      message: `with authentication.type ${type} Dapr does not know which CA to trust: name the Secret and key of the CA${type === 'None' ? ', or set tls.enabled to false' : ''}`,
    }
  const shared = type === 'mTLS' ? given.certificateSecretRef : given.username && given.passwordSecretRef
  const without = appAccess(effective).filter(({ appId }) => !userSecretRefs[appId])
  if (type !== 'None' && !shared && without.length > 0)
    return {
      field: `${AT}.authentication.${type === 'mTLS' ? 'certificateSecretRef' : given.username ? 'passwordSecretRef' : 'username'}`,
      message: `${without.map(({ appId }) => appId).join(', ')} would have no credential: set it, or name a Secret for each in userSecretRefs`,
    }
  return undefined
}

/** Apps that use the shared credential; told in status, for none of them can be held to its own topics. */
export function sharingApps(effective: Effective): string[] {
  if (!effective.external || kafkaOf(effective).authentication.type === 'None') return []
  return appAccess(effective).flatMap(({ appId }) => (kafkaOf(effective).userSecretRefs[appId] ? [] : [appId]))
}

function observe(view: View): KafkaFacts {
  const { cache, platform, effective } = view
  const { namespace } = platform.metadata
  const { bootstrapServers, tls } = kafkaOf(effective)
  const ca = tls.enabled && tls.caSecretRef && secretText(cache, namespace, tls.caSecretRef.name, tls.caSecretRef.key)
  const problem = accessProblem(effective)
  const facts: KafkaFacts = {
    ...(!problem && { bootstrapServers: bootstrapServers.join(',') }),
    ...(problem && { missing: `${problem.field}: ${problem.message}` }),
    ...(ca && { caCert: ca }),
    credentials: Object.fromEntries(
      appAccess(effective).flatMap(({ appId }): [string, Credential][] => {
        const credential = credentialOf(view, appId)
        return credential ? [[appId, credential]] : []
      }),
    ),
    topics: {},
    nodePools: {},
    movesReplicas: false,
    reports: [],
  }
  return { ...facts, ...topicsReported(view, facts) }
}

function credentialOf({ cache, platform, effective }: View, appId: string): Credential | undefined {
  const { namespace } = platform.metadata
  const { authentication: given, userSecretRefs } = kafkaOf(effective)
  const own = userSecretRefs[appId]?.name
  const text = (name: string | undefined, key: string): string | undefined =>
    name === undefined ? undefined : secretText(cache, namespace, name, key)
  if (given.type === 'mTLS') {
    const name = own ?? given.certificateSecretRef?.name
    const certificate = text(name, 'tls.crt')
    const key = text(name, 'tls.key')
    return certificate && key ? { certificate, key } : undefined
  }
  const username = own ? text(own, 'username') : given.username
  const password = own
    ? text(own, 'password')
    : text(given.passwordSecretRef?.name, given.passwordSecretRef?.key ?? 'password')
  return username && password ? { username, password } : undefined
}
