/**
 * Reads the few protobuf bodies that kubectl sends whatever the server offers: `create namespace|configmap|secret|
 * serviceaccount`, `auth can-i`, and delete options. Field numbers are those of the API's generated.proto files.
 */
import type { JsonObject } from '../json.ts'
import { StatusError } from '../status.ts'

type Type = 'string' | 'bytes' | 'int' | 'bool' | 'map' | 'byteMap' | Message
interface Field {
  name: string
  type: Type
  repeated?: true
}
type Message = Readonly<Record<number, Field>>

const string = (name: string): Field => ({ name, type: 'string' })
const one = (name: string, type: Type): Field => ({ name, type })
const many = (name: string, type: Type): Field => ({ name, type, repeated: true })

// biome-ignore-start format: a table of field numbers is read row by row
const ownerReference: Message = {
  1: string('kind'),
  3: string('name'),
  4: string('uid'),
  5: string('apiVersion'),
  6: one('controller', 'bool'),
  7: one('blockOwnerDeletion', 'bool'),
}
const objectMeta: Message = {
  1: string('name'),
  2: string('generateName'),
  3: string('namespace'),
  5: string('uid'),
  6: string('resourceVersion'),
  11: one('labels', 'map'),
  12: one('annotations', 'map'),
  13: many('ownerReferences', ownerReference),
  14: many('finalizers', 'string'),
}
const metadata = one('metadata', objectMeta)
const resourceAttributes: Message = {
  1: string('namespace'),
  2: string('verb'),
  3: string('group'),
  4: string('version'),
  5: string('resource'),
  6: string('subresource'),
  7: string('name'),
}

/** By `apiVersion kind`. */
const messages: Readonly<Record<string, Message>> = {
  'v1 Namespace': { 1: metadata },
  'v1 ConfigMap': { 1: metadata, 2: one('data', 'map'), 3: one('binaryData', 'byteMap'), 4: one('immutable', 'bool') },
  'v1 Secret': {
    1: metadata,
    2: one('data', 'byteMap'),
    3: string('type'),
    4: one('stringData', 'map'),
    5: one('immutable', 'bool'),
  },
  'v1 ServiceAccount': { 1: metadata },
  'v1 DeleteOptions': {
    1: one('gracePeriodSeconds', 'int'),
    2: one('preconditions', { 1: string('uid'), 2: string('resourceVersion') }),
    3: one('orphanDependents', 'bool'),
    4: string('propagationPolicy'),
    5: many('dryRun', 'string'),
  },
  'authorization.k8s.io/v1 SelfSubjectAccessReview': {
    1: metadata,
    2: one('spec', {
      1: one('resourceAttributes', resourceAttributes),
      2: one('nonResourceAttributes', { 1: string('path'), 2: string('verb') }),
    }),
  },
}

// biome-ignore-end format: end of the table
const envelope: Message = { 1: one('typeMeta', { 1: string('apiVersion'), 2: string('kind') }), 2: one('raw', 'bytes') }

const malformed = () => new StatusError(400, 'BadRequest', 'the protobuf body of the request could not be read')

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

function read(bytes: Buffer, message: Message): Record<string, unknown> {
  const reader = new Reader(bytes)
  const result: Record<string, unknown> = {}
  while (reader.offset < bytes.length) {
    const tag = reader.varint()
    const field = message[tag >>> 3]
    if (!field || (tag & 7) !== (field.type === 'int' || field.type === 'bool' ? 0 : 2)) reader.skip(tag & 7)
    else if (field.type === 'map' || field.type === 'byteMap')
      result[field.name] = { ...(result[field.name] as object | undefined), ...entry(reader.chunk(), field.type) }
    else {
      const value = scalar(reader, field.type)
      result[field.name] = field.repeated ? [...((result[field.name] as unknown[] | undefined) ?? []), value] : value
    }
  }
  // Go's encoder writes empty strings of plain fields; in JSON they are left out.
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== ''))
}

function entry(bytes: Buffer, type: 'map' | 'byteMap'): Record<string, string> {
  const { key, value } = read(bytes, { 1: string('key'), 2: one('value', 'bytes') }) as { key?: string; value?: Buffer }
  return { [key ?? '']: (value ?? Buffer.alloc(0)).toString(type === 'map' ? 'utf8' : 'base64') }
}

function scalar(reader: Reader, type: Exclude<Type, 'map' | 'byteMap'>): unknown {
  if (type === 'int') return reader.varint()
  if (type === 'bool') return reader.varint() !== 0
  const chunk = reader.chunk()
  if (type === 'string') return chunk.toString('utf8')
  return type === 'bytes' ? chunk : read(chunk, type)
}

/** An API object from its protobuf form; throws 415 for a kind that is not read here, 400 for a broken body. */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') throw malformed()
  const { typeMeta, raw } = read(body.subarray(4), envelope) as { typeMeta?: JsonObject; raw?: Buffer }
  const { apiVersion = '', kind = '' } = (typeMeta ?? {}) as { apiVersion?: string; kind?: string }
  const options = kind === 'DeleteOptions' ? messages['v1 DeleteOptions'] : undefined
  const message = messages[`${apiVersion} ${kind}`] ?? options
  if (!message)
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      `a ${kind || 'body'} in protobuf is not read here - accepted media types include: application/json, application/yaml; write it to a file and use \`kubectl apply -f\``,
    )
  return { ...(read(raw ?? Buffer.alloc(0), message) as JsonObject), apiVersion, kind }
}
