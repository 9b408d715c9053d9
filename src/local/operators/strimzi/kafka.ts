/** The cluster operator: Kafka and its node pools. */
import { randomBytes } from 'node:crypto'
import type { KubeObject } from '../../kube-api/api.ts'
import { issue } from '../certificates.ts'
import { type Condition, decodeData, encodeData, ownerReference, type WithConditions, writeStatus } from '../status.ts'
import { applyVolumeClaims } from './storage.ts'
import {
  CLUSTER_LABEL,
  type Context,
  isPaused,
  KAFKA,
  type Kafka,
  type Listener,
  NODE_POOL,
  type NodePool,
  SECRET,
  splitKey,
} from './types.ts'
import { checkKafka, losesData, metadataVersionOf, OPERATOR_VERSION, Refusal, warnings } from './validate.ts'

const CA_DAYS = 365

/** Makes the certificate authority of the cluster, once, and gives its certificate. */
async function clusterCa({ client, now }: Context, kafka: Kafka, name: string): Promise<string> {
  const { namespace } = kafka.metadata
  const existing = decodeData(await client.get<KubeObject>(SECRET, namespace, `${name}-cert`))?.['ca.crt']
  if (existing) return existing
  const kind = name.endsWith('-clients-ca') ? 'clients-ca' : 'cluster-ca'
  const { certificate, key } = issue({ organisation: 'io.strimzi', commonName: `${kind} v0` }, now(), CA_DAYS)
  const secret = (suffix: string, data: Record<string, string>): KubeObject => ({
    ...SECRET,
    metadata: {
      name: name + suffix,
      ...(namespace !== undefined && { namespace }),
      labels: { [CLUSTER_LABEL]: kafka.metadata.name, 'strimzi.io/kind': 'Kafka', 'strimzi.io/name': 'strimzi' },
      ownerReferences: [ownerReference(kafka)],
    },
    type: 'Opaque',
    data: encodeData(data),
  })
  const options = { fieldManager: 'strimzi-cluster-operator', force: true }
  await client.apply(secret('', { 'ca.key': key }), options)
  await client.apply(secret('-cert', { 'ca.crt': certificate }), options)
  return certificate
}

const listenerStatus = (kafka: Kafka, listener: Listener, certificate: string): object => {
  const host = `${kafka.metadata.name}-kafka-bootstrap.${kafka.metadata.namespace}.svc`
  return {
    name: listener.name,
    addresses: [{ host, port: listener.port }],
    bootstrapServers: `${host}:${listener.port}`,
    ...(listener.tls && { certificates: [certificate] }),
  }
}

/** Keeps the ids a pool has and gives new nodes the lowest that are free over all pools. */
export function assignNodeIds(pools: readonly NodePool[]): Map<string, number[]> {
  const kept = pools.map(pool => {
    const ids = (pool.status?.['nodeIds'] as number[] | undefined) ?? []
    return [pool.metadata.name, ids.slice(0, pool.spec?.replicas ?? 0)] as const
  })
  const taken = new Set(kept.flatMap(([, ids]) => ids))
  return new Map(
    kept.map(([name, ids]) => {
      const wanted = pools.find(pool => pool.metadata.name === name)?.spec?.replicas ?? 0
      const all = [...ids]
      for (let id = 0; all.length < wanted; id += 1) {
        if (taken.has(id)) continue
        taken.add(id)
        all.push(id)
      }
      return [name, all] as const
    }),
  )
}

async function writePoolStatus(context: Context, kafka: Kafka, pool: NodePool, ids: number[], clusterId: string) {
  const cluster = kafka.metadata.name
  await writeStatus(
    context.client,
    pool,
    {
      clusterId,
      conditions: [],
      labelSelector: `strimzi.io/cluster=${cluster},strimzi.io/name=${cluster}-kafka,strimzi.io/kind=Kafka,strimzi.io/pool-name=${pool.metadata.name}`,
      nodeIds: ids,
      observedGeneration: pool.metadata.generation ?? 1,
      replicas: ids.length,
      roles: [...(pool.spec?.roles ?? [])].sort((a, b) => b.localeCompare(a)),
    },
    context.now(),
  )
}

function authenticationOf(listeners: readonly Listener[]): 'none' | 'optional' | 'scram-sha-512' {
  const secured = listeners.filter(listener => listener.authentication !== undefined).length
  if (secured === 0) return 'none'
  return secured === listeners.length ? 'scram-sha-512' : 'optional'
}

/** @throws Refusal */
async function bringUp(context: Context, kafka: Kafka, pools: readonly NodePool[]): Promise<WithConditions> {
  const { log } = context
  const { name, namespace = '' } = kafka.metadata
  const cluster = log.cluster(`${namespace}/${name}`)
  const { version, nodes } = checkKafka(kafka, pools, cluster.running)
  const certificate = await clusterCa(context, kafka, `${name}-cluster-ca`)
  await clusterCa(context, kafka, `${name}-clients-ca`)
  const { listeners = [], authorization, config } = kafka.spec?.kafka ?? {}
  const clusterId = (kafka.status?.['clusterId'] as string | undefined) ?? randomBytes(16).toString('base64url')
  const ids = assignNodeIds(pools)
  for (const pool of pools) {
    await applyVolumeClaims(context.client, kafka, pool, ids.get(pool.metadata.name) ?? [])
    await writePoolStatus(context, kafka, pool, ids.get(pool.metadata.name) ?? [], clusterId)
  }
  cluster.start({
    brokers: nodes.brokers,
    authentication: authenticationOf(listeners),
    authorization: authorization?.type === 'simple',
    superUsers: authorization?.superUsers ?? [],
    config: config ?? {},
    certificateAuthority: certificate,
  })
  return {
    clusterId,
    clusterSecurity: { authentication: { type: 'strimzi-mtls' }, encryption: { type: 'strimzi-tls' } },
    conditions: [...warnings(kafka, pools, nodes), { type: 'Ready', status: 'True' }],
    kafkaMetadataVersion: metadataVersionOf(version),
    kafkaNodePools: pools.map(pool => ({ name: pool.metadata.name })),
    kafkaVersion: version,
    listeners: listeners.map(listener => listenerStatus(kafka, listener, certificate)),
    observedGeneration: kafka.metadata.generation ?? 1,
    operatorLastSuccessfulVersion: OPERATOR_VERSION,
  }
}

const condition = (type: string, reason?: string, message?: string): Condition => ({
  type,
  status: 'True',
  ...(reason !== undefined && { reason }),
  ...(message !== undefined && { message }),
})

/** Which clusters lose their data when their Kafka resource goes; known as long as the resource lives. */
const doomed = new WeakMap<object, Map<string, boolean>>()

function dooms(context: Context): Map<string, boolean> {
  const known = doomed.get(context)
  if (known) return known
  const fresh = new Map<string, boolean>()
  doomed.set(context, fresh)
  return fresh
}

/** Brings one Kafka in step. Returns whether the cluster runs. */
export async function reconcileKafka(context: Context, key: string): Promise<boolean> {
  const { client, log, now } = context
  const [namespace, name] = splitKey(key)
  const cluster = log.cluster(key)
  let kafka = await client.get<Kafka>(KAFKA, namespace, name)
  if (kafka === undefined || kafka.metadata.deletionTimestamp) {
    if (dooms(context).get(key)) await cluster.destroy()
    else await cluster.stop()
    return false
  }
  if (isPaused(kafka)) {
    const observedGeneration = kafka.status?.observedGeneration ?? 0
    const conditions = [condition('ReconciliationPaused')]
    await writeStatus(client, kafka, { ...kafka.status, conditions, observedGeneration }, now())
    return cluster.running
  }
  const observedGeneration = kafka.metadata.generation ?? 1
  if (kafka.status?.conditions === undefined) {
    const conditions = [condition('NotReady', 'Creating', 'Kafka cluster is being deployed')]
    kafka = await writeStatus(client, kafka, { conditions, observedGeneration }, now())
  }
  const pools = (await client.list<NodePool>(NODE_POOL, namespace, { labelSelector: `${CLUSTER_LABEL}=${name}` })).sort(
    (a, b) => a.metadata.name.localeCompare(b.metadata.name),
  )
  try {
    const status = await bringUp(context, kafka, pools)
    dooms(context).set(key, pools.every(losesData))
    await writeStatus(client, kafka, status, now())
    return true
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    // A refused change leaves a running cluster as it is; listeners and pools leave the status, the identity stays.
    const { listeners: _listeners, kafkaNodePools: _pools, ...kept } = kafka.status ?? {}
    const conditions = [condition('NotReady', error.reason, error.message)]
    await writeStatus(client, kafka, { ...kept, conditions, observedGeneration }, now())
    return cluster.running
  }
}
