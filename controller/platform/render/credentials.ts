import { appAccess } from '../access.ts'
import type { Desired } from '../desired.ts'
import { SECRETS } from '../names.ts'
import { KINDS } from '../platform.ts'
import { strimziUserName } from '../providers/strimzi.ts'
import { type Context, child } from './context.ts'

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

/**
 * Kafka's CA and each app's user, copied from Kafka's namespace: Dapr resolves secrets in the component's own namespace only.
 * They are kept in step: a rotated password changes the copy, whose hash rolls the pods.
 */
export function renderKafkaCredentials(context: Context): Desired[] {
  const { platform, effective, facts } = context
  const { name } = platform.metadata
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
  return [
    secret(
      SECRETS.kafkaCa(name),
      'kafka',
      facts.kafka.caCert ? undefined : 'the CA of the Kafka cluster is not there yet',
      { 'ca.crt': base64(facts.kafka.caCert ?? '') },
    ),
    ...appAccess(effective).map(({ appId }) => {
      const password = facts.kafka.passwords[appId]
      const username = strimziUserName(effective.kafka.prefix, appId)
      return secret(
        SECRETS.kafkaUser(name, appId),
        appId,
        password ? undefined : `the Secret of KafkaUser ${username} is not there yet`,
        {
          username: base64(username),
          password: base64(password ?? ''),
        },
      )
    }),
  ]
}

/** Secrets that are made once: the token between apps and sidecars, and the built-in issuer of Development. */
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
  ]
}
