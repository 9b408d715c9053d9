/** Rules of pod specs, in pods and in templates (kubernetes pkg/apis/core/validation, ValidatePodSpec). */
import { fieldInvalid, fieldNotSupported, fieldRequired } from '../field-errors.ts'
import { isObject, type Json, type JsonObject, show } from '../json.ts'
import type { FieldError } from '../status.ts'
import { label, labelRule } from './names.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc']
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe']

const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** Thousandths of a canonical quantity's unit, for comparing; `undefined` for the rare exponents. */
function milli(text: Json | undefined): bigint | undefined {
  const parsed = /^(\d+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/.exec(show(text ?? ''))
  if (!parsed) return undefined
  const [, number = '0', suffix = ''] = parsed
  if (suffix === 'm') return BigInt(number)
  const power = 'kMGTPE'.indexOf(suffix.charAt(0).replace('K', 'k')) + 1
  const base = suffix.endsWith('i') ? 1024n : 1000n
  return BigInt(number) * (suffix === '' ? 1n : base ** BigInt(power)) * 1000n
}

function checkPorts(container: JsonObject, path: string, errors: FieldError[]): void {
  for (const [index, port] of list(container['ports']).entries()) {
    const field = `${path}.ports[${index}].containerPort`
    const number = port['containerPort']
    if (number === undefined || number === 0) errors.push(fieldRequired(field))
    else if (typeof number === 'number' && (number < 1 || number > 65535))
      errors.push(fieldInvalid(field, number, 'must be between 1 and 65535, inclusive'))
  }
}

function checkResources(container: JsonObject, path: string, errors: FieldError[]): void {
  const resources = isObject(container['resources']) ? container['resources'] : {}
  const [limits, requests] = [resources['limits'], resources['requests']]
  if (!isObject(limits) || !isObject(requests)) return
  for (const [name, request] of Object.entries(requests)) {
    const [asked, most] = [milli(request), milli(limits[name])]
    if (asked !== undefined && most !== undefined && asked > most)
      errors.push(
        fieldInvalid(
          `${path}.resources.requests`,
          request,
          `must be less than or equal to ${name} limit of ${show(limits[name])}`,
        ),
      )
  }
}

function checkContainer(container: JsonObject, path: string, volumes: ReadonlySet<Json>, errors: FieldError[]): void {
  const name = show(container['name'] ?? '')
  if (name && !(label.test(name) && name.length <= 63)) errors.push(fieldInvalid(`${path}.name`, name, labelRule))
  if (!container['image']) errors.push(fieldRequired(`${path}.image`))
  const policy = container['imagePullPolicy']
  if (policy !== undefined && !PULL_POLICIES.includes(show(policy)))
    errors.push(fieldNotSupported(`${path}.imagePullPolicy`, policy, PULL_POLICIES))
  checkPorts(container, path, errors)
  checkResources(container, path, errors)
  for (const probe of PROBES) {
    const value = container[probe]
    if (isObject(value) && !HANDLERS.some(handler => value[handler] !== undefined))
      errors.push(fieldRequired(`${path}.${probe}`, 'must specify a handler type'))
  }
  for (const [index, mount] of list(container['volumeMounts']).entries())
    if (!volumes.has(mount['name'] ?? null))
      errors.push({
        reason: 'FieldValueNotFound',
        field: `${path}.volumeMounts[${index}].name`,
        value: mount['name'],
      })
}

/** Appends what is wrong with the pod spec at `path`. */
export function checkPodSpec(spec: Json | undefined, path: string, errors: FieldError[]): void {
  if (!isObject(spec)) return
  const volumes = new Set<Json>()
  for (const [index, volume] of list(spec['volumes']).entries()) {
    const name = volume['name'] ?? null
    if (volumes.has(name))
      errors.push({ reason: 'FieldValueDuplicate', field: `${path}.volumes[${index}].name`, value: name })
    volumes.add(name)
  }
  if (list(spec['containers']).length === 0) errors.push(fieldRequired(`${path}.containers`))
  const names = new Set<Json>()
  for (const [index, container] of list(spec['containers']).entries()) {
    const where = `${path}.containers[${index}]`
    const name = container['name'] ?? ''
    if (names.has(name)) errors.push({ reason: 'FieldValueDuplicate', field: `${where}.name`, value: name })
    names.add(name)
    checkContainer(container, where, volumes, errors)
  }
}
