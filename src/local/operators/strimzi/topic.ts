/** The topic operator. */
import { isDeepStrictEqual } from 'node:util'
import { type LogCluster, LogError, type TopicDescription } from '../../log/index.ts'
import { type Condition, type WithConditions, writeStatus } from '../status.ts'
import { CLUSTER_LABEL, type Context, clusterOf, isPaused, keyOf, splitKey, TOPIC, type Topic } from './types.ts'

const FINALIZER = 'strimzi.io/topic-operator'

const isManaged = (topic: Topic): boolean => topic.metadata.annotations?.['strimzi.io/managed'] !== 'false'
export const topicNameOf = (topic: Topic): string => topic.spec?.topicName ?? topic.metadata.name

/** The reason and message of a `Ready=False`. */
class TopicFailure extends Error {
  override readonly name = 'TopicFailure'
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

const notSupported = (message: string): TopicFailure => new TopicFailure('NotSupported', message)

async function setFinalizer(context: Context, topic: Topic, wanted: boolean): Promise<Topic> {
  const finalizers = topic.metadata.finalizers ?? []
  if (finalizers.includes(FINALIZER) === wanted) return topic
  const next = wanted ? [...finalizers, FINALIZER] : finalizers.filter(one => one !== FINALIZER)
  const { namespace, name, resourceVersion } = topic.metadata
  return context.client.merge<Topic>(TOPIC, namespace, name, { metadata: { finalizers: next, resourceVersion } })
}

/** The resource that owns the topic's name: the oldest; of the same age the one at work already. */
async function ownerOf(context: Context, topic: Topic): Promise<Topic> {
  const { namespace = '', labels } = topic.metadata
  const all = await context.client.list<Topic>(TOPIC, namespace, {
    labelSelector: `${CLUSTER_LABEL}=${labels?.[CLUSTER_LABEL]}`,
  })
  const rank = (one: Topic): string =>
    `${one.metadata.creationTimestamp} ${one.metadata.finalizers?.includes(FINALIZER) ? 0 : 1} ${one.metadata.name}`
  const rivals = all.filter(one => isManaged(one) && topicNameOf(one) === topicNameOf(topic))
  return rivals.sort((a, b) => rank(a).localeCompare(rank(b)))[0] ?? topic
}

function alter(cluster: LogCluster, topic: Topic, live: TopicDescription): TopicDescription {
  const { partitions = live.partitions, replicas = live.replicas, config = {} } = topic.spec ?? {}
  if (partitions < live.partitions) throw notSupported('Decreasing partitions not supported')
  if (replicas !== live.replicas) {
    const all = Array.from({ length: live.partitions }, (_, partition) => partition).join(', ')
    throw notSupported(`Replication factor change not supported, but required for partitions [${all}]`)
  }
  const wanted = Object.fromEntries(Object.entries(config).map(([key, value]) => [key, String(value)]))
  if (partitions === live.partitions && isDeepStrictEqual(wanted, { ...live.config })) return live
  return cluster.alterTopic(live.name, { partitions, config })
}

function createOrAlter(cluster: LogCluster, topic: Topic): TopicDescription {
  const name = topicNameOf(topic)
  const live = cluster.describeTopic(name)
  try {
    if (live) return alter(cluster, topic, live)
    const { partitions, replicas, config } = topic.spec ?? {}
    return cluster.createTopic({
      name,
      config: config ?? {},
      ...(partitions !== undefined && { partitions }),
      // -1 asks for the broker's default, as Kafka's admin API has it.
      ...(replicas !== undefined && replicas > 0 && { replicas }),
    })
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    throw new TopicFailure('KafkaError', `org.apache.kafka.common.errors.${error.name}: ${error.message}`)
  }
}

async function manage(context: Context, cluster: LogCluster, found: Topic): Promise<void> {
  const known = found.status?.['topicName'] as string | undefined
  const name = topicNameOf(found)
  const observedGeneration = found.metadata.generation ?? 1
  let topic = found
  let status: WithConditions
  try {
    const owner = await ownerOf(context, topic)
    if (owner.metadata.name !== topic.metadata.name) {
      const ref = `Ref{namespace='${owner.metadata.namespace}', name='${owner.metadata.name}'}`
      throw new TopicFailure('ResourceConflict', `Managed by ${ref}`)
    }
    topic = await setFinalizer(context, topic, true)
    if (known !== undefined && known !== name) throw notSupported('Changing spec.topicName is not supported')
    const { topicId } = createOrAlter(cluster, topic)
    status = { conditions: [{ type: 'Ready', status: 'True' }], observedGeneration, topicId, topicName: name }
  } catch (error) {
    if (!(error instanceof TopicFailure)) throw error
    const { reason, message } = error
    const renamed = known !== undefined && known !== name
    const topicId = renamed ? undefined : cluster.describeTopic(name)?.topicId
    const conditions: Condition[] = [{ type: 'Ready', status: 'False', reason, message }]
    const own = reason !== 'ResourceConflict'
    status = {
      conditions,
      observedGeneration,
      ...(own && topicId !== undefined && { topicId }),
      ...(own && { topicName: known ?? name }),
    }
  }
  await writeStatus(context.client, topic, status, context.now())
}

/** Brings one topic in step. Returns the keys of the topics that may have waited for it. */
export async function reconcileTopic(context: Context, key: string): Promise<string[]> {
  const { client, log, now } = context
  const [namespace, name] = splitKey(key)
  const topic = await client.get<Topic>(TOPIC, namespace, name)
  const clusterName = topic && clusterOf(topic)
  if (!topic || !clusterName) return []
  const cluster = log.cluster(clusterName)
  // Without its cluster there is no topic operator: nothing happens, and a topic being deleted hangs.
  if (!cluster.running) return []
  const observedGeneration = topic.metadata.generation ?? 1
  if (topic.metadata.deletionTimestamp) {
    if (!topic.metadata.finalizers?.includes(FINALIZER)) return []
    const live = (topic.status?.['topicName'] as string | undefined) ?? topicNameOf(topic)
    if (isManaged(topic) && cluster.describeTopic(live)) cluster.deleteTopic(live)
    await setFinalizer(context, topic, false)
    const rest = await client.list<Topic>(TOPIC, namespace)
    return rest.filter(one => topicNameOf(one) === topicNameOf(topic) && keyOf(one) !== key).map(keyOf)
  }
  if (!isManaged(topic)) {
    const kept = await setFinalizer(context, topic, false)
    await writeStatus(client, kept, { conditions: [{ type: 'Unmanaged', status: 'True' }], observedGeneration }, now())
    return []
  }
  if (isPaused(topic)) {
    const conditions: Condition[] = [{ type: 'ReconciliationPaused', status: 'True' }]
    const topicName = topicNameOf(topic)
    await writeStatus(client, topic, { ...topic.status, conditions, observedGeneration, topicName }, now())
    return []
  }
  await manage(context, cluster, topic)
  return []
}
