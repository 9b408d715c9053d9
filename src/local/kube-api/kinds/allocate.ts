/**
 * What the server adds to a built-in object after it has noted who wrote which fields, so that it is nobody's: what strategies
 * and admission plugins fill in (kubernetes/pkg/registry, plugin/pkg/admission).
 */
import { at, child, isObject, type Json, type JsonObject } from '../json.ts'
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

const JOB_NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name']
const CONTROLLER_LABEL = 'batch.kubernetes.io/controller-uid'

/** A Job selects the pods of its own uid unless somebody else selects for it (registry/batch/job/strategy.go). */
function selectOwnPods(job: JsonObject): void {
  const [spec, template] = [job['spec'], at(job, 'spec.template')]
  if (!isObject(spec) || !isObject(template) || spec['manualSelector'] === true) return
  const { name, uid } = job['metadata'] as { name: string; uid: string }
  const metadata = isObject(template['metadata']) ? template['metadata'] : {}
  const labels = { ...child(metadata, 'labels') }
  for (const label of JOB_NAME_LABELS) labels[label] ??= name
  for (const label of ['controller-uid', CONTROLLER_LABEL]) labels[label] ??= uid
  template['metadata'] = { ...metadata, labels }
  const selector = child(spec, 'selector')
  spec['selector'] = { ...selector, matchLabels: { [CONTROLLER_LABEL]: uid, ...child(selector, 'matchLabels') } }
}

/** Who replaces a Service need not know its addresses (registry/core/service/storage/alloc.go, patchAllocatedValues). */
function keepAddresses(spec: JsonObject, was: JsonObject): void {
  if (spec['type'] === 'ExternalName' || was['type'] === 'ExternalName') return
  for (const field of ['clusterIP', 'clusterIPs']) if (was[field] !== undefined) spec[field] ??= was[field]
}

/** In place. Idempotent. `before` is the stored object on updates. */
export function allocate(object: JsonObject, before: JsonObject | undefined, type: ResourceType): void {
  const { spec } = object
  if (type.plural === 'jobs') selectOwnPods(object)
  if (type.plural === 'services' && isObject(spec)) keepAddresses(spec, child(before, 'spec'))
  if (isObject(spec)) byPlural[type.plural]?.(spec)
}
