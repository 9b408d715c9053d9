import { createHash } from 'node:crypto'
import { canonicalJson, type TodoEvent } from '../../contracts/events/index.ts'

/** One line of the audit: who changed what, without personal data, so that erasing a user breaks no chain. */
export interface Entry {
  user_id: string
  position: number
  event_id: string
  type: string
  subject: string
  task_id: string | null
  source: string
  occurred_at: string
  sequence: string | null
  correlation_id: string | null
  causation_id: string | null
  changed_fields: string[]
  recorded_at: string
  previous_hash: string
  hash: string
}

/** The hash before the first entry. */
export const GENESIS = '0'.repeat(64)

/** SHA-256 over the previous hash and every other field; changing, dropping or reordering an entry breaks all later ones. */
export function hashOf(entry: Omit<Entry, 'hash'>): string {
  return createHash('sha256').update(entry.previous_hash).update(canonicalJson(entry)).digest('hex')
}

export function entryOf(event: TodoEvent, previous: { position: number; hash: string }, recordedAt: Date): Entry {
  const data = event.data as { task_id?: string; changes?: object }
  const entry = {
    user_id: event.data.user_id,
    position: previous.position + 1,
    event_id: event.id,
    type: event.type,
    subject: event.subject ?? (data.task_id ? `task/${data.task_id}` : ''),
    task_id: data.task_id ?? null,
    source: event.source,
    occurred_at: new Date(event.time).toISOString(),
    sequence: event.sequence ?? null,
    correlation_id: event.correlationid ?? null,
    causation_id: event.causationid ?? null,
    changed_fields: Object.keys(data.changes ?? {}).sort(),
    recorded_at: recordedAt.toISOString(),
    previous_hash: previous.hash,
  }
  return { ...entry, hash: hashOf(entry) }
}

/**
 * @param entries one user's entries in order, from the first
 * @returns position of the first entry that does not fit, or undefined when all do
 */
export function firstBroken(entries: readonly Entry[]): number | undefined {
  let previous = { position: 0, hash: GENESIS }
  for (const entry of entries) {
    const { hash, ...rest } = entry
    if (entry.position !== previous.position + 1 || entry.previous_hash !== previous.hash || hashOf(rest) !== hash)
      return previous.position + 1
    previous = entry
  }
  return undefined
}
