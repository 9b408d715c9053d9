import { type KubeObject, keyOf } from '../kube/objects.ts'
import { type Drift, valueAt } from '../kube/ownership.ts'
import type { Change, FieldChange } from './change.ts'
import type { Decision } from './decide.ts'
import type { Refusal } from './errors.ts'
import type { Step } from './plan.ts'
import { FIELD_MANAGER, HASH_ANNOTATION } from './platform.ts'
import { type Restart, restartsOf } from './restarts.ts'

/** A field of ours that somebody else set to something else: it will be taken back. */
export interface Conflict {
  kind: string
  namespace?: string
  name: string
  path: string
  manager: string
}

/** What a reconcile would do, field by field; a value like any other, that `tep plan` prints. */
export interface Changes {
  changes: Change[]
  conflicts: Conflict[]
  restarts: Restart[]
  refused: Refusal[]
}

/** Live objects in full, by key: field values and managers are told from them. */
export type LiveObjects = ReadonlyMap<string, KubeObject>

const HASH_PATH = `metadata.annotations.${HASH_ANNOTATION}`

/** `(decision, live objects) → what will change`. Pure; says nothing about objects that stay as they are. */
export function changesOf({ steps, refused, effective }: Decision, live: LiveObjects): Changes {
  // A platform that is suspended writes nothing but its status.
  const coming = effective.suspend ? [] : steps.filter(step => step.action !== 'wait' || changesAnything(step, live))
  const changes = coming.map(step => changeOf(step, live.get(keyOf(step.object))))
  const updates = coming.flatMap(step => (step.action === 'update' ? [step] : []))
  return {
    changes,
    conflicts: updates.flatMap(step => conflictsOf(step, live.get(keyOf(step.object)))),
    restarts: restartsOf(changes),
    refused,
  }
}

/** A child that waits for its input has no content yet: what exists of it stays until then. */
const changesAnything = ({ object, reason }: Step, live: LiveObjects): boolean =>
  reason !== 'WaitingForInput' || !live.has(keyOf(object))

function changeOf(step: Step, live: KubeObject | undefined): Change {
  const { kind, metadata } = step.object
  const action = step.action === 'wait' ? (live ? 'update' : 'create') : step.action
  const drift = step.action === 'delete' || !live ? [] : step.drift
  return {
    action,
    kind,
    ...(metadata.namespace && { namespace: metadata.namespace }),
    name: metadata.name,
    reason: step.reason,
    ...(step.action === 'wait' && { after: step.message }),
    fields: drift
      .filter(({ path }) => path !== HASH_PATH)
      .map(field => ({ path: field.path, ...valuesOf(field, live!, step.object) })),
  }
}

function valuesOf(field: Drift, live: KubeObject, desired: KubeObject): Pick<FieldChange, 'from' | 'to'> {
  if (desired.kind === 'Secret' && field.steps[0] === 'f:data') return { from: '(secret)', to: '(secret)' }
  const from = valueAt(live, field)
  const to = valueAt(desired, field)
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

function conflictsOf({ object, drift }: Extract<Step, { drift: Drift[] }>, live: KubeObject | undefined): Conflict[] {
  if (!live) return []
  const { kind, metadata } = object
  const others = (live.metadata.managedFields ?? []).filter(
    ({ manager, operation, subresource }) => !subresource && !(manager === FIELD_MANAGER && operation === 'Apply'),
  )
  return drift.flatMap(field => {
    const wanted = valueAt(object, field)
    if (wanted === undefined || JSON.stringify(wanted) === JSON.stringify(valueAt(live, field))) return []
    return others
      .filter(({ fieldsV1 }) => owns(fieldsV1, field.steps))
      .map(({ manager = 'unknown' }) => ({
        kind,
        ...(metadata.namespace && { namespace: metadata.namespace }),
        name: metadata.name,
        path: field.path,
        manager,
      }))
  })
}

const owns = (fields: Record<string, unknown> | undefined, steps: string[]): boolean =>
  steps.length > 0 &&
  steps.reduce<unknown>((below, step) => (below as Record<string, unknown> | undefined)?.[step], fields) !== undefined
