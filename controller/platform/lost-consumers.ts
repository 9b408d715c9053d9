import type { PlatformStatus } from '../../src/contracts/generated/platform.ts'
import type { Cache } from '../kube/cache.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import { isKubeError } from '../kube/errors.ts'
import type { RecordEvent } from '../kube/events.ts'
import type { Failure } from './act.ts'
import type { Flow, LostConsumer } from './flow/flow.ts'
import type { Platform } from './platform.ts'
import { Pauses, podsOf, replacePod } from './replacement.ts'
import type { Replaced } from './sidecarless.ts'

/** What has to be well before a sidecar is to blame: a consumer that has nothing to consume from is not mended by a restart. */
const PRECONDITIONS = ['KafkaReady', 'TopicsReady', 'MessagingReady', 'ServicesReady']
const REASON = 'ConsumerLost'

export interface LostConsumersOptions {
  client: KubeClient
  cache: Cache
  record: RecordEvent
  clock: Clock
  /** Milliseconds that events must have stayed away; 0: nothing is restarted. */
  healAfterMs: number
}

/**
 * Restarts the pod whose sidecar has lost its consumer: Dapr's Kafka component may stop to consume and never begin again,
 * while all its probes say that it is well (dapr/components-contrib#4349, #3350). Only a new sidecar subscribes anew.
 * One pod of the platform at a time, for ServicesReady is False while another comes up; the next for the same app later
 * each time, for what a restart did not mend it will hardly mend the next time.
 */
export class LostConsumers {
  readonly #options: LostConsumersOptions
  /** By platform and app. */
  readonly #pauses: Pauses

  constructor(options: LostConsumersOptions) {
    this.#options = options
    this.#pauses = new Pauses(options.clock, { firstMs: 300_000, longestMs: 3_600_000 })
  }

  async restart(platform: Platform, { lost }: Flow, status: PlatformStatus): Promise<Replaced> {
    const { cache, clock, healAfterMs } = this.#options
    const replaced: Replaced = { failures: [] }
    if (healAfterMs === 0 || lost.length === 0 || !PRECONDITIONS.every(type => isTrue(status, type))) return replaced
    const pods = podsOf(cache, platform)
    for (const consumer of lost) {
      const key = `${platform.metadata.uid}/${consumer.app}`
      const waitMs = Math.max(consumer.since + healAfterMs - clock.monotonic(), this.#pauses.leftMs(key))
      if (waitMs > 0) {
        replaced.nextMs = Math.min(replaced.nextMs ?? Number.POSITIVE_INFINITY, waitMs)
        continue
      }
      const pod = consumer.suspects.flatMap(name => pods.find(({ metadata }) => metadata.name === name) ?? [])[0]
      if (!pod) continue
      replaced.nextMs = this.#pauses.begin(key)
      const failure = await this.#replace(platform, pod, consumer)
      if (failure) replaced.failures.push(failure)
      return replaced
    }
    return replaced
  }

  async #replace(
    platform: Platform,
    pod: Parameters<typeof replacePod>[1],
    consumer: LostConsumer,
  ): Promise<Failure | undefined> {
    const { record, healAfterMs } = this.#options
    try {
      await replacePod(this.#options, pod, REASON)
    } catch (error) {
      // It went by itself, or is another one already.
      if (isKubeError(error, 'Conflict')) return undefined
      return { object: pod, error: error as Error }
    }
    record(platform, {
      type: 'Warning',
      reason: REASON,
      message: `replaced Pod ${pod.metadata.name}: events of ${consumer.topic} are published and have not reached ${consumer.app} for ${healAfterMs / 1_000} s; its sidecar has lost its consumer`,
    })
    return undefined
  }
}

const isTrue = ({ conditions = [] }: PlatformStatus, wanted: string): boolean =>
  conditions.some(({ type, status }) => type === wanted && status === 'True')
