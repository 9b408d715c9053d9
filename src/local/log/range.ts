export interface TopicPartition {
  topic: string
  partition: number
}

export interface Subscriber {
  memberId: string
  topics: readonly string[]
}

/**
 * Kafka's range assignor (org.apache.kafka.clients.consumer.RangeAssignor): per topic, members in the order of their ids
 * get consecutive partitions, the first ones one more when the division leaves a rest.
 */
export function assignRange(
  members: readonly Subscriber[],
  partitionsOf: (topic: string) => number,
): Map<string, TopicPartition[]> {
  const assignment = new Map<string, TopicPartition[]>(members.map(member => [member.memberId, []]))
  const topics = [...new Set(members.flatMap(member => member.topics))].sort()
  for (const topic of topics) {
    const ids = members
      .filter(member => member.topics.includes(topic))
      .map(member => member.memberId)
      .sort()
    const count = partitionsOf(topic)
    const each = Math.floor(count / ids.length)
    const rest = count % ids.length
    let next = 0
    ids.forEach((id, index) => {
      const end = next + each + (index < rest ? 1 : 0)
      for (; next < end; next += 1) assignment.get(id)?.push({ topic, partition: next })
    })
  }
  return assignment
}
