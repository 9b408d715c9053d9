/** A stand-in for Strimzi 1.2.0 over the embedded log: same resources, statuses, finalizers and refusals, no pods. */
import type { KubeObject, LocalClient } from '../../kube-api/api.ts'
import type { EventLog } from '../../log/index.ts'
import { type WorkQueue, workQueue } from '../../work-queue.ts'
import { reconcileKafka } from './kafka.ts'
import { reconcileTopic } from './topic.ts'
import {
  type Context,
  clusterOf,
  KAFKA,
  keyOf,
  NODE_POOL,
  SECRET,
  TOPIC,
  type Topic,
  USER,
  type User,
} from './types.ts'
import { reconcileUser } from './user.ts'

export interface StrimziOptions {
  client: LocalClient
  log: EventLog
  now?: () => number
  onError?: (key: string, error: unknown) => void
}

export function startStrimzi(options: StrimziOptions): { stop(): Promise<void> } {
  const { client, log, now = Date.now, onError = () => {} } = options
  const context: Context = { client, log, now }
  const homes = new Map<string, string>()
  const running = new Map<string, boolean>()

  const topics: WorkQueue = workQueue(async key => {
    for (const waiting of await reconcileTopic(context, key)) topics.add(waiting)
  }, onError)
  const users = workQueue(key => reconcileUser(context, key, homes), onError)
  const clusters = workQueue(async key => {
    const was = running.get(key)
    const is = await reconcileKafka(context, key)
    running.set(key, is)
    // Topics and users wait for their cluster, and follow what it says about authorization and brokers.
    if (is || was) await wakeMembers(key)
  }, onError)

  const wakeMembers = async (cluster: string): Promise<void> => {
    const namespace = cluster.split('/')[0]
    for (const topic of await client.list<Topic>(TOPIC, namespace))
      if (clusterOf(topic) === cluster) topics.add(keyOf(topic))
    for (const user of await client.list<User>(USER, namespace)) if (clusterOf(user) === cluster) users.add(keyOf(user))
  }

  /** A user's own Secret that went away is made again; one it takes its password from may have changed. */
  const wakeUsersOf = async (secret: KubeObject): Promise<void> => {
    const { name, namespace } = secret.metadata
    for (const user of await client.list<User>(USER, namespace)) {
      const ref = user.spec?.authentication?.password?.valueFrom.secretKeyRef.name
      if (user.metadata.name === name || ref === name) users.add(keyOf(user))
    }
  }

  const follow = (kind: { apiVersion: string; kind: string }, act: (object: KubeObject) => void): (() => void) =>
    client.watch(kind, {}, event => {
      if (event.type !== 'SYNCED') act(event.object)
    })
  const stops = [
    follow(KAFKA, kafka => clusters.add(keyOf(kafka as Topic))),
    follow(NODE_POOL, pool => {
      const cluster = clusterOf(pool as Topic)
      if (cluster) clusters.add(cluster)
    }),
    follow(TOPIC, topic => topics.add(keyOf(topic as Topic))),
    follow(USER, user => users.add(keyOf(user as User))),
    follow(SECRET, secret => void wakeUsersOf(secret).catch(error => onError(keyOf(secret as User), error))),
  ]
  return {
    async stop() {
      for (const stop of stops) stop()
      await Promise.all([clusters.stop(), topics.stop(), users.stop()])
    },
  }
}
