import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { type DataPlane, eventually, startDataPlane } from '../../../test/support/data-plane.ts'
import { createEvent } from '../../contracts/events/index.ts'
import type { RunningService } from '../../kit/service.ts'
import { type Entry, entryOf, GENESIS, hashOf } from './chain.ts'
import { signingKey } from './checkpoints.ts'
import { startAudit } from './main.ts'
import { verifyAudit } from './verify.ts'

const newKey = (): string => JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }))

/** A chain of so many entries, as it is kept. */
function chainOf(count: number, user = 'anna') {
  const entries: Entry[] = []
  for (let i = 0; i < count; i++) {
    const data = { task_id: randomUUID(), user_id: user, version: 1, task: { title: 'x' } }
    const event = createEvent({ type: 'task.created', appId: 'backend-service', subject: 'task/x', data })
    const previous = { position: i, hash: entries.at(-1)?.hash ?? GENESIS }
    entries.push(entryOf(event, previous, new Date()))
  }
  return { entries, chain: { length: count, head: entries.at(-1)?.hash ?? GENESIS } }
}

describe('verify', () => {
  const key = signingKey(newKey())
  const { entries, chain } = chainOf(6)
  const checkpoint = (position: number, by = key) => {
    const bare = {
      user_id: 'anna',
      position,
      head: entries[position - 1]!.hash,
      signed_at: new Date().toISOString(),
      key_id: by.id,
    }
    return { ...bare, signature: by.sign(bare) }
  }
  const signed = [checkpoint(2), checkpoint(4)]

  test('an untouched chain is intact, and vouched for as far as it was signed', () => {
    const checkpoints = { verified: 2, unknown_key: 0, signed_until: 4 }
    expect(verifyAudit(entries, chain, signed, key)).toEqual({ entries: 6, intact: true, checkpoints })
    expect(verifyAudit([], undefined, [], key).intact).toBe(true)
  })

  /** What somebody with the database, but without the key, might do: change an entry, and mend all hashes behind it. */
  const rewritten = (from: number): Entry[] => {
    const copy = entries.slice(0, from - 1)
    for (const { hash: _, ...entry } of entries.slice(from - 1)) {
      const next = { ...entry, type: 'rewritten', previous_hash: copy.at(-1)?.hash ?? GENESIS }
      copy.push({ ...next, hash: hashOf(next) })
    }
    return copy
  }

  test('a chain rewritten with all its hashes, and its end, is not what was signed', () => {
    const forged = rewritten(3)
    const head = { length: 6, head: forged.at(-1)!.hash }
    expect(verifyAudit(forged, head, [], key).intact).toBe(true)
    expect(verifyAudit(forged, head, signed, key)).toMatchObject({
      intact: false,
      first_broken_position: 4,
      reason: 'the chain is not what was signed',
    })
  })

  test('a chain cut short, even with the end it is said to have, is found', () => {
    expect(verifyAudit(entries.slice(0, 5), chain, [], key)).toMatchObject({ intact: false, first_broken_position: 6 })
    const cut = entries.slice(0, 3)
    expect(verifyAudit(cut, { length: 3, head: cut[2]!.hash }, signed, key)).toMatchObject({
      intact: false,
      first_broken_position: 4,
    })
    expect(verifyAudit([], undefined, signed, key)).toMatchObject({ intact: false, first_broken_position: 2 })
  })

  test('a checkpoint made up, or signed by another key, vouches for nothing', () => {
    const forged = rewritten(3)
    const head = { length: 6, head: forged.at(-1)!.hash }
    const madeUp = { ...signed[1]!, head: forged[3]!.hash }
    expect(verifyAudit(forged, head, [madeUp], key)).toMatchObject({
      intact: false,
      reason: 'the signature of a checkpoint is not valid',
    })
    const other = signingKey(newKey())
    expect(verifyAudit(entries, chain, [checkpoint(6, other)], key)).toMatchObject({
      intact: true,
      checkpoints: { verified: 0, unknown_key: 1, signed_until: 0 },
    })
  })

  test.each(['position', 'head', 'signed_at', 'user_id'] as const)(
    'a checkpoint with another %s is not valid',
    field => {
      const changed = { ...signed[0]!, [field]: field === 'position' ? 3 : `${signed[0]![field]}0` }
      expect(key.verify(changed)).toBe(false)
    },
  )
})

test('keys are Ed25519, as JWK or PEM; others are refused without a word of them', () => {
  const pair = generateKeyPairSync('ed25519').privateKey
  const pem = pair.export({ format: 'pem', type: 'pkcs8' }).toString()
  expect(signingKey(pem).id).toBe(signingKey(JSON.stringify(pair.export({ format: 'jwk' }))).id)
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString()
  for (const text of ['top-secret', '{"kty":"top-secret"}', '{top-secret', p256]) {
    expect(() => signingKey(text)).toThrow(/^TEP4205: AUDIT_SIGNING_KEY (?!.*secret)/)
  }
})

describe('the service', () => {
  let plane: DataPlane
  let audit: RunningService

  beforeAll(async () => {
    plane = await startDataPlane()
    audit = await startAudit(plane.config('audit-service', { auditSigningKey: newKey(), auditCheckpointSeconds: 0.05 }))
  })

  afterAll(async () => {
    await audit?.stop()
    await plane?.stop()
  })

  test('chains are signed as they grow, for their owner to check; whoever rewrites one is found out', async () => {
    const record = async (user: string) => {
      const data = { task_id: randomUUID(), user_id: user, version: 1, task: { title: 'x' } }
      const event = createEvent({ type: 'task.created', appId: 'backend-service', subject: 'task/x', data })
      expect((await plane.as('x', audit.port)('POST', '/events/task-events', event)).body.status).toBe('SUCCESS')
    }
    const anna = plane.as('anna', audit.port)
    const signedUntil = (position: number) =>
      eventually(async () => {
        const { body } = await anna('GET', '/api/v1/audit/verify')
        expect(body.intact).toBe(true)
        return body.checkpoints.signed_until === position && body
      }, `a checkpoint at ${position}`)
    await record('anna')
    await record('ben')
    await signedUntil(1)
    await record('anna')
    await record('anna')
    await signedUntil(3)
    const { key, items } = (await anna('GET', '/api/v1/audit/checkpoints')).body
    expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', kid: items[0].key_id })
    expect(key).not.toHaveProperty('d')
    expect(new Set(items.map((item: { user_id: string }) => item.user_id))).toEqual(new Set(['anna']))

    const entries = await plane.db.query<Entry>("SELECT * FROM audit.entries WHERE user_id = 'anna' ORDER BY position")
    let previous = GENESIS
    for (const row of entries) {
      const iso = (at: unknown): string => (at as Date).toISOString()
      const { hash: _, ...rest } = {
        ...row,
        position: Number(row.position),
        occurred_at: iso(row.occurred_at),
        recorded_at: iso(row.recorded_at),
      }
      const forged = { ...rest, type: 'task.harmless', previous_hash: previous }
      previous = hashOf(forged)
      await plane.db.query(
        "UPDATE audit.entries SET type = $2, previous_hash = $3, hash = $4 WHERE user_id = 'anna' AND position = $1",
        [row.position, forged.type, forged.previous_hash, previous],
      )
    }
    await plane.db.query("UPDATE audit.chains SET head = $1 WHERE user_id = 'anna'", [previous])
    const found = (await anna('GET', '/api/v1/audit/verify')).body
    expect(found).toMatchObject({ intact: false, first_broken_position: 1, reason: 'the chain is not what was signed' })
    expect((await plane.as('ben', audit.port)('GET', '/api/v1/audit/verify')).body.intact).toBe(true)
  })
})
