/** A structural schema, as far as fields go (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema). */
export interface FieldSchema {
  properties?: Record<string, FieldSchema>
  items?: FieldSchema
  additionalProperties?: FieldSchema | boolean
  enum?: readonly unknown[]
  'x-kubernetes-preserve-unknown-fields'?: boolean
}

/**
 * Paths that `wanted` has and `served` has not, sorted: fields that the API server would drop from what is applied, and, as
 * `path=value`, values of an enumeration that it would refuse. Of a field that is missing, its own fields are not named.
 */
export function missingFields(wanted: FieldSchema, served: FieldSchema, path = ''): string[] {
  if (served['x-kubernetes-preserve-unknown-fields']) return []
  const below = Object.entries(wanted.properties ?? {}).flatMap(([name, field]) => {
    const there = served.properties?.[name]
    const at = path ? `${path}.${name}` : name
    return there ? missingFields(field, there, at) : [at]
  })
  const elements = wanted.items && served.items ? missingFields(wanted.items, served.items, `${path}[]`) : []
  const values =
    typeof wanted.additionalProperties === 'object' && typeof served.additionalProperties === 'object'
      ? missingFields(wanted.additionalProperties, served.additionalProperties, `${path}.*`)
      : []
  const choices =
    wanted.enum && served.enum
      ? wanted.enum.filter(value => !served.enum!.includes(value)).map(value => `${path}=${String(value)}`)
      : []
  return [...below, ...elements, ...values, ...choices].sort()
}
