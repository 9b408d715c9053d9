/** Rules of the built-in kinds beyond their types: what is required, immutable, or limited (kubernetes/pkg/apis/*\/validation). */
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../field-errors.ts'
import { at, equal, isObject, type Json, type JsonObject, show } from '../json.ts'
import { joinPath, type Schema } from '../schema/schema.ts'
import type { FieldError } from '../status.ts'
import { checkEvent } from './event-rules.ts'
import { internalDiff, internalValue } from './internal.ts'
import { checkPodSpec } from './pod-rules.ts'
import type { ResourceType } from './registry.ts'
import { checkTemplate, deploymentRule, jobRule, statefulSetRule } from './workload-rules.ts'

/** Appends what is wrong with a built-in object to `errors`. `apiVersion` is that of the request. */
export function checkBuiltIn(
  type: ResourceType,
  after: JsonObject,
  before: JsonObject | undefined,
  apiVersion: string,
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
  if (type.plural === 'events') checkEvent(after, before === undefined, apiVersion, errors)
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
    if (!ruled.has(joinPath(path, key)) && counts && (value[key] === undefined || value[key] === ''))
      errors.push(fieldRequired(joinPath(path, key)))
  }
  for (const [key, field] of Object.entries(schema.properties ?? {}))
    if (value[key] !== undefined && key !== 'status' && !(path === '' && key === 'metadata'))
      checkRequired(value[key], field, joinPath(path, key), errors)
}

/** Demanded by rules of their own, in other words. */
const ruled = new Set(['roleRef.kind', 'roleRef.apiGroup'])

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
  jobs: ['spec.selector', 'spec.completions'],
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
  (limit: number, sizeField: string): Rule =>
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
      errors.push({ reason: 'FieldValueTooLong', field: sizeField, detail: 'may not be more than 1048576 bytes' })
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

const PORT_RANGE = 'must be between 1 and 65535, inclusive'

function serviceRule(after: JsonObject, _before: JsonObject | undefined, errors: FieldError[]): void {
  const spec = isObject(after['spec']) ? after['spec'] : {}
  const ports = Array.isArray(spec['ports']) ? (spec['ports'] as JsonObject[]) : []
  if (ports.length === 0 && spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName')
    errors.push(fieldRequired('spec.ports'))
  const names = new Set<Json>()
  const pairs: JsonObject[] = []
  for (const [index, port] of ports.entries()) {
    if (typeof port['port'] === 'number' && (port['port'] < 1 || port['port'] > 65535))
      errors.push(fieldInvalid(`spec.ports[${index}].port`, port['port'], PORT_RANGE))
    const target = port['targetPort']
    if (typeof target === 'number' && (target < 1 || target > 65535))
      errors.push(fieldInvalid(`spec.ports[${index}].targetPort`, target, PORT_RANGE))
    const pair = { protocol: port['protocol']!, port: port['port']! }
    if (pairs.some(other => equal(other, pair)))
      errors.push({
        reason: 'FieldValueDuplicate',
        field: `spec.ports[${index}]`,
        value: internalValue(pair, 'ServicePort'),
      })
    pairs.push(pair)
    if (ports.length > 1 && !port['name']) errors.push(fieldRequired(`spec.ports[${index}].name`))
    if (port['name'] && names.has(port['name']))
      errors.push({ reason: 'FieldValueDuplicate', field: `spec.ports[${index}].name`, value: port['name'] })
    names.add(port['name'] ?? null)
  }
}

/** Tokens of an account need one (ValidatePodCreate). */
function checkTokens(pod: JsonObject, errors: FieldError[]): void {
  if (at(pod, 'spec.serviceAccountName')) return
  for (const [index, volume] of list(at(pod, 'spec.volumes')).entries())
    for (const [number, source] of list(at(volume, 'projected.sources')).entries())
      if (source['serviceAccountToken'])
        errors.push(
          fieldForbidden(
            `spec.volumes[${index}].projected.sources[${number}].serviceAccountToken`,
            'must not be specified when serviceAccountName is not set',
          ),
        )
}

/** A running pod's spec is fixed but for images, deadlines and tolerations. */
function podRule(after: JsonObject, before: JsonObject | undefined, errors: FieldError[]): void {
  if (!before) {
    checkTokens(after, errors)
    return
  }
  const [was, now] = [before['spec'], after['spec']].map(spec => (isObject(spec) ? spec : {})) as [
    JsonObject,
    JsonObject,
  ]
  const containers = (field: 'containers' | 'initContainers'): Json => {
    const former = list(was[field])
    return list(now[field]).map((container, index) => {
      const { image, resources } = former[index] ?? container
      return { ...container, ...(image !== undefined && { image }), ...(resources !== undefined && { resources }) }
    })
  }
  // What may be changed is taken as it was.
  const fixed: JsonObject = { ...now, containers: containers('containers') }
  if (now['initContainers']) fixed['initContainers'] = containers('initContainers')
  for (const field of POD_MAY_CHANGE)
    if (was[field] === undefined) delete fixed[field]
    else fixed[field] = was[field]
  // Binding is a write of nodeName here: there is no scheduler with its own sub-resource.
  if (!was['nodeName']) delete fixed['nodeName']
  if (!equal(was, fixed))
    errors.push(
      fieldForbidden(
        'spec',
        `pod updates may not change fields other than \`spec.containers[*].image\`,\`spec.initContainers[*].image\`,\`spec.activeDeadlineSeconds\`,\`spec.tolerations\` (only additions to existing tolerations),\`spec.terminationGracePeriodSeconds\` (allow it to be set to 1 if it was previously negative)\n${internalDiff(was, fixed, 'PodSpec')}`,
      ),
    )
}

const POD_MAY_CHANGE = ['activeDeadlineSeconds', 'tolerations', 'terminationGracePeriodSeconds', 'schedulingGates']
const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

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
  if (spec['minAvailable'] === undefined || spec['maxUnavailable'] === undefined) return
  const value = internalValue(spec, 'PodDisruptionBudgetSpec')
  errors.push(fieldInvalid('spec', value, 'minAvailable and maxUnavailable cannot be both set'))
}

const ROLE_KINDS = ['Role', 'ClusterRole']

const bindingRule: Rule = (after, before, errors) => {
  const reference = after['roleRef']
  const kind = show(at(reference, 'kind') ?? '')
  const allowed = after['kind'] === 'ClusterRoleBinding' ? ['ClusterRole'] : ROLE_KINDS
  if (!allowed.includes(kind)) errors.push(fieldNotSupported('roleRef.kind', kind, allowed))
  if (before && !equal(before['roleRef'], reference))
    errors.push(fieldInvalid('roleRef', internalValue(reference, 'RoleRef'), 'cannot change roleRef'))
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
        `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${internalDiff(before['spec'], after['spec'], 'PersistentVolumeClaimSpec')}`,
      ),
    )
}

const rules: Record<string, Rule> = {
  deployments: deploymentRule,
  statefulsets: statefulSetRule,
  rolebindings: bindingRule,
  clusterrolebindings: bindingRule,
  jobs: jobRule,
  cronjobs: cronJobRule,
  roles: roleRule,
  clusterroles: roleRule,
  poddisruptionbudgets: budgetRule,
  persistentvolumeclaims: claimRule,
  // The path of no field is printed so.
  configmaps: keyed(1_048_576, '[]'),
  secrets: secretRule,
  leases: leaseRule,
  services: serviceRule,
  pods: podRule,
}
