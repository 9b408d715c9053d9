import type { Desired } from '../desired.ts'
import type { EffectiveService } from '../effective-service.ts'
import { childName } from '../names.ts'
import { AUTOSCALED, KINDS, REPLICAS_ANNOTATION } from '../platform.ts'
import { replicasOf } from '../scaling.ts'
import { renderAutoscaling } from './autoscaling.ts'
import { type Context, childOf } from './context.ts'
import { environment } from './environment.ts'
import { CONTAINER_SECURITY, image, PORT, podAnnotations, podLabels, podSpec, SCRATCH_MOUNT, selector } from './pods.ts'
import { daprAnnotations, rollOnChange, shutdown } from './sidecar.ts'
import { renderVerticalAutoscaling } from './vertical-autoscaling.ts'

export function renderServices(context: Context): Desired[] {
  return context.effective.services.flatMap(service => [
    serviceAccount(context, service),
    service_(context, service),
    disruptionBudget(context, service),
    deployment(context, service),
    ...renderAutoscaling(context, service),
    ...renderVerticalAutoscaling(context, service),
  ])
}

function serviceAccount(context: Context, service: EffectiveService): Desired {
  return childOf(context, service, {
    kind: KINDS.serviceAccount,
    part: 'foundation',
    body: { automountServiceAccountToken: false },
  })
}

function service_(context: Context, service: EffectiveService): Desired {
  return childOf(context, service, {
    kind: KINDS.service,
    part: 'foundation',
    body: {
      spec: {
        selector: selector(context, service.contract.service),
        ports: [{ name: 'http', port: PORT, targetPort: 'http', protocol: 'TCP' }],
      },
    },
  })
}

/** One pod at a time may be drained: with one pod only, that is no promise to anybody, and no node hangs on it. */
function disruptionBudget(context: Context, service: EffectiveService): Desired {
  return childOf(context, service, {
    kind: KINDS.disruptionBudget,
    part: 'services',
    body: {
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: selector(context, service.contract.service) },
        // A pod that is broken anyway must not keep a node from being drained.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
  })
}

function deployment(context: Context, service: EffectiveService): Desired {
  const { platform, effective } = context
  const { contract } = service
  const name = childName(platform.metadata.name, contract.service)
  const replicas = replicasOf(context, service)
  const probe = (path: string, more: object): object => ({ httpGet: { path, port: 'http' }, ...more })
  const { routeSeconds } = shutdown(effective.terminationGracePeriodSeconds)
  const mark = 'autoscaled' in replicas ? AUTOSCALED : replicas.adopted ? String(replicas.count) : undefined
  return childOf(context, service, {
    kind: KINDS.deployment,
    part: 'services',
    ...(mark && { annotations: { [REPLICAS_ANNOTATION]: mark } }),
    body: {
      spec: {
        ...('count' in replicas && { replicas: replicas.count }),
        revisionHistoryLimit: 3,
        selector: { matchLabels: selector(context, contract.service) },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: {
            labels: podLabels(context, contract.service),
            annotations: {
              ...podAnnotations(context),
              ...daprAnnotations(context, service),
              ...rollOnChange(context, service),
            },
          },
          spec: {
            ...podSpec(context),
            serviceAccountName: name,
            terminationGracePeriodSeconds: effective.terminationGracePeriodSeconds,
            topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(topologyKey => ({
              maxSkew: 1,
              topologyKey,
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: selector(context, contract.service) },
              matchLabelKeys: ['pod-template-hash'],
            })),
            containers: [
              {
                name: contract.service,
                image: image(context),
                args: [contract.service],
                ports: [{ name: 'http', containerPort: PORT, protocol: 'TCP' }],
                env: environment(context, service),
                resources: service.resources,
                securityContext: CONTAINER_SECURITY,
                volumeMounts: [SCRATCH_MOUNT],
                startupProbe: probe('/healthz/startup', { periodSeconds: 1, failureThreshold: 60 }),
                livenessProbe: probe('/healthz/live', { periodSeconds: 10, failureThreshold: 3 }),
                readinessProbe: probe('/healthz/ready', { periodSeconds: 2, failureThreshold: 2 }),
                ...(routeSeconds > 0 && { lifecycle: { preStop: { sleep: { seconds: routeSeconds } } } }),
              },
            ],
          },
        },
      },
    },
  })
}
