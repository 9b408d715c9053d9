/** Deletions that meet a cluster at its worst: each comes to its end, or says what holds it and how to go on, and loses nothing. */
import { conditionOf } from '../../controller/kube/objects.ts'
import { CHILD_KINDS, KINDS, PLATFORM_LABEL } from '../../controller/platform/platform.ts'
import { ALL_KINDS, type Fault } from '../fault/faults.ts'
import { KAFKA_NAMESPACE, NAMESPACE, platform, SPEC } from '../fault/scenarios.ts'
import { type Cluster, startCluster } from './cluster.ts'

const TOPIC = 'task-events'
const HELD_MS = 90_000
const POLICY = { deletionPolicy: 'Retain' } as const
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }
const NAMESPACES = { apiVersion: 'v1', kind: 'Namespace' }

interface Case {
  name: string
  spec?: object
  /** Namespace of the operator. */
  home?: string
  /** Namespaces it serves; none: all. */
  namespaces?: string[]
  /** Before the platform is made. */
  around?(cluster: Cluster): Promise<unknown>
  faults?: Fault[]
  /** Before somebody deletes the platform. */
  before?(cluster: Cluster): Promise<unknown> | unknown
  /** Right after it. */
  after?(cluster: Cluster): Promise<unknown> | unknown
  /** What the condition Deleting says while it is held. */
  held?: RegExp[]
  /** What a person does then: what the message says. */
  mend?(cluster: Cluster): Promise<unknown> | unknown
  /** Kinds of children that stay. */
  kept?: string[]
}

const removeByHand = (kind: { apiVersion: string; kind: string }, name: string) => (cluster: Cluster) =>
  cluster.people.delete(kind as never, NAMESPACE, name)
const finalizersOf =
  (kind: { apiVersion: string; kind: string }, name: string, finalizers: string[]) => (cluster: Cluster) =>
    cluster.people.merge(kind as never, NAMESPACE, name, { metadata: { finalizers } })
const removeCrd = (name: string) => (cluster: Cluster) => cluster.people.delete(CRD as never, undefined as never, name)
/** Without its Kafka, the topic operator takes no finalizer away. */
const operatorGone = removeByHand(KINDS.kafka, 'todo')
const freeTopics = async (cluster: Cluster): Promise<void> => {
  for (const { metadata } of cluster.list(KINDS.topic)) await finalizersOf(KINDS.topic, metadata.name, [])(cluster)
}
const deleteNamespace = (cluster: Cluster) => cluster.people.delete(NAMESPACES as never, undefined as never, NAMESPACE)
const createSharedKafka = async (cluster: Cluster): Promise<void> => {
  await cluster.people.create({ ...NAMESPACES, metadata: { name: KAFKA_NAMESPACE } } as never)
  const listeners = [
    { name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'scram-sha-512' } },
  ]
  await cluster.people.create({
    ...KINDS.kafka,
    metadata: { name: 'shared', namespace: KAFKA_NAMESPACE },
    spec: { kafka: { version: '4.3.1', listeners } },
  } as never)
  await cluster.rest()
}
/** The operator's own pod, on some node: it is there until its kubelet says that it has ended. */
const OPERATOR_POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'operator', namespace: NAMESPACE },
  spec: { nodeName: 'node-1', containers: [{ name: 'controller', image: 'x' }] },
}
/** What a Role allows, without what the ClusterRole beside it does. */
const WITHOUT_ROLE: Fault[] = [
  ...CHILD_KINDS.map(
    ({ kind }): Fault => ({
      type: 'forbid',
      kind,
      namespace: NAMESPACE,
      at: 200_000,
      forMs: 100_000_000,
    }),
  ),
  { type: 'cut', kind: ALL_KINDS, at: 200_000, midLine: false },
]
const DATA = ['Cluster', 'Kafka', 'KafkaNodePool', 'KafkaTopic']

const CASES: Case[] = [
  { name: 'nothing is wrong' },
  { name: 'what holds data is to stay', spec: POLICY, kept: DATA },
  {
    name: 'Kafka was removed first, so that nobody frees the topics',
    before: operatorGone,
    held: [
      /KafkaTopic todo\/\S+ is held by finalizer strimzi\.io\/topic-operator of Strimzi’s topic operator/,
      /if it is gone for good: kubectl -n todo patch kafkatopic\.kafka\.strimzi\.io\/\S+ --type=merge -p '\{"metadata":\{"finalizers":\[\]\}\}'/,
    ],
    mend: freeTopics,
  },
  {
    name: 'a stranger’s finalizer is on a child: it is named, and not taken away',
    before: finalizersOf(KINDS.service, 'todo-backend', ['example.com/guard']),
    held: [/Service todo\/todo-backend is held by finalizer example\.com\/guard of whoever set it/],
    mend: finalizersOf(KINDS.service, 'todo-backend', []),
  },
  { name: 'the CRDs of Dapr’s components were removed', before: removeCrd('components.dapr.io') },
  { name: 'the CRD of topics is removed while they go', after: removeCrd('kafkatopics.kafka.strimzi.io') },
  {
    name: 'the right to delete was lost: the rule that is missing is named, and it goes on when it is back',
    faults: [{ type: 'forbid', kind: 'Deployment', at: 200_000, forMs: 400_000 }],
    before: cluster => cluster.pass(200_000 - cluster.elapsed()),
    held: [/Deployment is forbidden/],
    mend: cluster => cluster.pass(400_000),
  },
  {
    name: 'its namespace is deleted around it, Kafka before its topics: they go with it, for nobody could release them',
    after: deleteNamespace,
  },
  {
    name: 'its namespace is deleted around what was to stay',
    spec: POLICY,
    after: deleteNamespace,
  },
  {
    name: 'its namespace is deleted, and with it the Role of the operator: the platform is let go of',
    namespaces: [NAMESPACE, KAFKA_NAMESPACE],
    faults: WITHOUT_ROLE,
    before: cluster => cluster.pass(200_000 - cluster.elapsed()),
    after: deleteNamespace,
    // What others hold there is theirs.
    kept: ['KafkaTopic'],
  },
  {
    name: 'its namespace is deleted, and its topics lie in another: they are deleted in order before it is let go of',
    spec: { kafka: { strimzi: { clusterRef: { name: 'shared', namespace: KAFKA_NAMESPACE } } } },
    around: createSharedKafka,
    namespaces: [NAMESPACE, KAFKA_NAMESPACE],
    faults: WITHOUT_ROLE,
    before: cluster => cluster.pass(200_000 - cluster.elapsed()),
    after: deleteNamespace,
  },
  {
    name: 'its namespace is deleted, and the operator in it ends first',
    home: NAMESPACE,
    before: cluster => cluster.people.create(OPERATOR_POD as never),
    after: async cluster => {
      await deleteNamespace(cluster)
      expect(cluster.get(KINDS.platform, 'todo')?.metadata).toBeDefined()
      await cluster.end()
      await cluster.people.delete(OPERATOR_POD, NAMESPACE, OPERATOR_POD.metadata.name, { gracePeriodSeconds: 0 })
    },
  },
  { name: 'it was suspended: deletion outranks that', spec: { suspend: true } },
  {
    name: 'it was suspended after it was built',
    before: cluster => cluster.people.merge(KINDS.platform, NAMESPACE, 'todo', { spec: { suspend: true } }),
  },
  {
    name: 'its spec asks for what Kafka cannot do',
    spec: { topics: [{ name: TOPIC, partitions: 6 }] },
    before: cluster =>
      cluster.people.merge(KINDS.platform, NAMESPACE, 'todo', { spec: { topics: [{ name: TOPIC, partitions: 3 }] } }),
  },
  {
    name: 'the controller dies in the middle',
    after: async cluster => {
      await cluster.pass(400)
      cluster.restart()
    },
  },
  {
    name: 'somebody makes a child anew while it goes',
    after: async cluster => {
      const { apiVersion, kind, metadata, spec } = cluster.get(KINDS.service, 'todo-backend')!
      const { name, namespace, labels } = metadata
      await cluster.people.delete(KINDS.service, NAMESPACE, name)
      await cluster.people.create({
        apiVersion,
        kind,
        metadata: { name, namespace, labels },
        spec: { ...spec, clusterIP: undefined },
      } as never)
    },
  },
  {
    name: 'the policy changes to Retain while it goes: what is still there stays',
    after: cluster => cluster.people.merge(KINDS.platform, NAMESPACE, 'todo', { spec: POLICY }),
    kept: DATA,
  },
  {
    name: 'children were removed by hand, in the wrong order',
    before: async cluster => {
      await removeByHand(KINDS.deployment, 'todo-backend')(cluster)
      await removeByHand(KINDS.topic, TOPIC)(cluster)
      await removeByHand({ apiVersion: 'v1', kind: 'Secret' }, 'todo-kafka-ca')(cluster)
    },
  },
  {
    name: 'another platform was refused beside it: nothing of the first is touched by its end',
    before: async cluster => {
      await cluster.people.create(platform('second', SPEC) as never)
      await cluster.rest()
      const untouched = children(cluster)
      await cluster.people.delete(KINDS.platform, NAMESPACE, 'second')
      await cluster.rest()
      expect(cluster.get(KINDS.platform, 'second')).toBeUndefined()
      expect(children(cluster)).toEqual(untouched)
    },
  },
]

const children = (cluster: Cluster): string[] =>
  CHILD_KINDS.flatMap(kind => cluster.list(kind))
    .filter(({ metadata }) => metadata.labels?.[PLATFORM_LABEL] === 'todo')
    .map(({ kind, metadata }) => `${kind}/${metadata.name}@${metadata.uid}`)
    .sort()

test.each(CASES)('$name', async ({ spec, around, before, after, held = [], mend, kept = [], ...options }) => {
  const cluster = await startCluster(options)
  await around?.(cluster)
  await cluster.people.create(platform('todo', { ...SPEC, ...spec } as never) as never)
  await cluster.rest()
  await before?.(cluster)
  await cluster.people.delete(KINDS.platform, NAMESPACE, 'todo')
  await after?.(cluster)
  await cluster.pass(HELD_MS)
  if (held.length > 0) {
    const condition = conditionOf(cluster.get(KINDS.platform, 'todo'), 'Deleting')
    for (const words of held) expect(condition?.message).toMatch(words)
    // It says the same for as long as nothing changes.
    await cluster.pass(HELD_MS)
    expect(conditionOf(cluster.get(KINDS.platform, 'todo'), 'Deleting')).toEqual(condition)
    await mend?.(cluster)
  }
  await cluster.rest()
  expect(cluster.get(KINDS.platform, 'todo')).toBeUndefined()
  const left = children(cluster).map(child => child.split('/')[0]!)
  expect([...new Set(left)].sort()).toEqual(kept)
  cluster.close()
})
