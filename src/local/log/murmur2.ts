/**
 * Kafka's own variant of MurmurHash2 (org.apache.kafka.common.utils.Utils.murmur2).
 *
 * @returns a signed 32-bit integer, as in Java
 */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995
  const length = data.length
  let h = 0x9747b28c ^ length
  const words = length >> 2
  for (let i = 0; i < words; i += 1) {
    const at = i << 2
    let k = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    k = Math.imul(k, m)
    h = Math.imul(h, m) ^ k
  }
  const tail = words << 2
  const rest = length & 3
  if (rest > 2) h ^= data[tail + 2]! << 16
  if (rest > 1) h ^= data[tail + 1]! << 8
  if (rest > 0) h = Math.imul(h ^ data[tail]!, m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return (h ^ (h >>> 15)) | 0
}

/** The partition of a key as Kafka's built-in partitioner picks it: the positive hash modulo the number of partitions. */
export const partitionOfKey = (key: Uint8Array, partitions: number): number => (murmur2(key) & 0x7fffffff) % partitions
