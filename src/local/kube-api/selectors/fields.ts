/** Field selectors (API concepts, "Field Selectors"; apimachinery/pkg/fields/selector.go). */
import { at, type Json, type JsonObject, show } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { badRequest } from '../status.ts'
import { everything, type Selector } from './labels.ts'

const metadata = ['metadata.name', 'metadata.namespace']
const INVOLVED = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
const same = (...labels: string[]) => Object.fromEntries([...metadata, ...labels].map(label => [label, label]))

/** The labels by which a kind can be selected, and the stored fields they mean (pkg/apis/*\/conversion.go). */
const labelsOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'v1 Pod': {
    ...same(
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.podIPs',
      'status.nominatedNodeName',
    ),
    'spec.host': 'spec.nodeName',
  },
  'v1 Event': same(...INVOLVED.map(each => `involvedObject.${each}`), 'reason', 'reportingComponent', 'source', 'type'),
  'events.k8s.io/v1 Event': {
    ...same('reason', 'type'),
    ...Object.fromEntries(INVOLVED.map(each => [`regarding.${each}`, `involvedObject.${each}`])),
    reportingController: 'reportingComponent',
  },
  'v1 Secret': same('type'),
  'v1 Namespace': same('status.phase'),
  'v1 Node': same('spec.unschedulable'),
  'v1 Service': same('spec.clusterIP', 'spec.type'),
  'batch/v1 Job': same('status.successful'),
  'apps/v1 ReplicaSet': same('status.replicas'),
}

/** Where a value of a stored object is computed, not read (the kinds' ToSelectableFields). */
const computed: Readonly<Record<string, (object: JsonObject) => Json | undefined>> = {
  source: event => at(event, 'source.component') || event['reportingComponent'],
  'spec.hostNetwork': pod => at(pod, 'spec.hostNetwork') ?? false,
  'spec.unschedulable': node => at(node, 'spec.unschedulable') ?? false,
  'status.successful': job => at(job, 'status.succeeded') ?? 0,
}

function fieldText(object: JsonObject, field: string): string {
  const value = Object.hasOwn(computed, field) ? computed[field]!(object) : at(object, field)
  return value === undefined || value === null ? '' : show(value)
}

function fieldOf(type: ResourceType, label: string): string {
  if (!type.builtIn) {
    const known = [...metadata, ...type.selectableFields.map(path => path.replace(/^\./, ''))]
    if (known.includes(label)) return label
    throw badRequest(`field label not supported: ${label}`)
  }
  const own = labelsOf[`${type.apiVersion} ${type.kind}`]
  const field = (own ?? same())[label]
  if (field) return field
  throw badRequest(
    own
      ? `field label not supported: ${label}`
      : `${JSON.stringify(label)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
  )
}

/** A value's `\,`, `\=` and `\\` are data. */
function unescaped(value: string): string {
  return value.replaceAll(/\\(.?)|[,=]/gs, (whole, escaped?: string) => {
    if (escaped === undefined)
      throw badRequest(`invalid field selector: unescaped character in value: ${whole.codePointAt(0)}`)
    if (escaped !== '' && '\\,='.includes(escaped)) return escaped
    throw badRequest(`invalid field selector: invalid escape sequence: ${whole}`)
  })
}

/** Parses `fieldSelector` for stored objects of a type; throws 400 for a field that cannot be selected by. */
export function fieldSelector(text: string | null | undefined, type: ResourceType): Selector {
  if (!text) return everything
  const terms = (text.match(/(?:\\[\s\S]|[^,\\]|\\$)+/g) ?? []).toSorted()
  const requirements = terms.map((term): Selector => {
    const parsed = /^([\s\S]*?)(!=|==|=)([\s\S]*)$/.exec(term)
    if (!parsed) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
    const [, label, operator, raw] = parsed as unknown as [string, string, string, string]
    const value = unescaped(raw)
    if (label === '' && value === '') return everything
    const field = fieldOf(type, label)
    return object => (fieldText(object, field) === value) === (operator !== '!=')
  })
  return object => requirements.every(matches => matches(object))
}
