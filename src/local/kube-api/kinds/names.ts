/** Rules for names, labels, annotations and finalizers (k8s.io/apimachinery/pkg/util/validation, RFC 1123 and 1035). */
import { isObject, type Json, type JsonObject, show } from '../json.ts'
import type { FieldError } from '../status.ts'
import type { ResourceType } from './registry.ts'

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const qualifiedName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const label1035Rule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"

function nameProblem(name: string, type: ResourceType): string | undefined {
  switch (type.builtIn?.name) {
    case 'label':
      if (name.length > 63) return 'must be no more than 63 characters'
      return label.test(name) ? undefined : labelRule
    case 'service':
      if (name.length > 63) return 'must be no more than 63 characters'
      return label1035.test(name) ? undefined : label1035Rule
    case 'path':
      if (name === '.' || name === '..') return `may not be '${name}'`
      return /[/%]/.test(name) ? `may not contain '${name.includes('/') ? '/' : '%'}'` : undefined
    default:
      if (name.length > 253) return 'must be no more than 253 characters'
      return subdomain.test(name) ? undefined : subdomainRule
  }
}

function qualifiedNameProblem(text: string): string | undefined {
  const parts = text.split('/')
  if (parts.length > 2)
    return "a qualified name must consist of alphanumeric characters, '-', '_' or '.', with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
  const name = parts.at(-1)!
  if (parts.length === 2 && !subdomain.test(parts[0]!)) return `prefix part ${subdomainRule}`
  if (name.length > 63) return 'name part must be no more than 63 characters'
  return qualifiedName.test(name)
    ? undefined
    : "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
}

const entriesOf = (value: Json | undefined): [string, Json][] => (isObject(value) ? Object.entries(value) : [])

/** What is wrong with an object's metadata. */
export function validateMetadata(metadata: JsonObject, type: ResourceType, errors: FieldError[]): void {
  const bad = (field: string, value: unknown, detail: string) =>
    errors.push({ reason: 'FieldValueInvalid', field, value, detail })
  const name = metadata['name'] as string
  const problem = nameProblem(name, type)
  if (problem) bad('metadata.name', name, problem)
  for (const [key, value] of entriesOf(metadata['labels'])) {
    const wrongKey = qualifiedNameProblem(key)
    if (wrongKey) bad('metadata.labels', key, wrongKey)
    if (typeof value !== 'string') continue
    if (value.length > 63) bad('metadata.labels', value, 'must be no more than 63 characters')
    else if (!labelValue.test(value))
      bad(
        'metadata.labels',
        value,
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      )
  }
  let size = 0
  for (const [key, value] of entriesOf(metadata['annotations'])) {
    const wrongKey = qualifiedNameProblem(key.toLowerCase())
    if (wrongKey) bad('metadata.annotations', key, wrongKey)
    size += key.length + show(value).length
  }
  if (size > 262_144)
    errors.push({
      reason: 'FieldValueTooLong',
      field: 'metadata.annotations',
      detail: 'may not be more than 262144 bytes',
    })
  for (const [index, finalizer] of ((metadata['finalizers'] as string[] | undefined) ?? []).entries()) {
    const wrong = qualifiedNameProblem(show(finalizer))
    if (wrong) bad(`metadata.finalizers[${index}]`, finalizer, wrong)
  }
  validateOwners(metadata, errors)
}

function validateOwners(metadata: JsonObject, errors: FieldError[]): void {
  let controllers = 0
  for (const [index, owner] of ((metadata['ownerReferences'] as JsonObject[] | undefined) ?? []).entries()) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'])
      if (!owner[field])
        errors.push({
          reason: 'FieldValueInvalid',
          field: `metadata.ownerReferences[${index}].${field}`,
          value: '',
          detail: `${field === 'apiVersion' ? 'version' : field} must not be empty`,
        })
    if (owner['controller'] === true) controllers++
  }
  if (controllers > 1)
    errors.push({
      reason: 'FieldValueInvalid',
      field: 'metadata.ownerReferences',
      value: controllers,
      detail: 'Only one reference can have Controller set to true.',
    })
}
