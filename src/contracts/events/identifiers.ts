import { createHash, randomUUID } from 'node:crypto'

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isUuid = (value: unknown): value is string => typeof value === 'string' && pattern.test(value)

/** UUIDv7 (RFC 9562 §5.7): Unix milliseconds, then random bits, so that keys made later sort later. */
export function uuidv7(now: number = Date.now()): string {
  const time = now.toString(16).padStart(12, '0')
  // A random UUID has them where they belong, and Node fetches them for many at once: alone they are a system call each.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** Namespace of every name-based id of the platform. Changing it would turn each repeated legacy event into a new one. */
const NAMESPACE = Buffer.from('5a1f0c8e6c1b5d7f9f2a4c3b8e7d6a10', 'hex')

/** UUIDv5 (RFC 9562 §5.5): the same name always gives the same id. */
export function uuidv5(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** JSON with sorted keys: equal values give equal text, whatever order a publisher wrote them in (RFC 8785 in spirit). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
