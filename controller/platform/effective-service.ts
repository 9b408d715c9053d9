import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import type { ServiceContract, ServiceName } from '../../src/contracts/topology.ts'

type Amounts = Partial<Record<string, string | number>>

export interface Resources {
  requests: Amounts
  limits: Amounts
}

export interface EffectiveService {
  contract: ServiceContract
  /** Pods to run; with autoscaling nobody's wish but the start. */
  replicas: number
  /** The number is the user's own, not a default. */
  replicasGiven: boolean
  autoscaling?: { min: number; max: number; lagThreshold: number }
  verticalAutoscaling?: { mode: string; maxAllowed?: Amounts }
  logLevel: string
  resources: Resources
}

interface Defaults {
  replicas: number
  resources: Resources
}

/** By profile. CPU has no limit: a throttled pod misses its probes while the node idles. */
export const SERVICE_DEFAULTS: Record<'Development' | 'Production', Defaults> = {
  Development: {
    replicas: 1,
    resources: { requests: { cpu: '10m', memory: '96Mi' }, limits: { memory: '256Mi' } },
  },
  Production: {
    replicas: 2,
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  },
}

const LAG_THRESHOLD = 100

export function effectiveService(
  contract: ServiceContract,
  given: NonNullable<PlatformSpec['services']>[ServiceName],
  defaults: Defaults,
): EffectiveService {
  const { autoscaling, verticalAutoscaling } = given ?? {}
  const min = autoscaling?.min ?? Math.min(defaults.replicas, autoscaling?.max ?? defaults.replicas)
  return {
    contract,
    replicas: given?.replicas ?? (autoscaling ? min : defaults.replicas),
    replicasGiven: given?.replicas !== undefined,
    ...(autoscaling && {
      autoscaling: { min, max: autoscaling.max, lagThreshold: autoscaling.lagThreshold ?? LAG_THRESHOLD },
    }),
    ...(verticalAutoscaling && {
      verticalAutoscaling: {
        mode: verticalAutoscaling.mode ?? 'InPlaceOrRecreate',
        ...(verticalAutoscaling.maxAllowed && { maxAllowed: verticalAutoscaling.maxAllowed as Amounts }),
      },
    }),
    logLevel: given?.logLevel ?? 'info',
    resources: withDefaults(given?.resources, defaults.resources),
  }
}

/**
 * Requests and memory limits are always there, and a default never contradicts what is given: a request without limit
 * is its own limit, a limit without request its own request (as the API server itself defaults it).
 */
export function withDefaults(
  given: { requests?: object; limits?: object } | undefined,
  { requests, limits }: Resources,
): Resources {
  const own = { requests: (given?.requests ?? {}) as Amounts, limits: (given?.limits ?? {}) as Amounts }
  const memory = own.limits['memory'] ?? own.requests['memory'] ?? limits['memory']!
  return {
    requests: {
      cpu: own.limits['cpu'] ?? requests['cpu']!,
      memory: own.limits['memory'] ?? requests['memory']!,
      ...own.requests,
    },
    limits: { ...own.limits, memory },
  }
}
