import type { Cache } from '../kube/cache.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import type { KubeObject } from '../kube/objects.ts'
import { KINDS, PLATFORM_LABEL, type Platform } from './platform.ts'
import { BY_NAMESPACE } from './project.ts'

/** Deletes a pod, this very one and no later one of its name, so that its Deployment makes another. */
export async function replacePod(
  { client, cache }: { client: KubeClient; cache: Cache },
  pod: KubeObject,
  reason: string,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  const left = await client.delete(KINDS.pod, namespace, name, { reason, ...(uid && { uid }) })
  if (left) cache.wrote(left)
  else cache.wroteDelete(pod)
}

/** The pods of a platform that are not on their way out. */
export const podsOf = (cache: Cache, { metadata: { namespace, name } }: Platform): KubeObject[] =>
  cache
    .byIndex(BY_NAMESPACE, `${KINDS.pod.kind}/${namespace}`)
    .filter(({ metadata }) => metadata.labels?.[PLATFORM_LABEL] === name && !metadata.deletionTimestamp)

/** Pauses between attempts at the same thing, each twice as long as the one before. */
export class Pauses {
  readonly #clock: Clock
  readonly #firstMs: number
  readonly #longestMs: number
  readonly #pauses = new Map<string, { untilMs: number; lengthMs: number }>()

  constructor(clock: Clock, { firstMs, longestMs }: { firstMs: number; longestMs: number }) {
    this.#clock = clock
    this.#firstMs = firstMs
    this.#longestMs = longestMs
  }

  /** Milliseconds until the next attempt is due; 0: it is. */
  leftMs(key: string): number {
    return Math.max(0, (this.#pauses.get(key)?.untilMs ?? 0) - this.#clock.monotonic())
  }

  /** An attempt is made now. @returns milliseconds until the next one */
  begin(key: string): number {
    const now = this.#clock.monotonic()
    const before = this.#pauses.get(key)
    // Whoever was well for as long again has another trouble now.
    const goesOn = before && now < before.untilMs + before.lengthMs
    const lengthMs = goesOn ? Math.min(before.lengthMs * 2, this.#longestMs) : this.#firstMs
    this.#pauses.set(key, { untilMs: now + lengthMs, lengthMs })
    return lengthMs
  }

  /** It is no longer needed: the next attempt is a first one again. */
  end(key: string): void {
    this.#pauses.delete(key)
  }
}
