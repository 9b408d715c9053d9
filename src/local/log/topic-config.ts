import { LogError } from './errors.ts'

type Rule = 'LONG' | 'INT' | 'DOUBLE' | 'BOOLEAN' | 'LIST' | readonly string[]

/** Topic-level options of Kafka 4.3 (org.apache.kafka.storage.internals.log.LogConfig) and what each accepts. */
const RULES: Record<string, Rule> = {
  'cleanup.policy': ['compact', 'delete'],
  'compression.gzip.level': 'INT',
  'compression.lz4.level': 'INT',
  'compression.type': ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
  'compression.zstd.level': 'INT',
  'delete.retention.ms': 'LONG',
  'file.delete.delay.ms': 'LONG',
  'flush.messages': 'LONG',
  'flush.ms': 'LONG',
  'follower.replication.throttled.replicas': 'LIST',
  'index.interval.bytes': 'INT',
  'leader.replication.throttled.replicas': 'LIST',
  'local.retention.bytes': 'LONG',
  'local.retention.ms': 'LONG',
  'max.compaction.lag.ms': 'LONG',
  'max.message.bytes': 'INT',
  'message.timestamp.after.max.ms': 'LONG',
  'message.timestamp.before.max.ms': 'LONG',
  'message.timestamp.type': ['CreateTime', 'LogAppendTime'],
  'min.cleanable.dirty.ratio': 'DOUBLE',
  'min.compaction.lag.ms': 'LONG',
  'min.insync.replicas': 'INT',
  preallocate: 'BOOLEAN',
  'remote.log.copy.disable': 'BOOLEAN',
  'remote.log.delete.on.disable': 'BOOLEAN',
  'remote.storage.enable': 'BOOLEAN',
  'retention.bytes': 'LONG',
  'retention.ms': 'LONG',
  'segment.bytes': 'INT',
  'segment.index.bytes': 'INT',
  'segment.jitter.ms': 'LONG',
  'segment.ms': 'LONG',
  'unclean.leader.election.enable': 'BOOLEAN',
}

export const DEFAULT_RETENTION_MS = 7 * 24 * 60 * 60 * 1000

const invalid = (name: string, value: string, why: string): LogError =>
  new LogError('InvalidConfigurationException', `Invalid value ${value} for configuration ${name}: ${why}`)

function check(name: string, value: string, rule: Rule): void {
  if (typeof rule !== 'string') {
    const bad = value.split(',').find(part => !rule.includes(part.trim()))
    if (bad !== undefined) throw invalid(name, bad.trim(), `String must be one of: ${rule.join(', ')}`)
  } else if (rule === 'LONG' || rule === 'INT') {
    if (!/^-?\d+$/.test(value)) throw invalid(name, value, `Not a number of type ${rule}`)
  } else if (rule === 'DOUBLE') {
    if (value.trim() === '' || Number.isNaN(Number(value))) throw invalid(name, value, 'Not a number of type DOUBLE')
  } else if (rule === 'BOOLEAN' && !/^(true|false)$/i.test(value)) {
    throw invalid(name, value, 'Expected value to be either true or false')
  }
}

/**
 * Topic configuration as Kafka stores it: strings. Numbers and booleans of a resource are accepted, as Strimzi does.
 *
 * @throws LogError `InvalidConfigurationException` naming the option and, for a known one, the value and what is allowed
 */
export function topicConfig(config: Record<string, unknown>): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, raw] of Object.entries(config)) {
    const rule = RULES[name]
    if (rule === undefined) {
      throw new LogError('InvalidConfigurationException', `Unknown topic config name: ${name}`)
    }
    const value = Array.isArray(raw) ? raw.join(',') : String(raw)
    check(name, value, rule)
    result[name] = value
  }
  return result
}

/** @throws LogError `InvalidTopicException` (org.apache.kafka.common.internals.Topic.validate) */
export function checkTopicName(name: string): void {
  const refuse = (why: string): never => {
    throw new LogError('InvalidTopicException', `Topic name is invalid: ${why}`)
  }
  if (name === '') refuse('the empty string is not allowed')
  if (name === '.' || name === '..') refuse(`'${name}' is not allowed`)
  if (name.length > 249) refuse(`the length of '${name}' is longer than the max allowed length 249`)
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    refuse(`'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`)
  }
}
