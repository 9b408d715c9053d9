import { PUBSUB, REALTIME_PUBSUB, RELAY_SERVICE } from '../../../src/contracts/topology.ts'
import { type ScopedComponent, scopedComponents } from '../access.ts'
import type { Effective } from '../effective.ts'

/** One topic on its way to one service. */
export interface Hop {
  app: string
  component: string
  /** Name without prefix: the services speak of topics so. */
  topic: string
  /** As Kafka and the sidecars call it. */
  fullTopic: string
  pubsub: string
  /** Each pod has a group of its own, so each has to see each event; else any pod of the app will do. */
  everyPod: boolean
}

export interface Expected {
  /** Who sends canaries; absent: it is switched off. */
  publisher?: { app: string; component: string; pubsub: string }
  hops: Hop[]
  components: ScopedComponent[]
  /** Parts of the platform whose pods are asked. */
  parts: { app: string; component: string }[]
}

/** Which canaries have to arrive where, by the spec. Pure. */
export function expectedFlow(effective: Effective): Expected {
  const { kafka } = effective
  // Whoever was told to run no pod is not waited for.
  const services = effective.services.filter(({ replicas, autoscaling }) => replicas > 0 || autoscaling)
  const publisher = services.find(({ contract }) => contract.service === RELAY_SERVICE)?.contract
  const hops = services.flatMap(({ contract: { appId, service, consumes, pubsub } }) =>
    consumes
      .filter(({ topic }) => publisher?.publishes.includes(topic))
      .map(({ topic }) => ({
        app: appId,
        component: service,
        topic,
        fullTopic: kafka.prefix + topic,
        pubsub,
        everyPod: pubsub === REALTIME_PUBSUB,
      })),
  )
  const apps = services.map(({ contract }) => contract.appId)
  return {
    ...(publisher && { publisher: { app: publisher.appId, component: publisher.service, pubsub: PUBSUB } }),
    hops,
    components: scopedComponents(effective).map(({ name, apps: scopes }) => ({
      name,
      // Whoever is no service of ours is not asked.
      apps: scopes.filter(app => apps.includes(app)),
    })),
    parts: services
      .filter(({ contract }) => contract.publishes.length + contract.consumes.length > 0)
      .map(({ contract }) => ({ app: contract.appId, component: contract.service })),
  }
}
