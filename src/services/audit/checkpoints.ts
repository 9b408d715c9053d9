import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { canonicalJson } from '../../contracts/events/index.ts'
import { ConfigError } from '../../kit/config.ts'
import type { Database, Sql } from '../../kit/db.ts'
import type { Logger } from '../../kit/log.ts'
import { type Repeated, repeat } from '../../kit/repeat.ts'

/** That a person's chain was so long and ended so: whoever rewrites a whole chain, hashes and all, cannot sign this. */
export interface Checkpoint {
  user_id: string
  position: number
  head: string
  signed_at: string
  /** JWK thumbprint of the key (RFC 7638). */
  key_id: string
  /** Ed25519, base64url. */
  signature: string
}

export interface SigningKey {
  id: string
  /** To hand out: who has it can check without us. */
  publicJwk: { kty: string; crv: string; x: string; kid: string }
  sign(checkpoint: Omit<Checkpoint, 'signature'>): string
  verify(checkpoint: Checkpoint): boolean
}

/**
 * @param text a private Ed25519 key, as a JWK or PKCS #8 in PEM
 * @throws ConfigError TEP4205, which repeats nothing of it
 */
export function signingKey(text: string): SigningKey {
  let key: KeyObject
  try {
    key = text.trimStart().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text), format: 'jwk' })
      : createPrivateKey(text)
  } catch {
    throw new ConfigError(
      'TEP4205: AUDIT_SIGNING_KEY is no private key; give an Ed25519 key as a JWK or as PEM (PKCS #8).',
    )
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new ConfigError(`TEP4205: AUDIT_SIGNING_KEY is an ${key.asymmetricKeyType} key; give an Ed25519 key.`)
  }
  const publicKey = createPublicKey(key)
  const { kty, crv, x } = publicKey.export({ format: 'jwk' }) as { kty: string; crv: string; x: string }
  const id = createHash('sha256').update(canonicalJson({ crv, kty, x })).digest('base64url')
  return {
    id,
    publicJwk: { kty, crv, x, kid: id },
    sign: checkpoint => sign(null, signed(checkpoint), key).toString('base64url'),
    verify: ({ signature, ...checkpoint }) =>
      verify(null, signed(checkpoint), publicKey, Buffer.from(signature, 'base64url')),
  }
}

const signed = ({ user_id, position, head, signed_at, key_id }: Omit<Checkpoint, 'signature'>): Buffer =>
  Buffer.from(canonicalJson({ user_id, position, head, signed_at, key_id }))

/** One number for every installation: one replica signs at a time. */
const LOCK = 7_406_302

/**
 * Signs every chain that grew since it was signed last, now and then regularly. What was signed is also logged as one
 * digest: logs are kept elsewhere, so that whoever holds database and key still cannot change what was.
 */
export function startSigner({
  db,
  log,
  key,
  everyMs,
}: {
  db: Database
  log: Logger
  key: SigningKey
  everyMs: number
}): Repeated {
  return repeat(everyMs, log, async () => {
    const checkpoints = await db.tx({ system: true }, async sql => {
      const [lock] = await sql.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS mine', [LOCK])
      return lock!.mine ? signGrown(sql, key) : []
    })
    if (!checkpoints.length) return
    const digest = createHash('sha256').update(canonicalJson(checkpoints)).digest('base64url')
    log.info({ checkpoints: checkpoints.length, keyId: key.id, digest }, 'audit chains were signed')
  })
}

async function signGrown(sql: Sql, key: SigningKey): Promise<Checkpoint[]> {
  const chains = await sql.query<{ user_id: string; length: number; head: string }>(
    `SELECT c.user_id, c.length, c.head FROM audit.chains c WHERE c.length > 0 AND NOT EXISTS (
       SELECT FROM audit.checkpoints k WHERE k.user_id = c.user_id AND k.position = c.length AND k.key_id = $1)
     ORDER BY c.user_id`,
    [key.id],
  )
  const signedAt = new Date().toISOString()
  const checkpoints = chains.map(({ user_id, length, head }) => {
    const checkpoint = { user_id, position: length, head, signed_at: signedAt, key_id: key.id }
    return { ...checkpoint, signature: key.sign(checkpoint) }
  })
  for (const { user_id, position, head, signed_at, key_id, signature } of checkpoints) {
    await sql.query(
      `INSERT INTO audit.checkpoints (user_id, position, head, signed_at, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING`,
      [user_id, position, head, signed_at, key_id, signature],
    )
  }
  return checkpoints
}

export async function checkpointsOf(sql: Sql): Promise<Checkpoint[]> {
  const rows = await sql.query<Omit<Checkpoint, 'signed_at'> & { signed_at: Date }>(
    'SELECT user_id, position, head, signed_at, key_id, signature FROM audit.checkpoints ORDER BY position, key_id',
  )
  return rows.map(row => ({ ...row, signed_at: row.signed_at.toISOString() }))
}
