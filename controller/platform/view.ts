import type { ChildView, PartView, PlatformView, StepView } from '../../src/contracts/platform-view.ts'
import { type KubeObject, keyOf } from '../kube/objects.ts'
import type { Decision } from './decide.ts'
import { type Desired, PARTS, READY_BEFORE } from './desired.ts'
import { isStateful, type Observed, planDeletion, readyParts, type Step } from './plan.ts'
import type { Platform } from './platform.ts'
import { type Cached, driftOfChild } from './project.ts'
import { OLDEST } from './versions.ts'

export interface Operator {
  version: string
  /** Fields that the served CRD lacks; absent: not known. */
  crdMissing?: readonly string[] | undefined
}

/** A platform as people look at it: what it is made of, how that is, and what a reconcile would write now. Pure. */
export function viewOf(
  platform: Platform,
  { effective, desired, steps }: Pick<Decision, 'effective' | 'desired' | 'steps'>,
  observed: Observed,
  { version, crdMissing }: Operator,
): PlatformView {
  const { metadata, status } = platform
  const deleting = metadata.deletionTimestamp !== undefined
  const isKept = (child: KubeObject): boolean => effective.deletionPolicy === 'Retain' && isStateful(child)
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    suspended: effective.suspend,
    deleting,
    generation: metadata.generation ?? 0,
    observed_generation: status?.observedGeneration ?? null,
    versions: {
      operator: version,
      services: effective.version,
      oldest: OLDEST,
      kafka: status?.kafka?.version ?? null,
      crd_lacks: crdMissing ?? null,
    },
    conditions: (status?.conditions ?? []).map(({ type, status: value, reason, message, lastTransitionTime }) => ({
      type,
      status: value,
      reason,
      message,
      since: lastTransitionTime,
    })),
    parts: partsOf(platform, deleting ? [] : desired, observed),
    plan: (deleting ? planDeletion(observed, isKept).steps : steps).map(stepView),
  }
}

function partsOf(platform: Platform, desired: Desired[], observed: Observed): PartView[] {
  const ready = readyParts(desired, observed)
  const home = platform.metadata.namespace
  const parts: PartView[] = PARTS.map(part => ({
    part,
    ready: ready.has(part),
    waits_for: ready.has(part) ? [] : READY_BEFORE[part].filter(before => !ready.has(before)),
    children: desired
      .filter(each => each.part === part)
      .map(each => childView(each, observed.get(keyOf(each.object)), home)),
  }))
  const wanted = new Set(desired.map(({ object }) => keyOf(object)))
  const leftovers = [...observed].filter(([key]) => !wanted.has(key)).map(([, live]) => leftover(live, home))
  return [
    ...parts.filter(({ children }) => children.length > 0),
    ...(leftovers.length > 0 ? [{ part: 'leftovers', ready: false, waits_for: [], children: leftovers }] : []),
  ]
}

function childView({ object, waiting }: Desired, live: Cached | undefined, home: string): ChildView {
  const address = addressOf(object, home)
  if (!live) return { ...address, state: 'absent', reason: '', message: waiting ?? '', drift: [] }
  const { ready, reason, message } = live.readiness
  const state = live.metadata.deletionTimestamp ? 'terminating' : ready ? 'ready' : 'not ready'
  // What cannot be rendered yet cannot be compared either.
  const drift = waiting ? [] : driftOfChild(object, live).map(({ path }) => path)
  return { ...address, state, reason, message: waiting ?? message, drift }
}

const leftover = (live: Cached, home: string): ChildView => ({
  ...addressOf(live, home),
  state: live.metadata.deletionTimestamp ? 'terminating' : 'no longer wanted',
  reason: live.readiness.reason,
  message: live.metadata.finalizers?.length ? `finalizers: ${live.metadata.finalizers.join(', ')}` : '',
  drift: [],
})

const addressOf = (
  { kind, metadata: { namespace, name } }: Pick<Cached, 'kind' | 'metadata'>,
  home: string,
): Pick<ChildView, 'kind' | 'namespace' | 'name'> => ({
  kind,
  ...(namespace && namespace !== home && { namespace }),
  name,
})

const stepView = (step: Step): StepView => ({
  action: step.action,
  kind: step.object.kind,
  name: step.object.metadata.name,
  reason: step.reason,
  message: 'message' in step ? step.message : '',
  fields: 'drift' in step ? step.drift.map(({ path }) => path) : [],
})
