import { randomBytes } from 'node:crypto'

/** The only door to randomness: a simulator replays a schedule by its seed. */
export interface Random {
  /** From 0 up to, not including, 1; for jitter. */
  number(): number
  /** For identities and secrets. */
  bytes(size: number): Buffer
}

export const systemRandom: Random = { number: () => Math.random(), bytes: size => randomBytes(size) }
