import { CANARY_SECONDS } from '../../../src/contracts/flow.ts'
import { PUBSUB } from '../../../src/contracts/topology.ts'
import type { EffectiveService } from '../effective-service.ts'
import { childName, SECRETS } from '../names.ts'
import type { Context } from './context.ts'
import { databaseUrl, type Env, PORT } from './pods.ts'

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
    PUBSUB_NAME: PUBSUB,
    TOPIC_PREFIX: effective.kafka.prefix,
    AUTH_ISSUER: auth.issuer,
    AUTH_AUDIENCE: auth.audience,
    AUTH_JWKS_URI: auth.jwksUri,
    AUTH_ROLES_CLAIM: auth.rolesClaim,
    AUTH_OPERATOR_ROLE: auth.operatorRole,
    ...(contract.publishes.length > 0 && { CANARY_SECONDS: String(settings.canarySeconds ?? CANARY_SECONDS) }),
    ...(contract.service === 'notification' &&
      effective.profile === 'Development' &&
      !platform.spec.notifications?.smtpSecretRef && { MAIL_DIR: '/tmp/mail' }),
    ...(contract.service === 'web' &&
      Object.fromEntries(
        effective.services
          .filter(other => other.contract.service !== 'web')
          .map(other => [`${other.contract.service.toUpperCase()}_URL`, url(other.contract.service)]),
      )),
  }
  const smtp = platform.spec.notifications?.smtpSecretRef?.name
  const issuer = SECRETS.devIssuer(name)
  return [
    ...Object.entries(plain).map(([key, value]) => ({ name: key, value })),
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...(contract.usesDatabase ? [databaseUrl(context)] : []),
    ...(contract.service === 'notification' && smtp
      ? [{ name: 'SMTP_URL', valueFrom: { secretKeyRef: { name: smtp, key: 'url' } } }]
      : []),
    ...(contract.service === 'web' && auth.builtIn
      ? ['DEV_ISSUER_KEY', 'DEV_ISSUER_USERS'].map(key => ({
          name: key,
          valueFrom: { secretKeyRef: { name: issuer, key: key === 'DEV_ISSUER_KEY' ? 'jwk.json' : 'users.json' } },
        }))
      : []),
  ]
}
