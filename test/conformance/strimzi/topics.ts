import { conditions, exists, finalizers, NAMESPACE, type Row, refusal, statusField, statusKeys, topic } from './row.ts'

const kind = 'KafkaTopic'
const error = (name: string): string => `Ready False KafkaError org.apache.kafka.common.errors.${name}`
const merge = (name: string, spec: object) => ({ kind, name, merge: { spec } })
const FINALIZER = 'strimzi.io/topic-operator'
const BATCHING = 'BatchingTopicController'

const made = topic('made')
const grown = [{ create: topic('grown', { partitions: 2, replicas: 1 }) }, merge('grown', { partitions: 5 })]
const shrunk = [{ create: topic('shrunk', { partitions: 5, replicas: 1 }) }, merge('shrunk', { partitions: 1 })]
const replicated = [
  { create: topic('replicated', { partitions: 5, replicas: 1 }) },
  merge('replicated', { replicas: 2 }),
]
const unknown = [{ create: topic('unknown-key', { config: { 'no.such.key': 'x' } }) }]
const renamed = [{ create: topic('renamed', { topicName: 'renamed' }) }, merge('renamed', { topicName: 'other' })]
const nonsense = [{ create: topic('nonsense', { config: { 'cleanup.policy': 'nonsense' } }) }]
const three = [{ create: topic('three', { replicas: 3 }) }]
const paused = [{ create: topic('paused', {}, { annotations: { 'strimzi.io/pause-reconciliation': 'true' } }) }]
const unmanaged = [{ create: topic('unmanaged', {}, { annotations: { 'strimzi.io/managed': 'false' } }) }]
const rivals = [
  { create: topic('first', { topicName: 'shared' }) },
  { create: topic('second', { topicName: 'shared' }) },
]
const homeless = [{ create: topic('homeless', {}, { labels: {} }) }]

/** KafkaTopic. */
export const TOPICS: readonly Row[] = [
  {
    name: 'an empty spec',
    rule: BATCHING,
    steps: [{ create: made }],
    look: conditions(kind, 'made'),
    expect: ['Ready True'],
  },
  {
    name: 'status of an empty spec',
    rule: 'KafkaTopicStatus',
    steps: [{ create: topic('kept') }],
    look: statusKeys(kind, 'kept'),
    expect: ['conditions', 'observedGeneration', 'topicId', 'topicName'],
  },
  {
    name: 'finalizer of a managed topic',
    rule: 'spec.finalizers',
    steps: [{ create: topic('held') }],
    look: finalizers(kind, 'held'),
    expect: [FINALIZER],
  },
  {
    name: 'the name of the topic is the resource’s',
    rule: 'TopicOperatorUtil.topicName',
    steps: [{ create: topic('named') }],
    look: statusField(kind, 'named', 'topicName'),
    expect: 'named',
  },
  {
    name: 'topicName says otherwise',
    rule: 'TopicOperatorUtil.topicName',
    steps: [{ create: topic('aliased', { topicName: 'Alias_1' }) }],
    look: statusField(kind, 'aliased', 'topicName'),
    expect: 'Alias_1',
  },
  { name: 'more partitions', rule: BATCHING, steps: grown, look: conditions(kind, 'grown'), expect: ['Ready True'] },
  {
    name: 'fewer partitions',
    rule: BATCHING,
    steps: shrunk,
    look: conditions(kind, 'shrunk'),
    expect: ['Ready False NotSupported Decreasing partitions not supported'],
  },
  {
    name: 'fewer partitions, put back',
    rule: BATCHING,
    steps: [
      { create: topic('restored', { partitions: 5, replicas: 1 }) },
      merge('restored', { partitions: 1 }),
      merge('restored', { partitions: 5 }),
    ],
    look: conditions(kind, 'restored'),
    expect: ['Ready True'],
  },
  {
    name: 'a refused topic keeps its id',
    rule: 'KafkaTopicStatus',
    steps: [{ create: topic('stays', { partitions: 5, replicas: 1 }) }, merge('stays', { partitions: 1 })],
    look: statusKeys(kind, 'stays'),
    expect: ['conditions', 'observedGeneration', 'topicId', 'topicName'],
  },
  {
    name: 'another replication factor',
    rule: BATCHING,
    steps: replicated,
    look: conditions(kind, 'replicated'),
    expect: [
      'Ready False NotSupported Replication factor change not supported, but required for partitions [0, 1, 2, 3, 4]',
    ],
  },
  {
    name: 'a number for a config',
    rule: 'KafkaTopicSpec.config',
    steps: [{ create: topic('numeric', { config: { 'retention.ms': 1000 } }) }],
    look: conditions(kind, 'numeric'),
    expect: ['Ready True'],
  },
  {
    name: 'an unknown config',
    rule: BATCHING,
    steps: unknown,
    look: conditions(kind, 'unknown-key'),
    expect: [`${error('InvalidConfigurationException')}: Unknown topic config name: no.such.key`],
  },
  {
    name: 'an unknown config, removed',
    rule: BATCHING,
    steps: [
      { create: topic('cured', { config: { 'no.such.key': 'x' } }) },
      merge('cured', { config: { 'no.such.key': null } }),
    ],
    look: conditions(kind, 'cured'),
    expect: ['Ready True'],
  },
  {
    name: 'a config that is no number',
    rule: BATCHING,
    steps: [{ create: topic('wordy', { config: { 'retention.ms': 'abc' } }) }],
    look: conditions(kind, 'wordy'),
    expect: [
      `${error('InvalidConfigurationException')}: Invalid value abc for configuration retention.ms: Not a number of type LONG`,
    ],
  },
  {
    name: 'a config that is none of its words',
    rule: BATCHING,
    steps: nonsense,
    look: conditions(kind, 'nonsense'),
    expect: [
      `${error('InvalidConfigurationException')}: Invalid value nonsense for configuration cleanup.policy: String must be one of: compact, delete`,
    ],
  },
  {
    name: 'a topic that was never made has a name and no id',
    rule: 'KafkaTopicStatus',
    steps: [{ create: topic('never', { config: { 'cleanup.policy': 'nonsense' } }) }],
    look: statusKeys(kind, 'never'),
    expect: ['conditions', 'observedGeneration', 'topicName'],
  },
  {
    name: 'another topicName',
    rule: BATCHING,
    steps: renamed,
    look: conditions(kind, 'renamed'),
    expect: ['Ready False NotSupported Changing spec.topicName is not supported'],
  },
  {
    name: 'another topicName: the old one is told',
    rule: BATCHING,
    steps: [{ create: topic('renamed-too', { topicName: 'before' }) }, merge('renamed-too', { topicName: 'after' })],
    look: statusField(kind, 'renamed-too', 'topicName'),
    expect: 'before',
  },
  {
    name: 'another topicName: no id',
    rule: BATCHING,
    steps: [{ create: topic('renamed-three', { topicName: 'was' }) }, merge('renamed-three', { topicName: 'is' })],
    look: statusKeys(kind, 'renamed-three'),
    expect: ['conditions', 'observedGeneration', 'topicName'],
  },
  {
    name: 'more replicas than brokers',
    rule: 'InvalidReplicationFactorException',
    steps: three,
    look: conditions(kind, 'three'),
    expect: [
      `${error('InvalidReplicationFactorException')}: Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.`,
    ],
  },
  {
    name: 'a name Kafka does not take',
    rule: 'InvalidTopicException',
    steps: [{ create: topic('bad-name', { topicName: 'bad name!' }) }],
    look: conditions(kind, 'bad-name'),
    expect: [
      `${error('InvalidTopicException')}: Topic name is invalid: 'bad name!' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`,
    ],
  },
  {
    name: 'two resources for one topic: the second',
    rule: 'ResourceConflict',
    steps: rivals,
    look: conditions(kind, 'second'),
    expect: [`Ready False ResourceConflict Managed by Ref{namespace='${NAMESPACE}', name='first'}`],
  },
  {
    name: 'two resources for one topic: the first',
    rule: 'ResourceConflict',
    steps: [],
    look: conditions(kind, 'first'),
    expect: ['Ready True'],
  },
  {
    name: 'two resources for one topic: no finalizer for the second',
    rule: 'ResourceConflict',
    steps: [],
    look: finalizers(kind, 'second'),
    expect: [],
  },
  {
    name: 'without the cluster’s label: no status',
    rule: 'strimzi.io/cluster',
    steps: homeless,
    look: statusKeys(kind, 'homeless'),
    expect: [],
  },
  {
    name: 'without the cluster’s label: no finalizer',
    rule: 'strimzi.io/cluster',
    steps: [],
    look: finalizers(kind, 'homeless'),
    expect: [],
  },
  {
    name: 'paused at creation',
    rule: 'strimzi.io/pause-reconciliation',
    steps: paused,
    look: conditions(kind, 'paused'),
    expect: ['ReconciliationPaused True'],
  },
  {
    name: 'paused: named',
    rule: 'strimzi.io/pause-reconciliation',
    steps: [],
    look: statusField(kind, 'paused', 'topicName'),
    expect: 'paused',
  },
  {
    name: 'paused: no finalizer',
    rule: 'strimzi.io/pause-reconciliation',
    steps: [],
    look: finalizers(kind, 'paused'),
    expect: [],
  },
  {
    name: 'unmanaged at creation',
    rule: 'strimzi.io/managed',
    steps: unmanaged,
    look: conditions(kind, 'unmanaged'),
    expect: ['Unmanaged True'],
  },
  {
    name: 'unmanaged: no name',
    rule: 'strimzi.io/managed',
    steps: [],
    look: statusField(kind, 'unmanaged', 'topicName'),
    expect: undefined,
  },
  {
    name: 'unmanaged: no finalizer',
    rule: 'strimzi.io/managed',
    steps: [],
    look: finalizers(kind, 'unmanaged'),
    expect: [],
  },
  {
    name: 'no partitions',
    rule: 'CRD',
    steps: [],
    look: refusal(topic('none', { partitions: 0 }), /spec\.partitions in body should be greater than or equal to 1/),
    expect: 'spec.partitions in body should be greater than or equal to 1',
  },
  {
    name: 'no replicas',
    rule: 'CRD',
    steps: [],
    look: refusal(topic('none', { replicas: 0 }), /spec\.replicas in body should be greater than or equal to 1/),
    expect: 'spec.replicas in body should be greater than or equal to 1',
  },
  {
    name: 'deleted while ready',
    rule: 'spec.finalizers',
    steps: [{ create: topic('going') }, { delete: kind, name: 'going' }],
    look: exists(kind, 'going'),
    expect: false,
  },
  {
    name: 'deleted while failed',
    rule: 'spec.finalizers',
    steps: [{ create: topic('going-bad', { config: { 'no.such.key': 'x' } }) }, { delete: kind, name: 'going-bad' }],
    look: exists(kind, 'going-bad'),
    expect: false,
  },
  {
    name: 'deleted while paused',
    rule: 'spec.finalizers',
    steps: [
      { create: topic('going-slow', {}, { annotations: { 'strimzi.io/pause-reconciliation': 'true' } }) },
      { delete: kind, name: 'going-slow' },
    ],
    look: exists(kind, 'going-slow'),
    expect: false,
  },
]
