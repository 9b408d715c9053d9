import { randomBytes } from 'node:crypto'
import type { KubeObject } from '../kube-api/api.ts'
import { injected } from './injector.ts'
import { POD, type Pod, type PodTemplate } from './types.ts'

/** A pod of a template, owned by its controller, with the sidecar its annotations ask for. */
export function newPod(
  { apiVersion, kind, metadata }: KubeObject,
  template: PodTemplate,
  labels: Record<string, string> = {},
): Pod {
  const annotations = template.metadata?.annotations ?? {}
  return {
    ...POD,
    metadata: {
      name: `${metadata.name}-${randomBytes(3).toString('hex').slice(0, 5)}`,
      namespace: metadata.namespace!,
      labels: { ...template.metadata?.labels, ...labels },
      annotations,
      ownerReferences: [
        { apiVersion, kind, name: metadata.name, uid: metadata.uid!, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: injected(template.spec, annotations),
  }
}
