/** Label and field selectors (API concepts: "Labels and Selectors", "Field Selectors"). */
import { at, isObject, type Json, type JsonObject, show } from './json.ts'
import type { ResourceType } from './kinds/registry.ts'
import { badRequest } from './status.ts'

export type Selector = (object: JsonObject) => boolean

const everything: Selector = () => true

export function labelsOf(object: JsonObject): JsonObject {
  const labels = at(object, 'metadata.labels')
  return isObject(labels) ? labels : {}
}

type Requirement = (labels: JsonObject) => boolean

const keyPattern = /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const valuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/

/** Splits at commas outside parentheses. */
function splitRequirements(text: string): string[] {
  const parts = text.split(/,(?![^(]*\))/).map(part => part.trim())
  if (parts[0] === '') throw badRequest("found ',', expected: !, identifier, or 'end of string'")
  if (parts.includes('')) throw badRequest("found '', expected: identifier after ','")
  return parts
}

function requirement(text: string): Requirement {
  const check = (key: string, values: string[] = []) => {
    if (!keyPattern.test(key))
      throw badRequest(
        `unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      )
    for (const value of values)
      if (!valuePattern.test(value))
        throw badRequest(
          `unable to parse requirement: values[0][${key}]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'`,
        )
    return key
  }
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text)
  if (set) {
    const values = set[3]!.split(',').map(value => value.trim())
    const key = check(set[1]!, values)
    return set[2] === 'in'
      ? labels => Object.hasOwn(labels, key) && values.includes(labels[key] as string)
      : labels => !Object.hasOwn(labels, key) || !values.includes(labels[key] as string)
  }
  const compared = /^([^\s!=<>]+)\s*(==|=|!=|>|<)\s*(\S*)$/.exec(text)
  if (compared) {
    const [, name, operator, value] = compared as unknown as [string, string, string, string]
    const ordered = operator === '>' || operator === '<'
    if (ordered && !/^-?\d+$/.test(value))
      throw badRequest(
        `unable to parse requirement: values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      )
    const key = check(name, ordered ? [] : [value])
    if (operator === '!=') return labels => labels[key] !== value
    if (operator === '>') return labels => Object.hasOwn(labels, key) && Number(labels[key]) > Number(value)
    if (operator === '<') return labels => Object.hasOwn(labels, key) && Number(labels[key]) < Number(value)
    return labels => labels[key] === value
  }
  const exists = /^(!?)\s*([^\s!=<>()]+)$/.exec(text)
  if (!exists) throw badRequest(`unable to parse requirement: found '${text}', expected: in, notin, =, ==, !=, gt, lt`)
  const key = check(exists[2]!)
  return exists[1] ? labels => !Object.hasOwn(labels, key) : labels => Object.hasOwn(labels, key)
}

/** Parses `labelSelector`; throws 400 with the part that cannot be read. */
export function labelSelector(text: string | null | undefined): Selector {
  if (!text?.trim()) return everything
  const requirements = splitRequirements(text).map(requirement)
  return object => requirements.every(matches => matches(labelsOf(object)))
}

/** The fields that can be selected beside `metadata.name` and `metadata.namespace`. */
const fields: Record<string, readonly string[]> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  secrets: ['type'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  jobs: ['status.successful'],
  services: ['spec.clusterIP', 'spec.type'],
  replicasets: ['status.replicas'],
}

/** Parses `fieldSelector`; throws 400 `field label not supported: x`. */
export function fieldSelector(text: string | null | undefined, type: ResourceType): Selector {
  if (!text?.trim()) return everything
  const allowed = new Set([
    'metadata.name',
    'metadata.namespace',
    ...(type.builtIn ? (fields[type.plural] ?? []) : type.selectableFields.map(path => path.replace(/^\./, ''))),
  ])
  const requirements = text.split(',').map(part => {
    const parsed = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(part)
    if (!parsed) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`)
    const [, field, operator, value] = parsed as unknown as [string, string, string, string]
    if (!allowed.has(field))
      throw badRequest(
        type.builtIn && !fields[type.plural]
          ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
          : `field label not supported: ${field}`,
      )
    return (object: JsonObject) => (fieldText(object, field) === value) === (operator !== '!=')
  })
  return object => requirements.every(matches => matches(object))
}

function fieldText(object: JsonObject, field: string): string {
  // Both views of an Event keep what it is about in one stored field.
  const value: Json | undefined = at(object, field)
  if (field === 'source') return show(at(object, 'source.component') ?? at(object, 'reportingComponent') ?? '')
  return value === undefined || value === null ? '' : show(value)
}
