import type { Refusal } from '../errors.ts'
import { KINDS } from '../platform.ts'

/** Options that Strimzi sets itself and drops with a mere log line (api/…/KafkaClusterSpec.java, FORBIDDEN_PREFIXES). */
const FORBIDDEN = [
  'listeners',
  'advertised.',
  'broker.',
  'listener.',
  'host.name',
  'port',
  'inter.broker.listener.name',
  'sasl.',
  'ssl.',
  'security.',
  'password.',
  'log.dir',
  'zookeeper.',
  'authorizer.',
  'super.user',
  'node.id',
  'process.roles',
  'controller.',
  'metadata.log.dir',
  'cordoned.log.dirs',
  'cruise.control.metrics.topic',
  'prometheus.metrics.reporter.',
  'client.quota.callback.static.',
]
const ALLOWED = [
  'sasl.server.max.receive.size',
  'ssl.cipher.suites',
  'ssl.protocol',
  'ssl.enabled.protocols',
  'broker.session.timeout.ms',
  'broker.heartbeat.interval.ms',
  'controller.quorum.election.backoff.max.ms',
  'controller.quorum.election.timeout.ms',
  'controller.quorum.fetch.timeout.ms',
]

const isForbidden = (option: string): boolean =>
  !ALLOWED.includes(option) && FORBIDDEN.some(prefix => option.startsWith(prefix))

/** Broker configuration without what Strimzi would drop, and a word about each option dropped. */
export function refuseConfig(
  config: Record<string, unknown>,
  cluster: string,
): { config: Record<string, unknown>; refused: Refusal[] } {
  const forbidden = Object.keys(config).filter(isForbidden)
  return {
    config: Object.fromEntries(Object.entries(config).filter(([option]) => !forbidden.includes(option))),
    refused: forbidden.map(option => ({
      code: 'TEP-SPEC-KAFKA-CONFIG',
      field: `spec.kafka.strimzi.config["${option}"]`,
      message: `Strimzi manages ${option} itself and would drop it; remove it`,
      kind: KINDS.kafka.kind,
      name: cluster,
    })),
  }
}
