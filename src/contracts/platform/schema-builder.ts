/** A few words to write OpenAPI v3 structural schemas with (the subset a CustomResourceDefinition allows). */
export interface Rule {
  rule: string
  message: string
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired'
}

export interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema
  items?: Schema
  enum?: string[]
  pattern?: string
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  maxProperties?: number
  'x-kubernetes-validations'?: Rule[]
  'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-preserve-unknown-fields'?: true
  'x-kubernetes-int-or-string'?: true
}

type Extra = Omit<Schema, 'type' | 'properties' | 'items' | 'description'> & { rules?: Rule[] }

const withRules = ({ rules, ...extra }: Extra): Partial<Schema> =>
  rules ? { ...extra, 'x-kubernetes-validations': rules } : extra

export const object = (description: string, properties: Record<string, Schema>, extra: Extra = {}): Schema => ({
  type: 'object',
  description,
  properties,
  ...withRules(extra),
})

export const string = (description: string, extra: Extra = {}): Schema => ({
  type: 'string',
  description,
  maxLength: 1024,
  ...withRules(extra),
})

export const choice = (description: string, values: string[]): Schema => ({ type: 'string', description, enum: values })

export const integer = (description: string, minimum: number, maximum: number): Schema => ({
  type: 'integer',
  format: 'int32',
  description,
  minimum,
  maximum,
})

export const number = (description: string, minimum: number, maximum: number): Schema => ({
  type: 'number',
  description,
  minimum,
  maximum,
})

export const boolean = (description: string): Schema => ({ type: 'boolean', description })

/** A list that server-side apply merges by key. */
export const keyed = (
  description: string,
  items: Schema,
  keys: string[],
  maxItems: number,
  rules?: Rule[],
): Schema => ({
  type: 'array',
  description,
  items,
  maxItems,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
  ...(rules && { 'x-kubernetes-validations': rules }),
})

export const list = (description: string, items: Schema, extra: Extra = {}): Schema => ({
  type: 'array',
  description,
  items,
  'x-kubernetes-list-type': 'atomic',
  ...withRules(extra),
})

export const strings = (description: string, maxProperties = 64): Schema => ({
  type: 'object',
  description,
  maxProperties,
  additionalProperties: { type: 'string', maxLength: 1024 },
})

/** Passed through to an object of Kubernetes or Strimzi that validates it itself. */
export const open = (description: string): Schema => ({
  type: 'object',
  description,
  'x-kubernetes-preserve-unknown-fields': true,
})
