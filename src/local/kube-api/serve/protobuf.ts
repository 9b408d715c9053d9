/**
 * Reads protobuf bodies: kubectl sends them for what it creates itself, whatever the server offers. Field numbers and types
 * are those of the Go types (`decode/go-types.ts`).
 */
import { fieldsOf, type GoField, type GoType, isGoModel, type Scalar } from '../decode/go-types.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { badRequest, StatusError } from '../status.ts'

const malformed = () => badRequest('the protobuf body of the request could not be read')

class Reader {
  readonly bytes: Buffer
  offset = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  varint(): number {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.offset++]
      if (byte === undefined) throw malformed()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(BigInt.asIntN(64, value))
    }
    throw malformed()
  }

  chunk(): Buffer {
    const length = this.varint()
    if (length < 0 || this.offset + length > this.bytes.length) throw malformed()
    this.offset += length
    return this.bytes.subarray(this.offset - length, this.offset)
  }

  /** Steps over a field that this server has no use for. */
  skip(wire: number): void {
    if (wire === 0) this.varint()
    else if (wire === 1) this.offset += 8
    else if (wire === 2) this.chunk()
    else if (wire === 5) this.offset += 4
    else throw malformed()
  }
}

/** The fields of a message as they come: number, wire type and, of length-delimited ones, the bytes. */
function* fieldsIn(bytes: Buffer): Generator<{ number: number; value: number | Buffer }> {
  const reader = new Reader(bytes)
  while (reader.offset < bytes.length) {
    const tag = reader.varint()
    const wire = tag & 7
    if (wire === 0) yield { number: tag >>> 3, value: reader.varint() }
    else if (wire === 2) yield { number: tag >>> 3, value: reader.chunk() }
    else reader.skip(wire)
  }
}

/** The last value of each field of a message without repeated ones. */
const plain = (bytes: Buffer): Map<number, number | Buffer> =>
  new Map([...fieldsIn(bytes)].map(({ number, value }) => [number, value]))

const textIn = (value: number | Buffer | undefined): string => (Buffer.isBuffer(value) ? value.toString('utf8') : '')
const numberIn = (value: number | Buffer | undefined): number => (typeof value === 'number' ? value : 0)

function time(bytes: Buffer, digits: 0 | 6): Json {
  const parts = plain(bytes)
  if (parts.size === 0) return null
  const whole = new Date(numberIn(parts.get(1)) * 1000).toISOString().slice(0, 19)
  const fraction = String(numberIn(parts.get(2)))
    .padStart(9, '0')
    .slice(0, digits)
  return `${whole}${digits > 0 ? `.${fraction}` : ''}Z`
}

/** Types that are messages in protobuf and scalars in JSON (generated.proto of apimachinery). */
const special: Partial<Readonly<Record<Scalar, (bytes: Buffer) => Json>>> = {
  '[]byte': bytes => bytes.toString('base64'),
  Time: bytes => time(bytes, 0),
  MicroTime: bytes => time(bytes, 6),
  Quantity: bytes => textIn(plain(bytes).get(1)),
  IntOrString: bytes => {
    const parts = plain(bytes)
    return numberIn(parts.get(1)) === 0 ? numberIn(parts.get(2)) : textIn(parts.get(3))
  },
  FieldsV1: bytes => JSON.parse(textIn(plain(bytes).get(1)) || '{}') as Json,
}

function valueIn(value: number | Buffer, type: GoType): Json {
  if (typeof value === 'number') return type.form === 'scalar' && type.scalar === 'bool' ? value !== 0 : value
  if (type.form === 'message') return readMessage(value, type.model)
  if (type.form !== 'scalar') throw malformed()
  return special[type.scalar]?.(value) ?? value.toString('utf8')
}

function readField(object: JsonObject, { name, type, pointer, always }: GoField, value: number | Buffer): void {
  if (type.form === 'list') object[name] = [...((object[name] as Json[] | undefined) ?? []), valueIn(value, type.of)]
  else if (type.form === 'map') {
    if (typeof value === 'number') throw malformed()
    const entry = plain(value)
    const map = isObject(object[name]) ? object[name] : {}
    object[name] = { ...map, [textIn(entry.get(1))]: valueIn(entry.get(2) ?? Buffer.alloc(0), type.of) }
  } else {
    const read = valueIn(value, type)
    // Go's encoder writes empty plain fields; in JSON they are left out.
    const empty = read === '' || read === 0 || read === false || read === null
    if (!empty || pointer || always) object[name] = read
  }
}

const byNumber = new Map<string, ReadonlyMap<number, GoField>>()

function numbered(model: string): ReadonlyMap<number, GoField> {
  let fields = byNumber.get(model)
  if (!fields) {
    fields = new Map([...fieldsOf(model).values()].map(field => [field.number, field]))
    byNumber.set(model, fields)
  }
  return fields
}

function readMessage(bytes: Buffer, model: string): JsonObject {
  const object: JsonObject = {}
  const fields = numbered(model)
  for (const { number, value } of fieldsIn(bytes)) {
    const field = fields.get(number)
    if (!field) continue
    if (field.embedded && field.type.form === 'message' && Buffer.isBuffer(value))
      Object.assign(object, readMessage(value, field.type.model))
    else readField(object, field, value)
  }
  return object
}

/** The model of a kind: `v1 Pod` is `V1Pod`. Schemas of CRDs have no form here. */
function modelOf(apiVersion: string, kind: string): string | undefined {
  const version = apiVersion.split('/').at(-1)!.replace(/^v/, 'V')
  if (kind === 'CustomResourceDefinition') return undefined
  if (kind === 'DeleteOptions') return 'V1DeleteOptions'
  const group = apiVersion.includes('/') ? apiVersion.split('.')[0]! : 'core'
  const qualified = `${group.charAt(0).toUpperCase()}${group.slice(1)}${version}${kind}`
  return [`${version}${kind}`, qualified].find(isGoModel)
}

/** An API object from its protobuf form; throws 415 for a kind that is not read here, 400 for a broken body. */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') throw malformed()
  // runtime.Unknown: the type in 1, the object in 2.
  const envelope = plain(body.subarray(4))
  const typeMeta = envelope.get(1)
  const meta = plain(Buffer.isBuffer(typeMeta) ? typeMeta : Buffer.alloc(0))
  const [apiVersion, kind] = [textIn(meta.get(1)), textIn(meta.get(2))]
  const model = modelOf(apiVersion, kind)
  if (!model)
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      `a ${kind || 'body'} in protobuf is not read here - accepted media types include: application/json, application/yaml; write it to a file and use \`kubectl apply -f\``,
    )
  const raw = envelope.get(2)
  return { ...readMessage(Buffer.isBuffer(raw) ? raw : Buffer.alloc(0), model), apiVersion, kind }
}
