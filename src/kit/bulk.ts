/** One event of a delivery of several: what Dapr sends where a subscription says `bulkSubscribe` (dapr pkg/runtime/subscription/postman/http). */
export interface BulkEntry {
  entryId: string
  /** The CloudEvent, an object or its text. */
  event: unknown
  /** What the headers of a single delivery say: `__partition`, `__offset`, `__timestamp`, `__topic`. */
  metadata: Readonly<Record<string, unknown>>
}

const BULK_TYPE = 'com.dapr.event.sent.bulk'

/** @returns undefined for anything else, a single event among it */
export function bulkOf(body: string): readonly BulkEntry[] | undefined {
  // Nearly every single delivery is told apart without being read twice.
  if (!body.includes(BULK_TYPE)) return undefined
  try {
    const { type, entries } = JSON.parse(body) as { type?: unknown; entries?: unknown }
    return type === BULK_TYPE && Array.isArray(entries) ? entries.map(entryOf) : undefined
  } catch {
    return undefined
  }
}

function entryOf(raw: unknown): BulkEntry {
  const { entryId, event, metadata } = (raw ?? {}) as Partial<BulkEntry>
  return { entryId: String(entryId ?? ''), event, metadata: metadata ?? {} }
}
