import type { Desired } from '../desired.ts'
import type { Effective, NodeGroup } from '../effective.ts'
import type { Refusal } from '../errors.ts'
import type { KafkaFacts, LiveNodePool } from '../facts.ts'
import { KINDS } from '../platform.ts'
import { bytesOf } from '../quantity.ts'
import { type Context, child } from '../render/context.ts'

type Role = 'broker' | 'controller'
type Strimzi = NonNullable<Effective['strimzi']>

export const poolName = (cluster: string, role: Role): string => `${cluster}-${role}`

const FIELD = { broker: 'spec.kafka.strimzi.brokers', controller: 'spec.kafka.strimzi.controllers' } as const

/**
 * What nodes cannot become: volumes neither shrink nor change their class (Strimzi puts them back with a warning,
 * StorageDiff), and a quorum that lives on the brokers does not move to nodes of its own, nor back.
 */
export function refuseNodes(
  cluster: string,
  strimzi: Strimzi,
  pools: KafkaFacts['nodePools'],
): { strimzi: Strimzi; refused: Refusal[] } {
  const refused: Refusal[] = []
  const refuse = (code: Refusal['code'], role: Role, field: string, message: string): void => {
    refused.push({ code, field, message, kind: KINDS.nodePool.kind, name: poolName(cluster, role) })
  }
  const kept = (role: Role, group: NodeGroup): NodeGroup => {
    const live = pools[role]
    if (!live) return group
    const { size, class: storageClass } = group.storage
    const shrinks = bytesOf(size) < bytesOf(live.size)
    if (shrinks)
      refuse(
        'TEP-SPEC-KAFKA-STORAGE',
        role,
        `${FIELD[role]}.storage.size`,
        `a volume cannot shrink from ${live.size} to ${size}; set ${live.size} or more`,
      )
    const moves = storageClass !== live.class
    if (moves)
      refuse(
        'TEP-SPEC-KAFKA-STORAGE',
        role,
        `${FIELD[role]}.storage.class`,
        `a volume cannot move from class ${live.class ?? '(default)'} to ${storageClass ?? '(default)'}; set it back`,
      )
    return {
      ...group,
      storage: moves ? volumeOf(live, size) : shrinks ? { ...group.storage, size: live.size } : group.storage,
    }
  }
  const dual = pools['broker']?.roles.includes('controller')
  if (dual && strimzi.controllers)
    refuse(
      'TEP-SPEC-KAFKA-NODES',
      'broker',
      'spec.kafka.strimzi.controllers',
      'the brokers are the controllers of this Kafka, and a quorum does not move; remove controllers, or create another platform with them',
    )
  const lost = !strimzi.controllers && pools['controller']
  if (lost)
    refuse(
      'TEP-SPEC-KAFKA-NODES',
      'controller',
      'spec.kafka.strimzi.controllers',
      `this Kafka has ${lost.replicas} controllers of its own, and a quorum does not move; describe them again`,
    )
  const controllers = dual ? undefined : lost ? groupOf(lost) : strimzi.controllers
  const { controllers: _asked, ...rest } = strimzi
  return {
    strimzi: {
      ...rest,
      brokers: kept('broker', strimzi.brokers),
      ...(controllers && { controllers: kept('controller', controllers) }),
    },
    refused,
  }
}

/** The volume that is there; larger where a larger one is asked for. */
const volumeOf = (live: LiveNodePool, size: string): NodeGroup['storage'] => ({
  size: bytesOf(size) > bytesOf(live.size) ? size : live.size,
  ...(live.class && { class: live.class }),
})

const groupOf = (live: LiveNodePool): NodeGroup => ({
  replicas: live.replicas,
  storage: volumeOf(live, live.size),
  resources: {},
})

/** Node pools: brokers that are controllers too, or each on nodes of its own. */
export function nodePools(context: Context, cluster: { name: string; namespace: string }): Desired[] {
  const { brokers, controllers } = context.effective.strimzi!
  return controllers
    ? [
        nodePool(context, cluster, 'controller', ['controller'], controllers),
        nodePool(context, cluster, 'broker', ['broker'], brokers),
      ]
    : [nodePool(context, cluster, 'broker', ['controller', 'broker'], brokers)]
}

function nodePool(
  context: Context,
  cluster: { name: string; namespace: string },
  role: Role,
  roles: string[],
  { replicas, storage, resources }: NodeGroup,
): Desired {
  const { deletionPolicy, strimzi } = context.effective
  const name = poolName(cluster.name, role)
  return child(context, {
    kind: KINDS.nodePool,
    name,
    namespace: cluster.namespace,
    component: 'kafka',
    part: 'kafka',
    stateful: true,
    labels: { 'strimzi.io/cluster': cluster.name },
    body: {
      spec: {
        replicas,
        roles,
        storage: {
          type: 'jbod',
          volumes: [
            {
              id: 0,
              type: 'persistent-claim',
              size: storage.size,
              ...(storage.class && { class: storage.class }),
              kraftMetadata: 'shared',
              deleteClaim: deletionPolicy === 'Delete',
            },
          ],
        },
        ...(Object.keys(resources).length > 0 && { resources }),
        // Strimzi's rack awareness places replicas, not pods (since 0.49): the pods are spread here.
        ...(strimzi!.rackTopologyKey && {
          template: { pod: { topologySpreadConstraints: [spreadOver(strimzi!.rackTopologyKey, cluster.name, name)] } },
        }),
      },
    },
  })
}

const spreadOver = (topologyKey: string, cluster: string, pool: string): object => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: { 'strimzi.io/cluster': cluster, 'strimzi.io/pool-name': pool } },
})
