/** What the cluster operator refuses, worded as Strimzi 1.2.0 words it. */
import type { Condition } from '../status.ts'
import type { Kafka, NodePool, Storage } from './types.ts'

export const OPERATOR_VERSION = '1.2.0'
export const DEFAULT_KAFKA_VERSION = '4.3.1'
const VERSIONS: Record<string, string> = {
  '4.2.0': '4.2-IV1',
  '4.2.1': '4.2-IV1',
  '4.3.0': '4.3-IV0',
  '4.3.1': '4.3-IV0',
}

/** The reason of a NotReady condition is the simple name of a Java exception. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

const invalidResource = (message: string): Refusal => new Refusal('InvalidResourceException', message)

export const metadataVersionOf = (version: string): string => VERSIONS[version] ?? ''

export interface Nodes {
  brokers: number
  controllers: number
}

export function countNodes(pools: readonly NodePool[]): Nodes {
  const count = (role: string): number =>
    pools.filter(pool => pool.spec?.roles.includes(role)).reduce((sum, pool) => sum + (pool.spec?.replicas ?? 0), 0)
  return { brokers: count('broker'), controllers: count('controller') }
}

function checkVersion(kafka: Kafka): string {
  const version = kafka.spec?.kafka.version ?? DEFAULT_KAFKA_VERSION
  if (version in VERSIONS) return version
  const supported = Object.keys(VERSIONS).join(', ')
  const message = `Unsupported Kafka.spec.kafka.version: ${version}. Supported versions are: [${supported}]`
  throw new Refusal('UnsupportedKafkaVersionException', message)
}

function checkPools(name: string, pools: readonly NodePool[], running: boolean): Nodes {
  if (pools.length === 0 && !running) {
    throw new Refusal('InvalidConfigurationException', `No KafkaNodePools found for Kafka cluster ${name}`)
  }
  const nodes = countNodes(pools)
  if (pools.every(pool => (pool.spec?.replicas ?? 0) === 0)) {
    throw invalidResource(
      `KafkaNodePools are enabled, but KafkaNodePools for Kafka cluster ${name} either don't exist or have 0 replicas. Please make sure at least one KafkaNodePool resource exists, is in the same namespace as the Kafka resource, has at least one replica, and has the strimzi.io/cluster label set to the name of the Kafka resource.`,
    )
  }
  const lacking = (['controller', 'broker'] as const)
    .filter(role => nodes[`${role}s`] === 0)
    .map(
      role =>
        `At least one KafkaNodePool with the ${role} role and at least one replica is required when KRaft mode is enabled`,
    )
  if (lacking.length > 0) throw invalidResource(`The Kafka cluster ${name} is invalid: [${lacking.join(', ')}]`)
  return nodes
}

function checkListeners(kafka: Kafka): void {
  const listeners = kafka.spec?.kafka.listeners ?? []
  const repeated = (field: 'name' | 'port'): boolean =>
    new Set(listeners.map(listener => listener[field])).size < listeners.length
  const problems = [
    ...(repeated('port') ? ['every listener needs to have a unique port number'] : []),
    ...(repeated('name') ? ['every listener needs to have a unique name'] : []),
    ...listeners
      .filter(listener => listener.authentication?.type === 'tls' && !listener.tls)
      .map(listener => `listener ${listener.name} cannot use tls type authentication with disabled TLS encryption`),
  ]
  if (problems.length > 0) throw invalidResource(`Listener configuration is not valid: [${problems.join(', ')}]`)
}

const REPLICATION = [
  'default.replication.factor',
  'offsets.topic.replication.factor',
  'transaction.state.log.replication.factor',
  'transaction.state.log.min.isr',
]
const INTEGERS = [...REPLICATION, 'num.partitions', 'min.insync.replicas', 'message.max.bytes', 'queued.max.requests']
const LONGS = ['log.retention.ms', 'log.retention.bytes', 'log.segment.delete.delay.ms']

function checkConfig(kafka: Kafka, brokers: number): void {
  const config = kafka.spec?.kafka.config ?? {}
  const problems = Object.entries(config).flatMap(([name, value]) => {
    const type = INTEGERS.includes(name) ? 'an int' : LONGS.includes(name) ? 'a long' : undefined
    return type && !/^-?\d+$/.test(String(value)) ? [`${name} has value '${value}' which is not ${type}`] : []
  })
  if (problems.length > 0) {
    const { namespace, name } = kafka.metadata
    throw invalidResource(`Kafka ${namespace}/${name} has invalid spec.kafka.config: ${problems.join(', ')}`)
  }
  for (const name of REPLICATION) {
    if (config[name] === undefined || Number(config[name]) <= brokers) continue
    const limit = brokers === 1 ? '1' : `${brokers} or less`
    throw invalidResource(
      `Kafka configuration option '${name}' should be set to ${limit} because this cluster has only ${brokers} Kafka broker(s).`,
    )
  }
}

/** @throws Refusal */
export function checkKafka(
  kafka: Kafka,
  pools: readonly NodePool[],
  running: boolean,
): { version: string; nodes: Nodes } {
  const version = checkVersion(kafka)
  const nodes = checkPools(kafka.metadata.name, pools, running)
  checkListeners(kafka)
  checkConfig(kafka, nodes.brokers)
  return { version, nodes }
}

const volumesOf = (storage: Storage | undefined): Storage[] => storage?.volumes ?? (storage ? [storage] : [])

export const isEphemeral = (pool: NodePool): boolean =>
  volumesOf(pool.spec?.storage).every(volume => volume.type === 'ephemeral')

/** Whether the data goes with the cluster. */
export const losesData = (pool: NodePool): boolean =>
  volumesOf(pool.spec?.storage).every(volume => volume.type === 'ephemeral' || volume.deleteClaim === true)

/** Warnings of KafkaSpecChecker. */
export function warnings(kafka: Kafka, pools: readonly NodePool[], nodes: Nodes): Condition[] {
  const config = kafka.spec?.kafka.config ?? {}
  const warning = (reason: string, message: string): Condition => ({ type: 'Warning', status: 'True', reason, message })
  const unset = (name: string): string =>
    `${name} option is not configured. It defaults to 1 which does not guarantee reliability and availability. You should configure this option in .spec.kafka.config.`
  const ephemeral = (role: string): boolean =>
    pools.some(pool => pool.spec?.roles.includes(role) && pool.spec.replicas > 0 && isEphemeral(pool))
  const result: Condition[] = []
  if (nodes.brokers > 1 && config['default.replication.factor'] === undefined) {
    result.push(warning('KafkaDefaultReplicationFactor', unset('default.replication.factor')))
  }
  if (nodes.brokers > 1 && config['min.insync.replicas'] === undefined) {
    result.push(warning('KafkaMinInsyncReplicas', unset('min.insync.replicas')))
  }
  if (nodes.brokers === 1 && ephemeral('broker')) {
    const message =
      'A Kafka cluster with a single broker node and ephemeral storage will lose topic messages after any restart or rolling update.'
    result.push(warning('KafkaStorage', message))
  }
  if (nodes.controllers === 1 && ephemeral('controller')) {
    const message =
      'A Kafka cluster with a single controller node and ephemeral storage will lose data after any restart or rolling update.'
    result.push(warning('KafkaStorage', message))
  }
  if (nodes.controllers > 1 && nodes.controllers % 2 === 0) {
    const message =
      nodes.controllers === 2
        ? 'Running KRaft controller quorum with two nodes is not advisable as both nodes will be needed to avoid downtime. It is recommended that a minimum of three nodes are used.'
        : 'Running KRaft controller quorum with an odd number of nodes is recommended.'
    result.push(warning('KafkaKRaftControllerNodeCount', message))
  }
  return result
}
