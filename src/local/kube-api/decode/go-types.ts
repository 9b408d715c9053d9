/**
 * The Go types of the built-in kinds, from `generated/go-types.json`: what a field is called in protobuf, what Go says of a
 * value it cannot hold, and which fields it writes even when they are empty. Types go by the names that the client library
 * gives the models (`V1PodSpec`).
 */
import data from '../generated/go-types.json' with { type: 'json' }

export type GoType =
  | { readonly form: 'list'; readonly go: string; readonly of: GoType }
  | { readonly form: 'map'; readonly go: string; readonly of: GoType }
  | { readonly form: 'message'; readonly go: string; readonly model: string }
  | { readonly form: 'scalar'; readonly go: string; readonly scalar: Scalar }

export type Scalar =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | '[]byte'
  | 'Time'
  | 'MicroTime'
  | 'Quantity'
  | 'IntOrString'
  | 'float64'
  | 'FieldsV1'
  | 'JSON'
  | 'JSONSchemaPropsOrArray'
  | 'JSONSchemaPropsOrBool'
  | 'JSONSchemaPropsOrStringArray'

export interface GoField {
  readonly name: string
  /** Of the field in protobuf. */
  readonly number: number
  readonly type: GoType
  /** Go writes it even when it is empty. */
  readonly always: boolean
  /** A pointer: an empty one is not the same as none. */
  readonly pointer: boolean
  /** The fields of this message stand among those of its owner in JSON. */
  readonly embedded: boolean
}

const fieldsByModel = data as Readonly<Record<string, Readonly<Record<string, string>>>>

/** `V1PodSpec` as Go names it: `v1.PodSpec`. */
const goName = (model: string): string => {
  const [, version = '', name = model] = /V(\d+)(.*)$/.exec(model) ?? []
  return version ? `v${version}.${name}` : name
}

/** `V1PodSpec` without its package: `PodSpec`. */
export const structName = (model: string): string => goName(model).replace(/^.*\./, '')

function parseType(text: string): GoType {
  const named = /^([\w.]+)=(.*)$/.exec(text)
  if (named) return { ...parseType(named[2]!), go: named[1]! }
  if (text === '[]byte') return { form: 'scalar', go: '[]uint8', scalar: text }
  const container = /^(\[\]|map\[[^\]]*\])(.*)$/.exec(text)
  if (container) {
    const of = parseType(container[2]!)
    return { form: container[1] === '[]' ? 'list' : 'map', go: `${container[1]}${of.go}`, of }
  }
  if (fieldsByModel[text]) return { form: 'message', go: goName(text), model: text }
  return { form: 'scalar', go: text, scalar: text as Scalar }
}

const parsed = new Map<string, ReadonlyMap<string, GoField>>()

/** The fields of a model's message as they are in protobuf: by name, the embedded ones under their types' names. */
export function fieldsOf(model: string): ReadonlyMap<string, GoField> {
  let fields = parsed.get(model)
  if (!fields) {
    fields = new Map(
      Object.entries(fieldsByModel[model] ?? {}).map(([key, text]) => {
        const [, number = '0', type = '', mark = ''] = /^(\d+) (.*?)([!*]?)$/.exec(text)!
        const name = key.replace(/^\+/, '')
        const field = {
          name,
          number: Number(number),
          type: parseType(type),
          always: mark === '!',
          pointer: mark === '*',
          embedded: name !== key,
        }
        return [key, field]
      }),
    )
    parsed.set(model, fields)
  }
  return fields
}

const flattened = new Map<string, ReadonlyMap<string, GoField>>()

/** The fields of a model as they are in JSON. */
export function jsonFieldsOf(model: string): ReadonlyMap<string, GoField> {
  let fields = flattened.get(model)
  if (!fields) {
    fields = new Map(
      [...fieldsOf(model).values()].flatMap(field =>
        field.embedded && field.type.form === 'message'
          ? [...jsonFieldsOf(field.type.model)]
          : [[field.name, field] as const],
      ),
    )
    flattened.set(model, fields)
  }
  return fields
}

export const isGoModel = (model: string): boolean => fieldsByModel[model] !== undefined
