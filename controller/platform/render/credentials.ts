import { appAccess } from '../access.ts'
import type { Desired } from '../desired.ts'
import { kafkaUserName, SECRETS } from '../names.ts'
import { KINDS } from '../platform.ts'
import { providerOf } from '../providers/index.ts'
import { SIDECAR_ENV } from '../providers/provider.ts'
import { type Context, child } from './context.ts'

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

const KEYS = { password: ['username', 'password'], certificate: ['tls.crt', 'tls.key'] } as const

/**
 * Kafka's CA and each app's credential, copied from where they are kept: Dapr resolves secrets in the component's own
 * namespace only. They are kept in step: a rotated password changes the copy, whose hash rolls the pods.
 */
export function renderKafkaCredentials(context: Context): Desired[] {
  const { platform, effective, facts } = context
  const { name } = platform.metadata
  const provider = providerOf(effective)
  const identity = provider.identity(effective)
  const secret = (
    secretName: string,
    component: string,
    waiting: string | undefined,
    data: Record<string, string>,
  ): Desired =>
    child(context, {
      kind: KINDS.secret,
      name: secretName,
      component,
      part: 'credentials',
      waiting,
      body: { type: 'Opaque', data },
    })
  const trustsCa = provider.connection(context).some(({ secretKeyRef }) => secretKeyRef?.name === SECRETS.kafkaCa(name))
  return [
    ...(trustsCa
      ? [
          secret(
            SECRETS.kafkaCa(name),
            'kafka',
            facts.kafka.caCert ? undefined : (facts.kafka.missing ?? 'the CA of the Kafka cluster is not there yet'),
            { 'ca.crt': base64(facts.kafka.caCert ?? '') },
          ),
        ]
      : []),
    ...(identity === 'none' ? [] : appAccess(effective)).map(({ appId }) => {
      const credential = facts.kafka.credentials[appId]
      const values =
        credential &&
        ('username' in credential
          ? [credential.username, credential.password]
          : [credential.certificate, credential.key])
      return secret(
        SECRETS.kafkaUser(name, appId),
        appId,
        values
          ? undefined
          : (facts.kafka.missing ??
              `the Secret with the credential of Kafka user ${kafkaUserName(effective.kafka.prefix, appId)} is not there yet`),
        Object.fromEntries(
          KEYS[identity as keyof typeof KEYS].map((key, index) => [key, base64(values?.[index] ?? '')]),
        ),
      )
    }),
  ]
}

/** `dapr.io/env-from-secret` of an app: the Component names these variables instead of a user. */
export function credentialVariables({ platform, effective }: Context, appId: string): string | undefined {
  const identity = providerOf(effective).identity(effective)
  if (identity === 'none') return undefined
  const secret = SECRETS.kafkaUser(platform.metadata.name, appId)
  const names =
    identity === 'password' ? [SIDECAR_ENV.username, SIDECAR_ENV.password] : [SIDECAR_ENV.certificate, SIDECAR_ENV.key]
  return KEYS[identity].map((key, index) => `${names[index]}=${secret}:${key}`).join(',')
}

/** Secrets that are made once: the token between apps and sidecars, the built-in issuer of Development, the key that signs the audit. */
export function renderGenerated(context: Context): Desired[] {
  const { platform, effective, facts } = context
  const { name } = platform.metadata
  const secret = (secretName: string, component: string): Desired =>
    child(context, {
      kind: KINDS.secret,
      name: secretName,
      component,
      part: 'foundation',
      body: { type: 'Opaque', data: facts.generated[secretName] ?? {} },
    })
  return [
    ...(effective.dapr.apiToken ? [secret(SECRETS.daprTokens(name), 'dapr')] : []),
    ...(effective.auth.builtIn ? [secret(SECRETS.devIssuer(name), 'web')] : []),
    ...(facts.generated[SECRETS.auditKey(name)] ? [secret(SECRETS.auditKey(name), 'audit')] : []),
  ]
}
