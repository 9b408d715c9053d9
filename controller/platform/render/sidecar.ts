import { DRAIN_SECONDS } from '../../../src/contracts/shutdown.ts'
import { hashOf } from '../desired.ts'
import type { EffectiveService } from '../effective-service.ts'
import { SECRETS } from '../names.ts'
import type { Context } from './context.ts'
import { credentialVariables } from './credentials.ts'
import { CONFIGURATION } from './dapr.ts'
import { PORT } from './pods.ts'

/** The web server has no part in events: it needs no sidecar. */
export const hasSidecar = ({ contract }: EffectiveService): boolean =>
  contract.publishes.length + contract.consumes.length > 0

/** Sidecars drain their subscriptions within 30 s at most (dapr pkg/runtime/subscription). */
const LONGEST_SIDECAR_DRAIN = 30

/**
 * How a pod's grace period is spent: first nothing, until every proxy has taken the pod off its list, where there is time
 * for that; then the service drains; the sidecar, which ends after it, has the rest.
 */
export function shutdown(graceSeconds: number): { routeSeconds: number; sidecarSeconds: number } {
  const routeSeconds = graceSeconds >= 60 ? 5 : 0
  return {
    routeSeconds,
    sidecarSeconds: Math.max(1, Math.min(LONGEST_SIDECAR_DRAIN, graceSeconds - DRAIN_SECONDS - routeSeconds)),
  }
}

/**
 * How a sidecar finds out that its app cannot take events, and stops consuming. Consuming again within a second of it can
 * leave a topic without a consumer for good: the end of the old subscription, which waits for the group, takes the new one
 * off the list (components-contrib common/component/kafka/subscriber.go, seen with daprd 1.18.3 under load). So a restart of
 * the app goes unnoticed, deliveries are tried again meanwhile, and between the last failure and the next look are two
 * seconds at least.
 */
const APP_HEALTH = {
  'app-health-probe-interval': '3',
  'app-health-probe-timeout': '1000',
  'app-health-threshold': '4',
}

export function daprAnnotations(context: Context, service: EffectiveService): Record<string, string> {
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
    ...APP_HEALTH,
    'graceful-shutdown-seconds': String(shutdown(effective.terminationGracePeriodSeconds).sidecarSeconds),
    'enable-native-sidecar': 'true',
    'sidecar-seccomp-profile-type': 'RuntimeDefault',
    // It needs a token of the Kubernetes API, which our pods do not have, and daprd ends when it cannot load it.
    'disable-builtin-k8s-secret-store': 'true',
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
export function rollOnChange({ facts, platform }: Context, { contract }: EffectiveService): Record<string, string> {
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
