import { PUBSUB } from '../../../src/contracts/topology.ts'
import { type Desired, hashOf } from '../desired.ts'
import type { EffectiveService } from '../effective.ts'
import { childName, SECRETS } from '../names.ts'
import { KINDS } from '../platform.ts'
import { type Context, child } from './context.ts'
import { credentialVariables } from './credentials.ts'
import { CONFIGURATION } from './dapr.ts'
import { databaseSecret } from './database.ts'
import { POD_SECURITY, SECURITY, servicesImage } from './pod.ts'

export const PORT = 8080

type Env = { name: string; value?: string; valueFrom?: object }

export function renderServices(context: Context): Desired[] {
  return context.effective.services.flatMap(service => [
    serviceAccount(context, service),
    service_(context, service),
    deployment(context, service),
  ])
}

/** Brings the database to the schema of this version, once; named by version because a Job's template cannot change. */
export function renderMigrations(context: Context): Desired[] {
  const { platform, effective, facts } = context
  const version = effective.version.replace(/[^a-z0-9]+/gi, '-').toLowerCase()
  return [
    child(context, {
      kind: KINDS.job,
      name: childName(platform.metadata.name, `migrate-${version}`),
      component: 'migrations',
      part: 'migrations',
      waiting: facts.databaseDigest
        ? undefined
        : `Secret ${databaseSecret(context).name} with the database address is not there yet`,
      body: {
        spec: {
          backoffLimit: 6,
          template: {
            metadata: { labels: { 'app.kubernetes.io/component': 'migrations' } },
            spec: {
              restartPolicy: 'OnFailure',
              automountServiceAccountToken: false,
              securityContext: POD_SECURITY,
              containers: [
                {
                  name: 'migrate',
                  image: servicesImage(context),
                  args: ['migrate'],
                  env: [databaseUrl(context)],
                  securityContext: SECURITY,
                },
              ],
            },
          },
        },
      },
    }),
  ]
}

const databaseUrl = (context: Context): Env => ({
  name: 'DATABASE_URL',
  valueFrom: { secretKeyRef: databaseSecret(context) },
})

function serviceAccount(context: Context, { contract }: EffectiveService): Desired {
  return child(context, {
    kind: KINDS.serviceAccount,
    name: childName(context.platform.metadata.name, contract.service),
    component: contract.service,
    part: 'foundation',
    body: { automountServiceAccountToken: false },
  })
}

function service_(context: Context, { contract }: EffectiveService): Desired {
  return child(context, {
    kind: KINDS.service,
    name: childName(context.platform.metadata.name, contract.service),
    component: contract.service,
    part: 'foundation',
    body: {
      spec: {
        selector: selector(context, contract.service),
        ports: [{ name: 'http', port: PORT, targetPort: 'http', protocol: 'TCP' }],
      },
    },
  })
}

const selector = ({ platform }: Context, service: string): Record<string, string> => ({
  'app.kubernetes.io/instance': platform.metadata.name,
  'app.kubernetes.io/component': service,
})

function deployment(context: Context, service: EffectiveService): Desired {
  const { platform, effective } = context
  const { contract } = service
  const { podTemplate = {} } = platform.spec
  const probe = (path: string, more: object): object => ({ httpGet: { path, port: 'http' }, ...more })
  return child(context, {
    kind: KINDS.deployment,
    name: childName(platform.metadata.name, contract.service),
    component: contract.service,
    part: 'services',
    body: {
      spec: {
        replicas: service.replicas,
        revisionHistoryLimit: 3,
        selector: { matchLabels: selector(context, contract.service) },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: {
            labels: {
              ...podTemplate.labels,
              ...selector(context, contract.service),
              'app.kubernetes.io/name': 'todo-event-platform',
            },
            annotations: {
              ...podTemplate.annotations,
              ...daprAnnotations(context, service),
              ...rollOnChange(context, service),
            },
          },
          spec: {
            serviceAccountName: childName(platform.metadata.name, contract.service),
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: effective.terminationGracePeriodSeconds,
            securityContext: POD_SECURITY,
            ...(podTemplate.imagePullSecrets && { imagePullSecrets: podTemplate.imagePullSecrets }),
            ...(podTemplate.nodeSelector && { nodeSelector: podTemplate.nodeSelector }),
            ...(podTemplate.tolerations && { tolerations: podTemplate.tolerations }),
            ...(podTemplate.affinity && { affinity: podTemplate.affinity }),
            ...(podTemplate.priorityClassName && { priorityClassName: podTemplate.priorityClassName }),
            containers: [
              {
                name: contract.service,
                image: servicesImage(context),
                args: [contract.service],
                ports: [{ name: 'http', containerPort: PORT, protocol: 'TCP' }],
                env: environment(context, service),
                resources: service.resources,
                securityContext: SECURITY,
                startupProbe: probe('/healthz/startup', { periodSeconds: 1, failureThreshold: 60 }),
                livenessProbe: probe('/healthz/live', { periodSeconds: 10, failureThreshold: 3 }),
                readinessProbe: probe('/healthz/ready', { periodSeconds: 2, failureThreshold: 2 }),
              },
            ],
          },
        },
      },
    },
  })
}

/** The web server has no part in events: it needs no sidecar. */
const hasSidecar = ({ contract }: EffectiveService): boolean => contract.publishes.length + contract.consumes.length > 0

function daprAnnotations(context: Context, service: EffectiveService): Record<string, string> {
  const { platform, effective } = context
  if (!hasSidecar(service)) return {}
  const { appId } = service.contract
  const { name } = platform.metadata
  const variables = credentialVariables(context, appId)
  const values: Record<string, string> = {
    enabled: 'true',
    'app-id': appId,
    'app-port': String(PORT),
    config: CONFIGURATION,
    'log-level': effective.dapr.logLevel,
    'log-as-json': 'true',
    ...(variables && { 'env-from-secret': variables }),
    // Subscriptions are declared: asking the app as well would let a route of its own override them.
    'disable-init-endpoints': 'subscribe',
    'enable-app-health-check': 'true',
    'app-health-check-path': '/healthz/ready',
    'app-health-probe-interval': '1',
    'app-health-threshold': '2',
    'graceful-shutdown-seconds': String(Math.floor(effective.terminationGracePeriodSeconds / 2)),
    'enable-native-sidecar': 'true',
    'sidecar-seccomp-profile-type': 'RuntimeDefault',
    'sidecar-cpu-request': '20m',
    'sidecar-memory-request': '64Mi',
    'sidecar-memory-limit': '256Mi',
    ...(effective.dapr.apiToken && {
      'api-token-secret': SECRETS.daprTokens(name),
      'app-token-secret': SECRETS.daprTokens(name),
    }),
  }
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`dapr.io/${key}`, value]))
}

/** Pods read secrets when they start: a digest of what they were given rolls them when it changes. */
function rollOnChange({ facts, platform }: Context, { contract }: EffectiveService): Record<string, string> {
  const credential = facts.kafka.credentials[contract.appId]
  const token = facts.generated[SECRETS.daprTokens(platform.metadata.name)]
  return {
    'todo.events/secrets-hash': hashOf([
      contract.appId,
      credential ?? '',
      token ?? {},
      contract.usesDatabase ? (facts.databaseDigest ?? '') : '',
    ]),
  }
}

function environment(context: Context, service: EffectiveService): Env[] {
  const { platform, effective } = context
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
