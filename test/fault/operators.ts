import type { Condition, KubeObject } from '../../controller/kube/objects.ts'
import type { LocalClient } from '../../src/local/kube-api/api.ts'

/**
 * The operators below the reconciler as functions of what is there: each brings one object's status in step and says
 * what it still has to do later. Deterministic, without a clock: the schedule decides when they run.
 */
export type Operator = (client: OperatorClient, object: KubeObject) => Promise<'done' | 'again'>
/** What an operator asks of an API server, whichever it is. */
export type OperatorClient = Pick<LocalClient, 'get' | 'create' | 'replace' | 'merge'>

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const SECRET = { apiVersion: 'v1', kind: 'Secret' }
const KAFKA = { apiVersion: 'kafka.strimzi.io/v1', kind: 'Kafka' }
const TOPIC_FINALIZER = 'strimzi.io/topic-operator'

async function writeStatus(client: OperatorClient, object: KubeObject, status: object): Promise<void> {
  if (JSON.stringify(object['status']) === JSON.stringify(status)) return
  await client.replace({ ...object, status } as never, 'status')
}

const condition = (type: string, status: 'True' | 'False', reason?: string, message?: string): Condition => ({
  type,
  status,
  ...(reason && { reason }),
  ...(message && { message }),
  lastTransitionTime: '2026-01-01T00:00:00Z',
})

const secretOf = (owner: KubeObject, name: string, data: Record<string, string>): KubeObject => ({
  ...SECRET,
  metadata: {
    name,
    namespace: owner.metadata.namespace!,
    labels: { 'strimzi.io/cluster': owner.metadata.labels?.['strimzi.io/cluster'] ?? owner.metadata.name },
    ownerReferences: [
      { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid! },
    ],
  },
  type: 'Opaque',
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
})

async function ensure(client: OperatorClient, secret: KubeObject): Promise<void> {
  const { namespace, name } = secret.metadata
  if (await client.get(SECRET, namespace, name)) return
  await client.create(secret as never)
}

/** Strimzi's cluster operator: NotReady first, then Ready with listeners (facts of its status: src/local/operators). */
const kafka: Operator = async (client, object) => {
  if (object.metadata.deletionTimestamp) return 'done'
  const { generation } = object.metadata
  const conditions = object['status']?.conditions as Condition[] | undefined
  if (!conditions) {
    const creating = [condition('NotReady', 'True', 'Creating', 'Kafka cluster is being deployed')]
    await writeStatus(client, object, { conditions: creating, observedGeneration: generation })
    return 'again'
  }
  const { name, namespace } = object.metadata
  await ensure(client, secretOf(object, `${name}-cluster-ca-cert`, { 'ca.crt': `CA of ${namespace}/${name}` }))
  await writeStatus(client, object, {
    conditions: [condition('Ready', 'True')],
    observedGeneration: generation,
    clusterId: 'simulated',
    kafkaVersion: object['spec']?.kafka?.version,
    listeners: ((object['spec']?.kafka?.listeners ?? []) as { name: string; port: number }[]).map(listener => ({
      name: listener.name,
      bootstrapServers: `${name}-kafka-bootstrap.${namespace}.svc:${listener.port}`,
    })),
  })
  return 'done'
}

const nodePool: Operator = async (client, object) => {
  if (object.metadata.deletionTimestamp) return 'done'
  const replicas = object['spec']?.replicas ?? 0
  await writeStatus(client, object, {
    nodeIds: Array.from({ length: replicas }, (_, id) => id),
    observedGeneration: object.metadata.generation,
    replicas,
    roles: object['spec']?.roles,
  })
  return 'done'
}

const kafkaOf = async (client: OperatorClient, object: KubeObject): Promise<KubeObject | undefined> => {
  const cluster = object.metadata.labels?.['strimzi.io/cluster']
  const found = cluster ? await client.get<never>(KAFKA, object.metadata.namespace, cluster) : undefined
  return found as KubeObject | undefined
}

/** The topic operator lives with its Kafka: without it topics neither come nor go. It cannot shrink a topic. */
const topic: Operator = async (client, object) => {
  if (!(await kafkaOf(client, object))?.['status']?.listeners) return 'done'
  const { namespace, name, generation, finalizers = [] } = object.metadata
  if (object.metadata.deletionTimestamp) {
    const rest = finalizers.filter(each => each !== TOPIC_FINALIZER)
    if (rest.length < finalizers.length) await client.merge(object, namespace, name, { metadata: { finalizers: rest } })
    return 'done'
  }
  if (!finalizers.includes(TOPIC_FINALIZER)) {
    await client.merge(object, namespace, name, { metadata: { finalizers: [...finalizers, TOPIC_FINALIZER] } })
    return 'again'
  }
  const live = (object['status']?.livePartitions as number | undefined) ?? 0
  const wanted = object['spec']?.partitions ?? 1
  const refused = wanted < live
  await writeStatus(client, object, {
    conditions: [
      refused
        ? condition('Ready', 'False', 'NotSupported', 'Decreasing partitions not supported')
        : condition('Ready', 'True'),
    ],
    observedGeneration: generation,
    topicName: object['spec']?.topicName ?? name,
    livePartitions: Math.max(live, wanted),
  })
  return 'done'
}

const user: Operator = async (client, object) => {
  if (object.metadata.deletionTimestamp || !(await kafkaOf(client, object))?.['status']?.listeners) return 'done'
  const { name } = object.metadata
  await ensure(client, secretOf(object, name, { password: `password of ${name}` }))
  await writeStatus(client, object, {
    conditions: [condition('Ready', 'True')],
    observedGeneration: object.metadata.generation,
    secret: name,
    username: name,
  })
  return 'done'
}

const postgres: Operator = async (client, object) => {
  if (object.metadata.deletionTimestamp) return 'done'
  const { name, namespace } = object.metadata
  if (!object['status']?.phase) {
    await writeStatus(client, object, { phase: 'Setting up primary' })
    return 'again'
  }
  const uri = `postgresql://app:secret@${name}-rw.${namespace}:5432/app`
  await ensure(client, secretOf(object, `${name}-app`, { uri }))
  await writeStatus(client, object, {
    phase: 'Cluster in healthy state',
    readyInstances: object['spec']?.instances,
    conditions: [condition('Ready', 'True', 'ClusterIsReady', 'Cluster is Ready')],
  })
  return 'done'
}

/** The deployment controller and its pods: it sees a new generation first, and has rolled out some time later. */
const deployment: Operator = async (client, object) => {
  if (object.metadata.deletionTimestamp) return 'done'
  const { generation } = object.metadata
  const replicas = object['spec']?.replicas ?? 1
  const status = object['status'] as Record<string, unknown> | undefined
  if (status?.['observedGeneration'] !== generation) {
    const available = (status?.['availableReplicas'] as number | undefined) ?? 0
    const old = { replicas: available, availableReplicas: available, readyReplicas: available }
    await writeStatus(client, object, { observedGeneration: generation, ...(available > 0 && old) })
    return 'again'
  }
  await writeStatus(client, object, {
    observedGeneration: generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [condition('Available', 'True', 'MinimumReplicasAvailable')],
  })
  return 'done'
}

const job: Operator = async (client, object) => {
  if (object.metadata.deletionTimestamp || object['status']?.succeeded) return 'done'
  if (!object['status']?.active) {
    await writeStatus(client, object, { active: 1 })
    return 'again'
  }
  await writeStatus(client, object, { succeeded: 1, conditions: [condition('Complete', 'True')] })
  return 'done'
}

export const OPERATORS: Readonly<Record<string, Operator>> = {
  Kafka: kafka,
  KafkaNodePool: nodePool,
  KafkaTopic: topic,
  KafkaUser: user,
  Cluster: postgres,
  Deployment: deployment,
  Job: job,
}

/** Readiness as the kinds' own documents define it, written a second time: the oracle must not share the controller's mistakes. */
export function isReady(object: KubeObject): boolean {
  if (object.metadata.deletionTimestamp) return false
  const status = object['status'] as Record<string, unknown> | undefined
  const says = (type: string): boolean =>
    ((status?.['conditions'] ?? []) as Condition[]).some(each => each.type === type && each.status === 'True')
  const current = status?.['observedGeneration'] === object.metadata.generation
  switch (object.kind) {
    case 'Kafka':
    case 'KafkaTopic':
    case 'KafkaUser':
      return current && says('Ready')
    case 'KafkaNodePool':
      return current && (status?.['nodeIds'] as number[] | undefined)?.length === object['spec']?.replicas
    case 'Cluster':
      return says('Ready')
    case 'Job':
      return says('Complete')
    case 'Deployment':
      return (
        current &&
        status?.['updatedReplicas'] === object['spec']?.replicas &&
        status?.['availableReplicas'] === object['spec']?.replicas &&
        status?.['replicas'] === object['spec']?.replicas
      )
    default:
      return true
  }
}
