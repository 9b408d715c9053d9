import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { deepFreeze } from '../kube/cache.ts'

/** A few kilobytes go in and fewer come out: buffers for more cost more than the work. */
const SMALL = { level: 1, windowBits: 13, chunkSize: 4_096 }
/** A platform is read again at each change of a child, and a change seldom comes alone. */
const MOST_RECENT = 16
const RECENT = new Map<string, object>()

/** JSON in a fraction of its size: a string of bytes, which V8 moves as it moves others. */
export function pack(value: object): string {
  const packed = deflateRawSync(JSON.stringify(value), SMALL).toString('latin1')
  remember(packed, value)
  return packed
}

/** What was packed; frozen, for the next who asks gets the same. */
export function unpack(packed: string): unknown {
  const recent = RECENT.get(packed)
  if (recent) return deepFreeze(recent)
  const value = JSON.parse(inflateRawSync(Buffer.from(packed, 'latin1'), { chunkSize: SMALL.chunkSize }).toString())
  remember(packed, value)
  return deepFreeze(value)
}

function remember(packed: string, value: object): void {
  RECENT.set(packed, value)
  if (RECENT.size > MOST_RECENT) RECENT.delete(RECENT.keys().next().value!)
}
