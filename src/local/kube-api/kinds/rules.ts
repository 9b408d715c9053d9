/** Rules of the built-in kinds beyond their types: what is required, immutable, or limited (kubernetes/pkg/apis/*\/validation). */
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../field-errors.ts'
import { at, equal, isObject, type Json, type JsonObject, show } from '../json.ts'
import { joinPath, type Schema } from '../schema/schema.ts'
import type { FieldError } from '../status.ts'
import { checkPodSpec } from './pod-rules.ts'
import type { ResourceType } from './registry.ts'

/** Appends what is wrong with a built-in object to `errors`. */
export function checkBuiltIn(
  type: ResourceType,
  after: JsonObject,
  before: JsonObject | undefined,
  errors: FieldError[],
): void {
  // Definitions have a validation of their own, which names fields by other paths.
  if (type.plural !== 'customresourcedefinitions') checkRequired(after, type.schema, '', errors)
  for (const [path, allowed] of enums[type.plural] ?? []) {
    const value = at(after, path)
    if (value !== undefined && !allowed.includes(show(value))) errors.push(fieldNotSupported(path, value, allowed))
  }
  if (before)
    for (const path of immutable[type.plural] ?? [])
      if (at(before, path) !== undefined && !equal(at(before, path), at(after, path)))
        errors.push(fieldInvalid(path, at(after, path) ?? null, 'field is immutable'))
  rules[type.plural]?.(after, before, errors)
  if (isObject(at(after, 'spec.template'))) checkTemplate(after, errors)
  if (type.plural === 'pods') checkPodSpec(at(after, 'spec'), 'spec', errors)
}

/**
 * Required fields of specs. Go's types cannot tell an absent list or status field from an empty one, so neither is
 * demanded here, but for the lists that the validation demands by name.
 */
function checkRequired(value: Json, schema: Schema, path: string, errors: FieldError[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      if (schema.items) checkRequired(item, schema.items, `${path}[${index}]`, errors)
    return
  }
  if (!isObject(value)) return
  for (const key of schema.required ?? []) {
    const field = schema.properties?.[key]
    const counts =
      (field?.type === 'string' && field.format === undefined) ||
      isObject(field?.properties as Json) ||
      key === 'containers'
    // The kind of a role is one of a few; none is one of the others.
    if (path === 'roleRef' && key === 'kind') continue
    if (counts && (value[key] === undefined || value[key] === '')) errors.push(fieldRequired(joinPath(path, key)))
  }
  for (const [key, field] of Object.entries(schema.properties ?? {}))
    if (value[key] !== undefined && key !== 'status' && !(path === '' && key === 'metadata'))
      checkRequired(value[key], field, joinPath(path, key), errors)
}

const enums: Record<string, readonly (readonly [string, readonly string[]])[]> = {
  pods: [
    ['spec.restartPolicy', ['Always', 'OnFailure', 'Never']],
    ['spec.dnsPolicy', ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']],
  ],
  deployments: [['spec.template.spec.restartPolicy', ['Always']]],
  replicasets: [['spec.template.spec.restartPolicy', ['Always']]],
  statefulsets: [
    ['spec.podManagementPolicy', ['OrderedReady', 'Parallel']],
    ['spec.template.spec.restartPolicy', ['Always']],
  ],
  cronjobs: [['spec.concurrencyPolicy', ['Allow', 'Forbid', 'Replace']]],
  services: [
    ['spec.type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']],
    ['spec.sessionAffinity', ['ClientIP', 'None']],
  ],
}

const immutable: Record<string, readonly string[]> = {
  deployments: ['spec.selector'],
  replicasets: ['spec.selector'],
  jobs: ['spec.selector', 'spec.template', 'spec.completions'],
  secrets: ['type'],
  customresourcedefinitions: ['spec.group', 'spec.scope', 'spec.names.plural'],
}

type Rule = (after: JsonObject, before: JsonObject | undefined, errors: FieldError[]) => void

const byteSize = (value: Json | undefined) =>
  isObject(value)
    ? Object.entries(value).reduce((sum, [key, entry]) => sum + key.length + Buffer.byteLength(show(entry)), 0)
    : 0

/** Keys, size and the `immutable` switch of ConfigMaps and Secrets. */
const keyed =
  (limit: number, whole: string): Rule =>
  (after, before, errors) => {
    for (const field of ['data', 'binaryData'])
      for (const key of Object.keys(isObject(after[field]) ? after[field] : {}))
        if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === '.' || key === '..')
          errors.push(
            fieldInvalid(
              `${field}[${key}]`,
              key,
              "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
            ),
          )
    const both = isObject(after['binaryData']) ? after['binaryData'] : {}
    for (const key of Object.keys(isObject(after['data']) ? after['data'] : {}))
      if (Object.hasOwn(both, key))
        errors.push(fieldInvalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    if (byteSize(after['data']) + byteSize(after['binaryData']) > limit)
      errors.push({ reason: 'FieldValueTooLong', field: whole, detail: `may not be more than ${limit} bytes` })
    if (before?.['immutable'] === true)
      for (const field of ['data', 'binaryData', 'immutable'])
        if (!equal(before[field], after[field]))
          errors.push(fieldForbidden(field, 'field is immutable when `immutable` is set'))
  }

function leaseRule(after: JsonObject, _before: JsonObject | undefined, errors: FieldError[]): void {
  const seconds = at(after, 'spec.leaseDurationSeconds')
  if (typeof seconds === 'number' && seconds <= 0)
    errors.push(fieldInvalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'))
  const transitions = at(after, 'spec.leaseTransitions')
  if (typeof transitions === 'number' && transitions < 0)
    errors.push(fieldInvalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'))
}

function serviceRule(after: JsonObject, _before: JsonObject | undefined, errors: FieldError[]): void {
  const spec = isObject(after['spec']) ? after['spec'] : {}
  const ports = Array.isArray(spec['ports']) ? (spec['ports'] as JsonObject[]) : []
  if (ports.length === 0 && spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName')
    errors.push(fieldRequired('spec.ports'))
  const names = new Set<Json>()
  for (const [index, port] of ports.entries()) {
    if (typeof port['port'] === 'number' && (port['port'] < 1 || port['port'] > 65535))
      errors.push(fieldInvalid(`spec.ports[${index}].port`, port['port'], 'must be between 1 and 65535, inclusive'))
    const { targetPort } = port
    if (typeof targetPort === 'number' && (targetPort < 1 || targetPort > 65535))
      errors.push(fieldInvalid(`spec.ports[${index}].targetPort`, targetPort, 'must be between 1 and 65535, inclusive'))
    const [number, protocol] = [port['port'] ?? 0, port['protocol'] ?? '']
    if (ports.slice(0, index).some(other => other['port'] === number && other['protocol'] === protocol))
      errors.push({
        reason: 'FieldValueDuplicate',
        field: `spec.ports[${index}]`,
        // As Go prints the struct, with no more than what two ports may not share.
        value: { Name: '', Protocol: protocol, AppProtocol: null, Port: number, TargetPort: 0, NodePort: 0 },
      })
    if (ports.length > 1 && !port['name']) errors.push(fieldRequired(`spec.ports[${index}].name`))
    if (port['name'] && names.has(port['name']))
      errors.push({ reason: 'FieldValueDuplicate', field: `spec.ports[${index}].name`, value: port['name'] })
    names.add(port['name'] ?? null)
  }
}

function eventRule(after: JsonObject, _before: JsonObject | undefined, errors: FieldError[]): void {
  const namespace = at(after, 'involvedObject.namespace') ?? ''
  const own = at(after, 'metadata.namespace')
  // What is of no namespace is told of in `default`.
  if (namespace !== own && !(namespace === '' && (own === 'default' || own === 'kube-system')))
    errors.push(fieldInvalid('involvedObject.namespace', namespace, 'does not match event.namespace'))
}

/** A running pod's spec is fixed but for images, deadlines and tolerations. */
function podRule(after: JsonObject, before: JsonObject | undefined, errors: FieldError[]): void {
  if (!before) return
  const fixed = (pod: JsonObject): Json => {
    const {
      activeDeadlineSeconds: _,
      tolerations: __,
      terminationGracePeriodSeconds: ___,
      nodeName,
      schedulingGates: ____,
      ...spec
    } = (pod['spec'] ?? {}) as JsonObject
    const containers = (value: Json | undefined) =>
      Array.isArray(value) ? value.map(container => ({ ...(container as JsonObject), image: '', resources: {} })) : []
    // Binding is a write of nodeName here: there is no scheduler with its own sub-resource.
    return {
      ...spec,
      nodeName: at(before, 'spec.nodeName') ? (nodeName ?? null) : null,
      containers: containers(spec['containers']),
      initContainers: containers(spec['initContainers']),
    }
  }
  if (!equal(fixed(before), fixed(after)))
    errors.push(
      fieldForbidden(
        'spec',
        'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
      ),
    )
}

/** The keys that the types of Secrets demand. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}

const secretRule: Rule = (after, before, errors) => {
  keyed(1_400_000, 'data')(after, before, errors)
  const data = isObject(after['data']) ? after['data'] : {}
  for (const key of SECRET_KEYS[show(after['type'] ?? '')] ?? [])
    if (data[key] === undefined) errors.push(fieldRequired(`data[${key}]`))
}

const jobRule: Rule = (after, _before, errors) => {
  const policy = at(after, 'spec.template.spec.restartPolicy')
  if (policy !== undefined && policy !== 'OnFailure' && policy !== 'Never')
    errors.push(fieldRequired('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'))
  const parallelism = at(after, 'spec.parallelism')
  if (typeof parallelism === 'number' && parallelism < 0)
    errors.push(fieldInvalid('spec.parallelism', parallelism, 'must be greater than or equal to 0'))
}

const cronJobRule: Rule = (after, _before, errors) => {
  const schedule = show(at(after, 'spec.schedule') ?? '')
  const fields = schedule.trim().split(/\s+/)
  if (schedule && !schedule.startsWith('@') && fields.length !== 5)
    errors.push(
      fieldInvalid(
        'spec.schedule',
        schedule,
        `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`,
      ),
    )
}

const roleRule: Rule = (after, _before, errors) => {
  for (const [index, rule] of ((after['rules'] ?? []) as JsonObject[]).entries())
    if (!Array.isArray(rule['verbs']) || rule['verbs'].length === 0)
      errors.push(fieldRequired(`rules[${index}].verbs`, 'verbs must contain at least one value'))
}

const budgetRule: Rule = (after, _before, errors) => {
  const spec = isObject(after['spec']) ? after['spec'] : {}
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec
  if (minAvailable === undefined || maxUnavailable === undefined) return
  errors.push(
    fieldInvalid(
      'spec',
      {
        MinAvailable: minAvailable,
        Selector: selector ?? null,
        MaxUnavailable: maxUnavailable,
        UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
      },
      'minAvailable and maxUnavailable cannot be both set',
    ),
  )
}

const claimRule: Rule = (after, before, errors) => {
  const modes = at(after, 'spec.accessModes')
  if (!Array.isArray(modes) || modes.length === 0)
    errors.push(fieldRequired('spec.accessModes', 'at least 1 access mode is required'))
  if (at(after, 'spec.resources.requests.storage') === undefined) errors.push(fieldRequired('spec.resources[storage]'))
  if (before && at(before, 'status.phase') !== 'Bound' && !equal(at(before, 'spec') ?? null, at(after, 'spec') ?? null))
    errors.push(
      fieldForbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    )
}

const STRATEGIES = ['Recreate', 'RollingUpdate']
const deploymentRule: Rule = (after, _before, errors) => {
  const strategy = at(after, 'spec.strategy')
  if (!isObject(strategy) || strategy['type'] === undefined || STRATEGIES.includes(show(strategy['type']))) return
  const { type, rollingUpdate } = strategy
  const { maxUnavailable, maxSurge } = isObject(rollingUpdate) ? rollingUpdate : {}
  const inGo = isObject(rollingUpdate) ? { MaxUnavailable: maxUnavailable ?? 0, MaxSurge: maxSurge ?? 0 } : null
  errors.push(fieldNotSupported('spec.strategy', { Type: type, RollingUpdate: inGo }, STRATEGIES))
}

/** What of a StatefulSet can change (apps/validation, ValidateStatefulSetUpdate). */
const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]
const statefulSetRule: Rule = (after, before, errors) => {
  if (!before) return
  const fixed = (object: JsonObject) =>
    Object.fromEntries(
      Object.entries(isObject(object['spec']) ? object['spec'] : {}).filter(([key]) => !CHANGEABLE.includes(key)),
    )
  if (equal(fixed(before), fixed(after))) return
  const [last, ...others] = CHANGEABLE.map(field => `'${field}'`).toReversed()
  errors.push(
    fieldForbidden(
      'spec',
      `updates to statefulset spec for fields other than ${others.toReversed().join(', ')} and ${last} are forbidden`,
    ),
  )
}

const bindingRule =
  (kinds: readonly string[]): Rule =>
  (after, before, errors) => {
    const role = isObject(after['roleRef']) ? after['roleRef'] : {}
    if (!kinds.includes(show(role['kind'] ?? '')))
      errors.push(fieldNotSupported('roleRef.kind', role['kind'] ?? '', kinds))
    if (before && !equal(before['roleRef'], after['roleRef']))
      errors.push(
        fieldInvalid(
          'roleRef',
          { APIGroup: role['apiGroup'] ?? '', Kind: role['kind'] ?? '', Name: role['name'] ?? '' },
          'cannot change roleRef',
        ),
      )
  }

const rules: Record<string, Rule> = {
  deployments: deploymentRule,
  statefulsets: statefulSetRule,
  rolebindings: bindingRule(['Role', 'ClusterRole']),
  clusterrolebindings: bindingRule(['ClusterRole']),
  jobs: jobRule,
  cronjobs: cronJobRule,
  roles: roleRule,
  clusterroles: roleRule,
  poddisruptionbudgets: budgetRule,
  persistentvolumeclaims: claimRule,
  // The path of a ConfigMap as a whole is one without a name.
  configmaps: keyed(1_048_576, '[]'),
  secrets: secretRule,
  leases: leaseRule,
  services: serviceRule,
  events: eventRule,
  pods: podRule,
}

/** The template's labels must be those the selector looks for, or the controller would create pods for ever. */
function checkTemplate(after: JsonObject, errors: FieldError[]): void {
  checkPodSpec(at(after, 'spec.template.spec'), 'spec.template.spec', errors)
  const replicas = at(after, 'spec.replicas')
  if (typeof replicas === 'number' && replicas < 0)
    errors.push(fieldInvalid('spec.replicas', replicas, 'must be greater than or equal to 0'))
  const selector = at(after, 'spec.selector')
  const wanted = at(after, 'spec.selector.matchLabels')
  // The selector of a Job is made for it; no selector selects nothing.
  if (isObject(selector) ? !isObject(wanted) : after['kind'] === 'Job') return
  const labels = at(after, 'spec.template.metadata.labels')
  const matches =
    isObject(wanted) && Object.entries(wanted).every(([key, value]) => isObject(labels) && labels[key] === value)
  if (!matches)
    errors.push(
      fieldInvalid(
        'spec.template.metadata.labels',
        isObject(labels) && Object.keys(labels).length > 0 ? labels : null,
        '`selector` does not match template `labels`',
      ),
    )
}
