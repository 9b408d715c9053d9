import { CANARY_SECONDS } from '../../../src/contracts/flow.ts'
import { viewPath } from '../../../src/contracts/platform-view.ts'
import { RELAY_SERVICE } from '../../../src/contracts/topology.ts'
import type { EffectiveService } from '../effective-service.ts'
import { childName, SECRETS } from '../names.ts'
import type { Context } from './context.ts'
import { publicAddress } from './ingress.ts'
import { databaseUrl, type Env, PORT } from './pods.ts'
import { hasSidecar } from './sidecar.ts'

/** The variables of a service: `src/kit/config.ts` reads them. */
export function environment(context: Context, service: EffectiveService): Env[] {
  const { platform, effective, settings } = context
  const { contract } = service
  const { name, namespace } = platform.metadata
  const { auth } = effective
  const url = (other: string): string => `http://${childName(name, other)}.${namespace}.svc:${PORT}`
  const plain: Record<string, string> = {
    PORT: String(PORT),
    APP_ID: contract.appId,
    LOG_LEVEL: service.logLevel,
    PUBSUB_NAME: contract.pubsub,
    TOPIC_PREFIX: effective.kafka.prefix,
    AUTH_ISSUER: auth.issuer,
    AUTH_AUDIENCE: auth.audience,
    AUTH_JWKS_URI: auth.jwksUri,
    AUTH_ROLES_CLAIM: auth.rolesClaim,
    AUTH_OPERATOR_ROLE: auth.operatorRole,
    ...(contract.service === RELAY_SERVICE && { CANARY_SECONDS: String(settings.canarySeconds ?? CANARY_SECONDS) }),
    ...(contract.service === 'notification' &&
      effective.profile === 'Development' &&
      !platform.spec.notifications?.smtpSecretRef && { MAIL_DIR: '/tmp/mail' }),
    ...(contract.service === 'backend' && chatEnvironment(platform)),
    ...(contract.service === 'notification' && {
      ...(platform.spec.ingress && { PUBLIC_URL: publicAddress({ platform }) }),
      ...(platform.spec.notifications?.webhookAllowedHosts && {
        WEBHOOK_ALLOWED_HOSTS: platform.spec.notifications.webhookAllowedHosts.join(','),
      }),
    }),
    ...(asksOperator(context, service) && { PLATFORM_VIEW_URL: settings.url + viewPath(namespace, name) }),
    ...(contract.service === 'web' && platform.spec.auth?.clientId && { AUTH_CLIENT_ID: platform.spec.auth.clientId }),
    ...(contract.service === 'web' &&
      Object.fromEntries(
        effective.services
          .filter(other => other.contract.service !== 'web')
          .map(other => [`${other.contract.service.toUpperCase()}_URL`, url(other.contract.service)]),
      )),
  }
  const { smtpSecretRef, vapidSecretRef } = platform.spec.notifications ?? {}
  const issuer = SECRETS.devIssuer(name)
  return [
    // An empty text is what a variable has without a value; Kubernetes does not store it, and we would write it for ever.
    ...Object.entries(plain).map(([key, value]) => (value === '' ? { name: key } : { name: key, value })),
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...(contract.usesDatabase ? [databaseUrl(context)] : []),
    // Dapr's injector gives both to the sidecar only (pkg/injector/patcher/sidecar_container.go).
    ...(effective.dapr.apiToken && hasSidecar(service)
      ? ['DAPR_API_TOKEN', 'APP_API_TOKEN'].map(key => ({
          name: key,
          valueFrom: { secretKeyRef: { name: SECRETS.daprTokens(name), key: 'token' } },
        }))
      : []),
    ...(contract.service === 'notification'
      ? [
          ...fromSecret(smtpSecretRef, { SMTP_URL: 'url' }),
          ...fromSecret(smtpSecretRef, { SMTP_FROM: 'from' }, true),
          ...fromSecret(vapidSecretRef, { VAPID_PUBLIC_KEY: 'publicKey', VAPID_PRIVATE_KEY: 'privateKey' }),
          ...fromSecret(vapidSecretRef, { VAPID_SUBJECT: 'subject' }, true),
        ]
      : []),
    ...(contract.service === 'backend'
      ? fromSecret(platform.spec.chat?.apiKeySecretRef, { CHAT_API_KEY: 'apiKey' })
      : []),
    ...(contract.service === 'audit'
      ? fromSecret({ name: SECRETS.auditKey(name) }, { AUDIT_SIGNING_KEY: 'jwk.json' })
      : []),
    ...(contract.service === 'web' && auth.builtIn
      ? ['DEV_ISSUER_KEY', 'DEV_ISSUER_USERS'].map(key => ({
          name: key,
          valueFrom: { secretKeyRef: { name: issuer, key: key === 'DEV_ISSUER_KEY' ? 'jwk.json' : 'users.json' } },
        }))
      : []),
  ]
}

/** The console's backend, which proves itself with the token of its sidecar. */
export const asksOperator = ({ effective, settings }: Context, { contract }: EffectiveService): boolean =>
  contract.service === 'backend' && Boolean(settings.url) && effective.dapr.apiToken

/** Variable by variable from the keys of a Secret; an optional one may be missing there. */
function fromSecret(
  secret: { name: string } | undefined,
  variables: Readonly<Record<string, string>>,
  optional = false,
): Env[] {
  if (!secret) return []
  return Object.entries(variables).map(([name, key]) => ({
    name,
    valueFrom: { secretKeyRef: { name: secret.name, key, ...(optional && { optional }) } },
  }))
}

function chatEnvironment({ spec }: Context['platform']): Record<string, string> {
  if (!spec.chat) return {}
  const { component, baseUrl, model } = spec.chat
  // The schema lets exactly one of the two be there.
  return component ? { CHAT_COMPONENT: component } : { CHAT_BASE_URL: baseUrl!, CHAT_MODEL: model! }
}
