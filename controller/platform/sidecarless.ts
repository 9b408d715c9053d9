import type { Cache } from '../kube/cache.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import type { RecordEvent } from '../kube/events.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Failure } from './act.ts'
import type { Platform } from './platform.ts'
import type { PodInput } from './providers/inputs.ts'
import { Pauses, podsOf, replacePod } from './replacement.ts'

/** Between two replacements for one service, in milliseconds. */
const PAUSES = { firstMs: 15_000, longestMs: 300_000 }

const inputOf = (pod: KubeObject): PodInput => pod['input'] as PodInput

export interface Replaced {
  failures: Failure[]
  /** When to look again, in milliseconds. */
  nextMs?: number
}

/**
 * Replaces pods that got no sidecar. Dapr's webhook lets pods through when the injector does not answer in time
 * (`failurePolicy: Ignore`), and no restart of theirs mends that: they hold a place in the Deployment and no event reaches
 * them. While the injector stays away each service loses a pod per pause, not more.
 */
export class SidecarlessPods {
  readonly #client: KubeClient
  readonly #cache: Cache
  readonly #record: RecordEvent
  /** By platform and component. */
  readonly #pauses: Pauses

  constructor({
    client,
    cache,
    record,
    clock,
  }: { client: KubeClient; cache: Cache; record: RecordEvent; clock: Clock }) {
    this.#client = client
    this.#cache = cache
    this.#record = record
    this.#pauses = new Pauses(clock, PAUSES)
  }

  async replace(platform: Platform): Promise<Replaced> {
    const replaced: Replaced = { failures: [] }
    const deleted: string[] = []
    for (const [component, pods] of Map.groupBy(podsOf(this.#cache, platform), pod => inputOf(pod).component)) {
      const key = `${platform.metadata.uid}/${component}`
      const [pod] = pods.filter(each => inputOf(each).missesSidecar)
      if (!pod) {
        // Pods that have theirs prove that the injector answers again.
        this.#pauses.end(key)
        continue
      }
      const leftMs = this.#pauses.leftMs(key)
      if (leftMs > 0) {
        replaced.nextMs = Math.min(replaced.nextMs ?? Number.POSITIVE_INFINITY, leftMs)
        continue
      }
      const lengthMs = this.#pauses.begin(key)
      replaced.nextMs = Math.min(replaced.nextMs ?? Number.POSITIVE_INFINITY, lengthMs)
      try {
        await replacePod({ client: this.#client, cache: this.#cache }, pod, 'SidecarMissing')
        deleted.push(pod.metadata.name)
      } catch (error) {
        replaced.failures.push({ object: pod, error: error as Error })
      }
    }
    if (deleted.length > 0)
      this.#record(platform, {
        type: 'Warning',
        reason: 'SidecarMissing',
        message: `replaced, for Dapr's injector had not put a sidecar into it: Pod ${deleted.join(', Pod ')}`,
      })
    return replaced
  }
}
