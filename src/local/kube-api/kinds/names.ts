/** Rules for names, labels, annotations and finalizers (k8s.io/apimachinery/pkg/util/validation, RFC 1123). */
import { fieldInvalid, fieldRequired } from '../field-errors.ts'
import { isObject, type Json, type JsonObject, show } from '../json.ts'
import type { FieldError } from '../status.ts'
import type { BuiltInKind } from './table.ts'

export const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
export const dns1035Label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
export const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const qualifiedName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

export const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
export const dns1035LabelRule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
export const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

/** As much of a type as its names depend on. */
interface Nameable {
  readonly group: string
  readonly builtIn: Pick<BuiltInKind, 'name'> | undefined
}

/** Objects of kinds that this server does not know: their names are parts of a path. */
export const PATH_SEGMENT: Nameable = { group: 'apiextensions.k8s.io', builtIn: { name: 'path' } }

function nameProblem(name: string, type: Nameable): string | undefined {
  switch (type.builtIn?.name) {
    case 'label':
      if (name.includes('.')) return 'must not contain dots'
      if (name.length > 63) return 'must be no more than 63 characters'
      return label.test(name) ? undefined : labelRule
    case 'path':
      if (name === '.' || name === '..') return `may not be '${name}'`
      return /[/%]/.test(name) ? `may not contain '${name.includes('/') ? '/' : '%'}'` : undefined
    default:
      if (name.length > 253) return 'must be no more than 253 characters'
      return subdomain.test(name) ? undefined : subdomainRule
  }
}

const keyRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

/** What is wrong with the key of a label or annotation or a finalizer (content.IsLabelKey). */
export function qualifiedNameProblems(text: string): string[] {
  const parts = text.split('/')
  if (parts.length > 2)
    return [`a valid label key ${keyRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  const name = parts.at(-1)!
  const problems: string[] = []
  if (parts.length === 2) {
    const prefix = parts[0]!
    if (prefix === '') problems.push('prefix part must be non-empty')
    else if (prefix.length > 253) problems.push('prefix part must be no more than 253 bytes')
    else if (!subdomain.test(prefix)) problems.push(`prefix part ${subdomainRule}`)
  }
  if (name === '') problems.push('name part must be non-empty')
  else if (name.length > 63) problems.push('name part must be no more than 63 bytes')
  if (!qualifiedName.test(name)) problems.push(`name part ${keyRule}`)
  return problems
}

const labelValueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

/** What is wrong with the value of a label (validation.IsValidLabelValue). */
export const labelValueProblems = (value: string): string[] => [
  ...(value.length > 63 ? ['must be no more than 63 bytes'] : []),
  ...(labelValue.test(value) ? [] : [labelValueRule]),
]

const entriesOf = (value: Json | undefined): [string, Json][] => (isObject(value) ? Object.entries(value) : [])

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

/** What is wrong with an object's metadata. */
export function validateMetadata(metadata: JsonObject, type: Nameable, errors: FieldError[]): void {
  const bad = (field: string, value: unknown, detail: string) => errors.push(fieldInvalid(field, value, detail))
  const name = show(metadata['name'] ?? '')
  if (!name) errors.push(fieldRequired('metadata.name', 'name or generateName is required'))
  const problem = name ? nameProblem(name, type) : undefined
  if (problem) bad('metadata.name', name, problem)
  for (const [key, value] of entriesOf(metadata['labels'])) {
    for (const problem of qualifiedNameProblems(key)) bad('metadata.labels', key, problem)
    if (typeof value !== 'string') continue
    for (const problem of labelValueProblems(value)) bad('metadata.labels', value, problem)
  }
  let size = 0
  for (const [key, value] of entriesOf(metadata['annotations'])) {
    for (const problem of qualifiedNameProblems(key.toLowerCase())) bad('metadata.annotations', key, problem)
    size += key.length + show(value).length
  }
  if (size > 262_144)
    errors.push({
      reason: 'FieldValueTooLong',
      field: 'metadata.annotations',
      detail: 'may not be more than 262144 bytes',
    })
  for (const [index, finalizer] of ((metadata['finalizers'] as string[] | undefined) ?? []).entries()) {
    const text = show(finalizer)
    for (const problem of qualifiedNameProblems(text)) bad('metadata.finalizers', finalizer, problem)
    // Old names without a domain are the server's own (core validation, ValidateFinalizerName).
    if (type.builtIn && type.group !== 'apiextensions.k8s.io' && !text.includes('/') && !standardFinalizers.has(text))
      bad(
        `metadata.finalizers[${index}]`,
        finalizer,
        'name is neither a standard finalizer name nor is it fully qualified',
      )
  }
  validateOwners(metadata, errors)
}

function validateOwners(metadata: JsonObject, errors: FieldError[]): void {
  const owners = (metadata['ownerReferences'] as JsonObject[] | undefined) ?? []
  const bad = (field: string, value: unknown, detail: string) =>
    errors.push(fieldInvalid(`metadata.ownerReferences${field}`, value, detail))
  for (const owner of owners) {
    const version = show(owner['apiVersion'] ?? '')
    if (version === '' || version.split('/').length > 2) bad('.apiVersion', version, 'version must not be empty')
    for (const field of ['kind', 'name', 'uid']) if (!owner[field]) bad(`.${field}`, '', 'must not be empty')
    if (owner['kind'] === 'Event' && (version === 'v1' || version === 'events.k8s.io/v1'))
      bad('', owner, `${version.includes('/') ? version : `/${version}`}, Kind=Event is disallowed from being an owner`)
  }
  const controllers = owners.filter(owner => owner['controller'] === true)
  const [first, second] = controllers
  const nameOf = (owner: JsonObject) => `${show(owner['kind'] ?? '')}/${show(owner['name'] ?? '')}`
  if (first && second)
    bad(
      '',
      owners,
      `Only one reference can have Controller set to true. Found "true" in references for ${nameOf(first)} and ${nameOf(second)}`,
    )
}

/** Whoever adds a finalizer to a custom resource is told when others may mean another by it (customresource/validator.go). */
export function warnOfFinalizers(metadata: JsonObject, was: JsonObject, warn: (text: string) => void): void {
  const had = new Set((was['finalizers'] ?? []) as string[])
  const added = ((metadata['finalizers'] ?? []) as string[]).filter(finalizer => !had.has(finalizer))
  for (const finalizer of [...new Set(added)].sort()) {
    const tell = (problem: string) => warn(`metadata.finalizers: ${JSON.stringify(finalizer)}: ${problem}`)
    for (const problem of qualifiedNameProblems(finalizer)) tell(problem)
    if (finalizer.includes('/') || standardFinalizers.has(finalizer)) continue
    const form = finalizer.includes('.') ? ' including a path (/)' : ''
    tell(`prefer a domain-qualified finalizer name${form} to avoid accidental conflicts with other finalizer writers`)
  }
}
