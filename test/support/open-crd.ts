import type { KubeObject } from '../../controller/kube/objects.ts'
import { definition } from '../../src/local/operators/crds.ts'

const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** A CRD that takes anything, for kinds whose operators are not here. */
export function openCrd(apiVersion: string, kind: string, plural: string): KubeObject {
  const [group, version] = apiVersion.split('/') as [string, string]
  const properties = { spec: open, status: open }
  const crd = definition({ group, version, kind, plural, properties, subresources: { status: {} } }) as KubeObject
  // API servers take a group of Kubernetes' own only from who says so (github.com/kubernetes/enhancements/pull/1111).
  if (group.endsWith('.k8s.io')) crd.metadata.annotations = { 'api-approved.kubernetes.io': 'unapproved, for tests' }
  return crd
}
