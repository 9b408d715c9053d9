import type { KubeObject } from '../kube/objects.ts'
import { type Drift, driftOf, type OwnedFields } from '../kube/ownership.ts'
import { HASH_ANNOTATION } from './platform.ts'

/** That something else is desired is known; where it differs has to be read from the live object. */
export const FORGOTTEN: Drift[] = [
  {
    path: `metadata.annotations.${HASH_ANNOTATION}`,
    steps: ['f:metadata', 'f:annotations', `f:${HASH_ANNOTATION}`],
  },
]

/**
 * The fields we own of one version of a child. Most of 20,000 children say what is desired for days, and their fields are
 * half of a cache: of one that was found to do so only the hash of what was desired is kept. When something else is
 * desired, or the child changes (which makes another of these), the fields are there again.
 */
export class Owned {
  /** JSON: V8 stores it in a byte a character. */
  #fields: string | undefined
  #settled: string | undefined

  constructor(fields: OwnedFields) {
    this.#fields = JSON.stringify(fields)
  }

  /** Where it differs from what is desired; empty: nowhere. */
  drift(desired: KubeObject): Drift[] {
    const hash = desired.metadata.annotations?.[HASH_ANNOTATION]
    if (this.#fields === undefined) return this.#settled === hash ? [] : FORGOTTEN
    const drift = driftOf(desired, JSON.parse(this.#fields) as OwnedFields)
    if (hash !== undefined && drift.length === 0) {
      this.#settled = hash
      this.#fields = undefined
    }
    return drift
  }
}
