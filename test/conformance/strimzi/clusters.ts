import {
  CLUSTER,
  conditions,
  finalizers,
  kafka,
  LISTENER,
  NAMESPACE,
  type Place,
  pool,
  type Row,
  refusal,
  statusField,
  statusKeys,
} from './row.ts'

const kind = 'Kafka'
const ASSEMBLY = 'KafkaAssemblyOperator'
const invalid = (message: string): string => `NotReady True InvalidResourceException ${message}`
const cluster = (name: string, spec: object = {}, nodes: object = {}) => [
  { create: pool(`${name}-pool`, name, nodes) },
  { create: kafka(name, spec) },
]
const listener = (field: 'name' | 'bootstrapServers') => async (place: Place) => {
  const [first] = ((await place.get(kind, CLUSTER))?.status?.['listeners'] ?? []) as Record<string, string>[]
  return first?.[field]
}

/** Kafka and KafkaNodePool. The cluster of the other tables is up and has one dual-role node with ephemeral storage. */
export const CLUSTERS: readonly Row[] = [
  {
    name: 'ready, one ephemeral node: warned of, and Ready',
    rule: 'KafkaSpecChecker',
    steps: [],
    look: conditions(kind, CLUSTER),
    expect: [
      'Warning True KafkaStorage A Kafka cluster with a single broker node and ephemeral storage will lose topic messages after any restart or rolling update.',
      'Warning True KafkaStorage A Kafka cluster with a single controller node and ephemeral storage will lose data after any restart or rolling update.',
      'Ready True',
    ],
  },
  {
    name: 'status when ready',
    rule: 'KafkaStatus',
    steps: [],
    look: statusKeys(kind, CLUSTER),
    expect: [
      'clusterId',
      'clusterSecurity',
      'conditions',
      'kafkaMetadataVersion',
      'kafkaNodePools',
      'kafkaVersion',
      'listeners',
      'observedGeneration',
      'operatorLastSuccessfulVersion',
    ],
  },
  {
    name: 'metadata version',
    rule: 'KafkaStatus',
    steps: [],
    look: statusField(kind, CLUSTER, 'kafkaMetadataVersion'),
    expect: '4.3-IV0',
  },
  {
    name: 'operator version',
    rule: 'KafkaStatus',
    steps: [],
    look: statusField(kind, CLUSTER, 'operatorLastSuccessfulVersion'),
    expect: '1.2.0',
  },
  {
    name: 'pools in the status',
    rule: 'KafkaStatus',
    steps: [],
    look: statusField(kind, CLUSTER, 'kafkaNodePools'),
    expect: '[{"name":"dual"}]',
  },
  { name: 'listener by name', rule: 'ListenerStatus', steps: [], look: listener('name'), expect: 'tls' },
  {
    name: 'bootstrap servers',
    rule: 'ListenerStatus',
    steps: [],
    look: listener('bootstrapServers'),
    expect: `${CLUSTER}-kafka-bootstrap.${NAMESPACE}.svc:9093`,
  },
  { name: 'no finalizer on Kafka', rule: ASSEMBLY, steps: [], look: finalizers(kind, CLUSTER), expect: [] },
  { name: 'no finalizer on a pool', rule: ASSEMBLY, steps: [], look: finalizers('KafkaNodePool', 'dual'), expect: [] },
  {
    name: 'pool: no conditions',
    rule: 'KafkaNodePoolStatus',
    steps: [],
    look: conditions('KafkaNodePool', 'dual'),
    expect: [],
  },
  {
    name: 'pool: nodes',
    rule: 'KafkaNodePoolStatus',
    steps: [],
    look: statusField('KafkaNodePool', 'dual', 'nodeIds'),
    expect: '[0]',
  },
  {
    name: 'a version that is not supported',
    rule: 'KafkaVersion.Lookup',
    steps: cluster('old', { version: '3.9.0' }),
    look: conditions(kind, 'old'),
    expect: [
      'NotReady True UnsupportedKafkaVersionException Unsupported Kafka.spec.kafka.version: 3.9.0. Supported versions are: [4.2.0, 4.2.1, 4.3.0, 4.3.1]',
    ],
  },
  {
    name: 'no pool',
    rule: ASSEMBLY,
    steps: [{ create: kafka('poolless') }],
    look: conditions(kind, 'poolless'),
    expect: ['NotReady True InvalidConfigurationException No KafkaNodePools found for Kafka cluster poolless'],
  },
  {
    name: 'no controller',
    rule: 'KRaftUtils',
    steps: cluster('headless', {}, { roles: ['broker'] }),
    look: conditions(kind, 'headless'),
    expect: [
      invalid(
        'The Kafka cluster headless is invalid: [At least one KafkaNodePool with the controller role and at least one replica is required when KRaft mode is enabled]',
      ),
    ],
  },
  {
    name: 'no controller: the pool has no status',
    rule: 'KRaftUtils',
    steps: [],
    look: statusKeys('KafkaNodePool', 'headless-pool'),
    expect: [],
  },
  {
    name: 'a replication factor above the brokers',
    rule: 'KafkaConfiguration',
    steps: cluster('thin', { config: { 'default.replication.factor': 3 } }),
    look: conditions(kind, 'thin'),
    expect: [
      invalid(
        "Kafka configuration option 'default.replication.factor' should be set to 1 because this cluster has only 1 Kafka broker(s).",
      ),
    ],
  },
  {
    name: 'a config that is no int',
    rule: 'KafkaConfiguration.validate',
    steps: cluster('wordy', { config: { 'num.partitions': 'abc' } }),
    look: conditions(kind, 'wordy'),
    expect: [
      invalid(
        `Kafka ${NAMESPACE}/wordy has invalid spec.kafka.config: num.partitions has value 'abc' which is not an int`,
      ),
    ],
  },
  {
    name: 'two listeners of one name',
    rule: 'ListenersValidator',
    steps: cluster('twins', { listeners: [LISTENER, { ...LISTENER, port: 9094 }] }),
    look: conditions(kind, 'twins'),
    expect: [invalid('Listener configuration is not valid: [every listener needs to have a unique name]')],
  },
  {
    name: 'paused at creation',
    rule: 'strimzi.io/pause-reconciliation',
    steps: [{ create: kafka('paused', {}, { annotations: { 'strimzi.io/pause-reconciliation': 'true' } }) }],
    look: conditions(kind, 'paused'),
    expect: ['ReconciliationPaused True'],
  },
  {
    name: 'paused at creation: nothing observed',
    rule: 'strimzi.io/pause-reconciliation',
    steps: [],
    look: statusField(kind, 'paused', 'observedGeneration'),
    expect: 0,
  },
  {
    name: 'a listener on a port of Strimzi’s own',
    rule: 'CRD',
    steps: [],
    look: refusal(
      kafka('low', { listeners: [{ ...LISTENER, port: 9091 }] }),
      /should be greater than or equal to 9092/,
    ),
    expect: 'should be greater than or equal to 9092',
  },
  {
    name: 'no listener',
    rule: 'CRD',
    steps: [],
    look: refusal(kafka('deaf', { listeners: [] }), /should have at least 1 items/),
    expect: 'should have at least 1 items',
  },
]
