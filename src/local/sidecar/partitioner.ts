/**
 * The partition that Dapr's Kafka component picks for a key: sarama's hash partitioner, FNV-1a over the key's bytes.
 * Kafka's own clients pick by murmur2, so that the same key lies elsewhere when both write to one topic.
 */
export function saramaPartition(key: string, partitions: number): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01000193)
  return Math.abs((hash | 0) % partitions)
}
