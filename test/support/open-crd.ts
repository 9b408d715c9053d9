import type { KubeObject } from '../../controller/kube/objects.ts'
import { definition } from '../../src/local/operators/crds.ts'

const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** A CRD that takes anything, for kinds whose operators are not here. */
export function openCrd(apiVersion: string, kind: string, plural: string): KubeObject {
  const [group, version] = apiVersion.split('/') as [string, string]
  const properties = { spec: open, status: open }
  return definition({ group, version, kind, plural, properties, subresources: { status: {} } }) as KubeObject
}
