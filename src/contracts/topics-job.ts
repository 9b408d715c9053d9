/**
 * What the operator and its topics Job say to each other about a Kafka outside the cluster: the operator asks through the
 * Job's environment, the Job answers with its last words (the termination message of its pod), which needs no right at the
 * Kubernetes API. The kubelet keeps 4096 bytes of it.
 */
export interface WantedTopic {
  /** Kafka's own name. */
  name: string
  partitions: number
  /** Absent: the broker's default. */
  replicas?: number
  config: Record<string, string>
}

export interface TopicTrouble {
  topic: string
  /** One word in CamelCase: `Missing`, `TooFewPartitions`, or Kafka's own error code. */
  reason: string
  message: string
}

export interface TopicsReport {
  /** The question this answers; answers to older ones are not looked at. */
  revision: string
  /** What kept the Job from asking at all: no connection, no access. */
  failure?: string
  troubles: TopicTrouble[]
  /** Topics that have other partitions or replicas than wanted, and cannot be changed: `[partitions, replicas]`. */
  live: Record<string, [partitions: number, replicas: number]>
  /** Troubles that had no room. */
  more?: number
}

const LIMIT_BYTES = 4096
const MESSAGE_CHARACTERS = 200

/** A report in at most 4096 bytes: troubles that have no room are counted. */
export function encodeReport({ failure, troubles, ...rest }: TopicsReport): string {
  const short = troubles.map(trouble => ({ ...trouble, message: trouble.message.slice(0, MESSAGE_CHARACTERS) }))
  for (let kept = short.length; ; kept--) {
    const more = short.length - kept
    const text = JSON.stringify({
      ...rest,
      ...(failure && { failure: failure.slice(0, MESSAGE_CHARACTERS) }),
      // Without any room left, what differs goes too: the topics in trouble matter more.
      ...(kept < 0 && { live: {} }),
      troubles: short.slice(0, Math.max(0, kept)),
      ...(more > 0 && { more: Math.min(more, short.length) }),
    })
    if (Buffer.byteLength(text) <= LIMIT_BYTES || kept < 0) return text
  }
}

/** `undefined` for words that are no report: a crash, or a program of another version. */
export function decodeReport(text: string): TopicsReport | undefined {
  try {
    const { revision, troubles, live, ...rest } = JSON.parse(text)
    return typeof revision === 'string' && Array.isArray(troubles) && typeof live === 'object' && live !== null
      ? { revision, troubles, live, ...rest }
      : undefined
  } catch {
    return undefined
  }
}
