import { type Entry, firstBroken, GENESIS } from './chain.ts'
import type { Checkpoint, SigningKey } from './checkpoints.ts'

export interface Verdict {
  entries: number
  intact: boolean
  /** Of the first entry that is changed or missing. */
  first_broken_position?: number
  /** What does not fit, in words. */
  reason?: string
  checkpoints: {
    /** Whose signature was checked. */
    verified: number
    /** Signed by a key this service does not have. */
    unknown_key: number
    /** Position up to which a signature vouches. */
    signed_until: number
  }
}

/**
 * Whether a person's audit is as it was written: each entry follows from the one before, the chain is as long as it was
 * said to be, and at every signed position it still is what was signed.
 * @param chain length and head as the service keeps them; absent: nothing was ever recorded
 */
export function verifyAudit(
  entries: readonly Entry[],
  chain: { length: number; head: string } = { length: 0, head: GENESIS },
  checkpoints: readonly Checkpoint[],
  key: SigningKey | undefined,
): Verdict {
  const faults: { position: number; reason: string }[] = []
  const broken = firstBroken(entries)
  if (broken !== undefined) faults.push({ position: broken, reason: 'an entry does not follow from the one before' })
  const last = entries.at(-1)
  if ((last?.position ?? 0) !== chain.length || (last?.hash ?? GENESIS) !== chain.head) {
    faults.push({
      position: Math.min((last?.position ?? 0) + 1, chain.length),
      reason: 'the chain does not end as it was left',
    })
  }
  const mine = checkpoints.filter(({ key_id: id }) => id === key?.id)
  for (const checkpoint of checkpoints) {
    const { position, head } = checkpoint
    const forged = checkpoint.key_id === key?.id && !key.verify(checkpoint)
    if (forged) faults.push({ position, reason: 'the signature of a checkpoint is not valid' })
    else if (entries[position - 1]?.hash !== head) faults.push({ position, reason: 'the chain is not what was signed' })
  }
  const [first] = faults.sort((a, b) => a.position - b.position)
  return {
    entries: entries.length,
    intact: first === undefined,
    ...(first ? { first_broken_position: first.position, reason: first.reason } : {}),
    checkpoints: {
      verified: mine.length,
      unknown_key: checkpoints.length - mine.length,
      signed_until: mine.at(-1)?.position ?? 0,
    },
  }
}
