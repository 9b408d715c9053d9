/** Rules of what runs pods: Deployments, ReplicaSets, StatefulSets, Jobs (kubernetes pkg/apis/apps and batch, validation). */
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../field-errors.ts'
import { at, equal, isObject, type Json, type JsonObject } from '../json.ts'
import type { FieldError } from '../status.ts'
import { internalValue } from './internal.ts'
import { checkPodSpec } from './pod-rules.ts'

type Rule = (after: JsonObject, before: JsonObject | undefined, errors: FieldError[]) => void

/** True where a selector looks for these labels; none looks for nothing, an empty one for everything. */
function selects(selector: Json | undefined, labels: Json | undefined): boolean {
  if (!isObject(selector)) return false
  const wanted = isObject(selector['matchLabels']) ? selector['matchLabels'] : {}
  return Object.entries(wanted).every(([key, value]) => isObject(labels) && labels[key] === value)
}

/** The template's labels must be those the selector looks for, or the controller would create pods for ever. */
export function checkTemplate(after: JsonObject, errors: FieldError[]): void {
  checkPodSpec(at(after, 'spec.template.spec'), 'spec.template.spec', errors)
  const replicas = at(after, 'spec.replicas')
  if (typeof replicas === 'number' && replicas < 0)
    errors.push(fieldInvalid('spec.replicas', replicas, 'must be greater than or equal to 0'))
  const labels = at(after, 'spec.template.metadata.labels')
  if (!selects(at(after, 'spec.selector'), labels))
    errors.push(
      fieldInvalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'),
    )
}

const STRATEGIES = ['Recreate', 'RollingUpdate']

export const deploymentRule: Rule = (after, _before, errors) => {
  const strategy = at(after, 'spec.strategy')
  if (!STRATEGIES.includes(at(strategy, 'type') as string))
    errors.push(fieldNotSupported('spec.strategy', internalValue(strategy, 'DeploymentStrategy'), STRATEGIES))
}

const SET_MAY_CHANGE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

export const statefulSetRule: Rule = (after, before, errors) => {
  if (!before) return
  const fixed = (object: JsonObject) =>
    Object.fromEntries(
      Object.entries((object['spec'] ?? {}) as JsonObject).filter(([key]) => !SET_MAY_CHANGE.includes(key)),
    )
  if (equal(fixed(before), fixed(after))) return
  const [last, ...others] = SET_MAY_CHANGE.map(field => `'${field}'`).toReversed()
  const fields = `${others.toReversed().join(', ')} and ${last}`
  errors.push(fieldForbidden('spec', `updates to statefulset spec for fields other than ${fields} are forbidden`))
}

export const jobRule: Rule = (after, before, errors) => {
  const parallelism = at(after, 'spec.parallelism')
  if (typeof parallelism === 'number' && parallelism < 0)
    errors.push(fieldInvalid('spec.parallelism', parallelism, 'must be greater than or equal to 0'))
  const policy = at(after, 'spec.template.spec.restartPolicy')
  const [path, allowed] = ['spec.template.spec.restartPolicy', ['OnFailure', 'Never']]
  if (policy === 'Always') errors.push(fieldRequired(path, 'valid values: "OnFailure", "Never"'))
  else if (!allowed.includes(policy as string)) errors.push(fieldNotSupported(path, policy, allowed))
  const spec = at(after, 'spec.template.spec')
  if (before && !equal(at(before, 'spec.template.spec'), spec))
    errors.push(fieldInvalid('spec.template.spec', internalValue(spec, 'PodSpec'), 'field is immutable'))
}
