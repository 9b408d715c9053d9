/**
 * What the server adds to a built-in object after it has noted who wrote which fields, so that it is nobody's: what strategies
 * and admission plugins fill in (kubernetes/pkg/registry, plugin/pkg/admission).
 */
import { isObject, type Json, type JsonObject } from '../json.ts'
import { fill, list } from './defaults.ts'
import type { ResourceType } from './registry.ts'

const byPlural: Readonly<Record<string, (spec: JsonObject) => void>> = {
  namespaces: spec => fill(spec, { finalizers: ['kubernetes'] }),
  pods: spec => {
    // Admission plugin Priority.
    fill(spec, { preemptionPolicy: 'PreemptLowerPriority', priority: 0 })
    tolerateLostNodes(spec)
  },
  // Without the feature CoordinatedLeaderElection (registry/coordination/lease/strategy.go).
  leases: spec => {
    delete spec['strategy']
    delete spec['preferredHolder']
  },
  services: spec => {
    if (spec['type'] === 'ExternalName') return
    if (spec['clusterIP'] !== 'None') {
      fill(spec, { ipFamilyPolicy: 'SingleStack' })
      return
    }
    // One without an address and without a selector may be of both families (registry/core/service/storage/alloc.go).
    const free = !isObject(spec['selector']) || Object.keys(spec['selector']).length === 0
    spec['clusterIPs'] = ['None']
    fill(spec, { ipFamilyPolicy: free ? 'RequireDualStack' : 'SingleStack' })
    spec['ipFamilies'] ??= spec['ipFamilyPolicy'] === 'RequireDualStack' ? ['IPv4', 'IPv6'] : ['IPv4']
  },
}

/** Admission plugin DefaultTolerationSeconds. */
function tolerateLostNodes(spec: JsonObject): void {
  const tolerations = list(spec['tolerations'])
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'])
    if (!tolerations.some(each => each['key'] === key && (each['effect'] ?? 'NoExecute') === 'NoExecute'))
      tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })
  spec['tolerations'] = tolerations as Json
}

/** A Service that says nothing of its address keeps the one it has (registry/core/service/storage, patchAllocatedValues). */
function keepAddress(spec: JsonObject, was: JsonObject): void {
  if (spec['type'] === 'ExternalName' || was['type'] === 'ExternalName') return
  for (const field of ['clusterIP', 'clusterIPs'])
    if (was[field] !== undefined && !spec[field]) spec[field] = was[field]
}

/** In place. Idempotent. `before` is the stored object on updates. */
export function allocate(object: JsonObject, type: ResourceType, before?: JsonObject): void {
  const { spec } = object
  if (!isObject(spec)) return
  if (type.plural === 'services' && isObject(before?.['spec'])) keepAddress(spec, before['spec'])
  byPlural[type.plural]?.(spec)
}
