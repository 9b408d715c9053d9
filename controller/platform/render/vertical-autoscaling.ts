import type { Desired } from '../desired.ts'
import type { EffectiveService } from '../effective-service.ts'
import { childName } from '../names.ts'
import { KINDS } from '../platform.ts'
import { scalerOf } from '../scaling.ts'
import { type Context, childOf } from './context.ts'

/**
 * Requests tuned by what the pods used. It changes pods as they are made and while they run, never the Deployment, so
 * there is no field to hand over: what the spec requests stays the beginning. Limits stay too: a recommendation ends at
 * the container's limit (VPA pkg/utils/vpa/capping.go).
 * Whoever scales by CPU must not have its measure moved under it, so memory alone is tuned then (VPA docs/known-limitations.md).
 */
export function renderVerticalAutoscaling(context: Context, service: EffectiveService): Desired[] {
  const { verticalAutoscaling, contract } = service
  if (!verticalAutoscaling) return []
  const { kind, apiVersion } = KINDS.deployment
  const { mode, maxAllowed } = verticalAutoscaling
  return [
    childOf(context, service, {
      kind: KINDS.verticalPodAutoscaler,
      part: 'services',
      body: {
        spec: {
          targetRef: { apiVersion, kind, name: childName(context.platform.metadata.name, contract.service) },
          updatePolicy: { updateMode: mode },
          resourcePolicy: {
            containerPolicies: [
              {
                containerName: contract.service,
                controlledResources: scalerOf(context, service) ? ['memory'] : ['cpu', 'memory'],
                controlledValues: 'RequestsOnly',
                ...(maxAllowed && { maxAllowed }),
              },
              // The sidecar's resources are what its annotations say.
              { containerName: '*', mode: 'Off' },
            ],
          },
        },
      },
    }),
  ]
}
