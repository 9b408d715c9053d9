import type { Cache } from '../kube/cache.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import { isKubeError } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Observed } from './plan.ts'
import { FIELD_MANAGER, KINDS, type Platform } from './platform.ts'
import type { Cached } from './project.ts'

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' }
/** How long a namespace that ends may keep us from reading in it before that counts as for good. */
const PATIENCE_MS = 60_000
const TOPIC_FINALIZER = 'strimzi.io/topic-operator'

/**
 * What differs where a namespace is deleted around a platform. Its controller deletes everything in it at once, Roles and
 * pods first (pkg/controller/namespace/deletion, KEP-5080): the operator may lose its rights there, and the operators
 * below their pods, before any finalizer is gone (kubernetes/kubernetes#115070).
 */
export class NamespaceEnd {
  readonly #client: KubeClient
  readonly #cache: Cache
  readonly #clock: Clock

  constructor({ client, cache, clock }: { client: KubeClient; cache: Cache; clock: Clock }) {
    this.#client = client
    this.#cache = cache
    this.#clock = clock
  }

  /** Whether it is on its way out. Without the right to ask, an older chart's, it is not known to be. */
  async isEnding(name: string): Promise<boolean> {
    try {
      return (await this.#client.get(NAMESPACE, undefined, name))?.metadata.deletionTimestamp !== undefined
    } catch (error) {
      if (isKubeError(error, 'Forbidden')) return false
      throw error
    }
  }

  /**
   * The children that a deletion still has to see to, in a namespace that ends. Those inside it go without us: where we may
   * not even read them any more, nobody ever tells that they are gone, and only those outside are waited for. A right that
   * was lost for a moment only has the time to come back.
   */
  async inReach(platform: Platform, children: Observed): Promise<Observed> {
    const forMs = this.#clock.now() - Date.parse(platform.metadata.deletionTimestamp ?? '')
    const home = platform.metadata.namespace
    const seen = new Map(children)
    for (const [key, child] of children) {
      if (child.metadata.namespace !== home) continue
      try {
        const live = await this.#client.get(child, home, child.metadata.name)
        if (live) return seen
        this.#cache.wroteDelete(child)
        seen.delete(key)
      } catch (error) {
        if (!isKubeError(error, 'Forbidden') && !isKubeError(error, 'KindAbsent')) throw error
        if (isKubeError(error, 'Forbidden')) return forMs < PATIENCE_MS ? children : outside(platform, children)
        seen.delete(key)
      }
    }
    return seen
  }

  /**
   * Lets go of topics that go with this namespace. A KafkaTopic lies beside its Kafka, and so does the topic operator that
   * would release it: with the namespace all of them end, in an order nobody chooses. What the finalizer guards, a topic in
   * that Kafka, goes with the Kafka. @returns those it let go of
   */
  async releaseTopics(platform: Platform, children: Iterable<Cached>): Promise<KubeObject[]> {
    const released: KubeObject[] = []
    for (const { apiVersion, kind, metadata } of children) {
      const { namespace, name, resourceVersion, deletionTimestamp, finalizers = [] } = metadata
      if (kind !== KINDS.topic.kind || namespace !== platform.metadata.namespace) continue
      if (!deletionTimestamp || !finalizers.includes(TOPIC_FINALIZER)) continue
      const rest = finalizers.filter(each => each !== TOPIC_FINALIZER)
      const patch = { metadata: { resourceVersion, finalizers: rest } }
      const options = { fieldManager: FIELD_MANAGER, reason: 'TopicReleased' }
      try {
        const left = await this.#client.mergePatch({ apiVersion, kind }, namespace, name, patch, options)
        if (rest.length > 0) this.#cache.wrote(left)
        else this.#cache.wroteDelete({ apiVersion, kind, metadata })
        released.push(left)
      } catch (error) {
        // Its operator was still there and quicker.
        if (!isKubeError(error, 'NotFound') && !isKubeError(error, 'Conflict')) throw error
      }
    }
    return released
  }
}

/** Of the children of a platform, those that its namespace does not take along. */
const outside = ({ metadata: { namespace } }: Platform, children: Observed): Observed =>
  new Map([...children].filter(([, child]) => child.metadata.namespace !== namespace))
