export interface OutboxRow {
  seq: number
  id: string
  topic: string
  partition_key: string
  /** JSON. */
  envelope: string
  created_at: Date
}

/** Order holds inside a lane; two topics have no order between them, so one does not wait for the other. */
export const laneOf = ({ topic, partition_key: key }: Pick<OutboxRow, 'topic' | 'partition_key'>): string =>
  `${topic} ${key}`

const LARGEST_REQUEST = { rows: 100, bytes: 1_500_000 }

/**
 * Splits rows, given in order, into waves: the n-th wave holds the n-th row of each lane. Publishing wave after wave
 * keeps the order of a lane, because a bulk request promises none between its own entries.
 */
export function waves(rows: readonly OutboxRow[]): OutboxRow[][] {
  const depth = new Map<string, number>()
  const result: OutboxRow[][] = []
  for (const row of rows) {
    const lane = laneOf(row)
    const index = depth.get(lane) ?? 0
    depth.set(lane, index + 1)
    result[index] ??= []
    result[index].push(row)
  }
  return result
}

/** Splits one wave into requests: one topic each, below the sidecar's limit on bodies (4 MiB). */
export function chunk(rows: readonly OutboxRow[]): OutboxRow[][] {
  const chunks: OutboxRow[][] = []
  const open = new Map<string, { rows: OutboxRow[]; bytes: number }>()
  for (const row of rows) {
    const bytes = Buffer.byteLength(row.envelope)
    let current = open.get(row.topic)
    if (!current || current.rows.length >= LARGEST_REQUEST.rows || current.bytes + bytes > LARGEST_REQUEST.bytes) {
      current = { rows: [], bytes: 0 }
      open.set(row.topic, current)
      chunks.push(current.rows)
    }
    current.rows.push(row)
    current.bytes += bytes
  }
  return chunks
}
