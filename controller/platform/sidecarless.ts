import type { Cache } from '../kube/cache.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import type { RecordEvent } from '../kube/events.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Failure } from './act.ts'
import { KINDS, PLATFORM_LABEL, type Platform } from './platform.ts'
import { BY_NAMESPACE } from './project.ts'
import type { PodInput } from './providers/inputs.ts'

/** The first pause between two replacements for one service, in milliseconds; doubled each time, up to the longest. */
const FIRST_PAUSE_MS = 15_000
const LONGEST_PAUSE_MS = 300_000

const inputOf = (pod: KubeObject): PodInput => pod['input'] as PodInput

interface Pause {
  untilMs: number
  lengthMs: number
}

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
  readonly #clock: Clock
  /** By platform and component. */
  readonly #pauses = new Map<string, Pause>()

  constructor({
    client,
    cache,
    record,
    clock,
  }: { client: KubeClient; cache: Cache; record: RecordEvent; clock: Clock }) {
    this.#client = client
    this.#cache = cache
    this.#record = record
    this.#clock = clock
  }

  async replace(platform: Platform): Promise<Replaced> {
    const now = this.#clock.monotonic()
    const replaced: Replaced = { failures: [] }
    const deleted: string[] = []
    for (const [component, pods] of Map.groupBy(this.#podsOf(platform), pod => inputOf(pod).component)) {
      const key = `${platform.metadata.uid}/${component}`
      const [pod] = pods.filter(each => inputOf(each).missesSidecar)
      if (!pod) {
        // Pods that have theirs prove that the injector answers again.
        this.#pauses.delete(key)
        continue
      }
      const pause = this.#pauses.get(key)
      if (pause && now < pause.untilMs) {
        replaced.nextMs = Math.min(replaced.nextMs ?? Number.POSITIVE_INFINITY, pause.untilMs - now)
        continue
      }
      const lengthMs = pause ? Math.min(pause.lengthMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS
      this.#pauses.set(key, { untilMs: now + lengthMs, lengthMs })
      replaced.nextMs = Math.min(replaced.nextMs ?? Number.POSITIVE_INFINITY, lengthMs)
      try {
        await this.#delete(pod)
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

  #podsOf({ metadata: { namespace, name } }: Platform): KubeObject[] {
    return this.#cache
      .byIndex(BY_NAMESPACE, `${KINDS.pod.kind}/${namespace}`)
      .filter(({ metadata }) => metadata.labels?.[PLATFORM_LABEL] === name && !metadata.deletionTimestamp)
  }

  async #delete(pod: KubeObject): Promise<void> {
    const { namespace, name, uid } = pod.metadata
    const left = await this.#client.delete(KINDS.pod, namespace, name, {
      reason: 'SidecarMissing',
      ...(uid && { uid }),
    })
    if (left) this.#cache.wrote(left)
    else this.#cache.wroteDelete(pod)
  }
}
