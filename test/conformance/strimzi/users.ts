import {
  conditions,
  dataKeys,
  exists,
  NAMESPACE,
  type Place,
  type Row,
  refusal,
  statusField,
  statusKeys,
  user,
} from './row.ts'

const kind = 'KafkaUser'
const OPERATOR = 'KafkaUserOperator'
const acl = (resource: object, operations: string[], more: object = {}) => ({ resource, operations, ...more })
const scram = { authentication: { type: 'scram-sha-512' } }
const acls = [
  acl({ type: 'topic', name: 'orders', patternType: 'literal' }, ['Read', 'Describe']),
  acl({ type: 'cluster' }, ['DescribeConfigs']),
  acl({ type: 'transactionalId', name: 'tx', patternType: 'prefix' }, ['Write']),
  acl({ type: 'topic', name: 'secret', patternType: 'literal' }, ['Read'], { type: 'deny' }),
]
const missing = {
  authentication: {
    type: 'scram-sha-512',
    password: { valueFrom: { secretKeyRef: { name: 'nope', key: 'password' } } },
  },
}
const long = 'u'.repeat(73)
const owner = (name: string) => async (place: Place) => {
  const [reference] = (await place.get('Secret', name))?.metadata?.ownerReferences ?? []
  return (
    reference &&
    `${reference.kind}/${reference.name} controller=${reference.controller} block=${reference.blockOwnerDeletion}`
  )
}
const finalizers = async (place: Place) => (await place.get(kind, 'scram'))?.metadata?.finalizers ?? []

/** KafkaUser. */
export const USERS: readonly Row[] = [
  {
    name: 'scram-sha-512',
    rule: OPERATOR,
    steps: [{ create: user('scram', scram) }],
    look: conditions(kind, 'scram'),
    expect: ['Ready True'],
  },
  {
    name: 'scram-sha-512: status',
    rule: 'KafkaUserStatus',
    steps: [],
    look: statusKeys(kind, 'scram'),
    expect: ['conditions', 'observedGeneration', 'secret', 'username'],
  },
  {
    name: 'scram-sha-512: secret',
    rule: 'KafkaUserModel',
    steps: [],
    look: dataKeys('scram'),
    expect: ['password', 'sasl.jaas.config'],
  },
  {
    name: 'scram-sha-512: owner of the secret',
    rule: 'KafkaUserModel',
    steps: [],
    look: owner('scram'),
    expect: 'KafkaUser/scram controller=false block=true',
  },
  { name: 'scram-sha-512: no finalizer', rule: OPERATOR, steps: [], look: finalizers, expect: [] },
  {
    name: 'scram-sha-512: username',
    rule: 'KafkaUserModel',
    steps: [],
    look: statusField(kind, 'scram', 'username'),
    expect: 'scram',
  },
  {
    name: 'deleted, the user is gone',
    rule: OPERATOR,
    steps: [{ create: user('leaving', scram) }, { delete: kind, name: 'leaving' }],
    look: exists(kind, 'leaving'),
    expect: false,
  },
  {
    name: 'deleted, so is the secret',
    rule: OPERATOR,
    steps: [{ until: async place => (await place.get('Secret', 'leaving')) === undefined }],
    look: exists('Secret', 'leaving'),
    expect: false,
  },
  {
    name: 'tls',
    rule: OPERATOR,
    steps: [{ create: user('tls', { authentication: { type: 'tls' } }) }],
    look: conditions(kind, 'tls'),
    expect: ['Ready True'],
  },
  {
    name: 'tls: username',
    rule: 'KafkaUserModel',
    steps: [],
    look: statusField(kind, 'tls', 'username'),
    expect: 'CN=tls',
  },
  {
    name: 'tls: the secret comes back',
    rule: OPERATOR,
    steps: [
      { delete: 'Secret', name: 'tls' },
      { until: async place => (await place.get('Secret', 'tls')) !== undefined },
    ],
    look: exists('Secret', 'tls'),
    expect: true,
  },
  {
    name: 'tls-external',
    rule: OPERATOR,
    steps: [
      { create: user('external', { authentication: { type: 'tls-external' }, quotas: { producerByteRate: 1024 } }) },
    ],
    look: conditions(kind, 'external'),
    expect: ['Ready True'],
  },
  {
    name: 'tls-external: username',
    rule: 'KafkaUserModel',
    steps: [],
    look: statusField(kind, 'external', 'username'),
    expect: 'CN=external',
  },
  {
    name: 'tls-external: no secret',
    rule: 'KafkaUserModel',
    steps: [],
    look: exists('Secret', 'external'),
    expect: false,
  },
  {
    name: 'an empty spec',
    rule: OPERATOR,
    steps: [{ create: user('bare') }],
    look: conditions(kind, 'bare'),
    expect: ['Ready True'],
  },
  {
    name: 'an empty spec: status',
    rule: 'KafkaUserStatus',
    steps: [],
    look: statusKeys(kind, 'bare'),
    expect: ['conditions', 'observedGeneration', 'username'],
  },
  {
    name: 'ACLs of cluster, transactionalId, deny',
    rule: 'SimpleAclOperator',
    steps: [{ create: user('rules', { ...scram, authorization: { type: 'simple', acls } }) }],
    look: conditions(kind, 'rules'),
    expect: ['Ready True'],
  },
  {
    name: 'a password from a secret that is not there',
    rule: 'KafkaUserModel',
    steps: [{ create: user('lost', missing) }],
    look: conditions(kind, 'lost'),
    expect: [
      `NotReady True ExecutionException java.util.concurrent.CompletionException: io.strimzi.operator.common.model.InvalidResourceException: Secret nope in namespace ${NAMESPACE} not found`,
    ],
  },
  {
    name: 'a refused user: no username',
    rule: 'KafkaUserStatus',
    steps: [],
    look: statusKeys(kind, 'lost'),
    expect: ['conditions', 'observedGeneration'],
  },
  {
    name: 'tls, a name of 73 characters',
    rule: 'KafkaUserModel',
    steps: [{ create: user(long, { authentication: { type: 'tls' } }) }],
    look: conditions(kind, long),
    expect: [
      'NotReady True ExecutionException io.strimzi.operator.common.ReconciliationException: io.strimzi.operator.common.model.InvalidResourceException: Users with TLS client authentication can have a username (name of the KafkaUser custom resource) only up to 64 characters long.',
    ],
  },
  {
    name: 'paused at creation',
    rule: 'strimzi.io/pause-reconciliation',
    steps: [{ create: user('paused-user', scram, { annotations: { 'strimzi.io/pause-reconciliation': 'true' } }) }],
    look: conditions(kind, 'paused-user'),
    expect: ['ReconciliationPaused True'],
  },
  {
    name: 'paused at creation: nothing observed',
    rule: 'strimzi.io/pause-reconciliation',
    steps: [],
    look: statusField(kind, 'paused-user', 'observedGeneration'),
    expect: 0,
  },
  {
    name: 'an operation there is not',
    rule: 'CRD',
    steps: [],
    look: refusal(
      user('odd', { authorization: { type: 'simple', acls: [acl({ type: 'cluster' }, ['Nonsense'])] } }),
      /Unsupported value: "Nonsense": supported values: "Read", "Write"/,
    ),
    expect: 'Unsupported value: "Nonsense": supported values: "Read", "Write"',
  },
  {
    name: 'an authentication there is not',
    rule: 'CRD',
    steps: [],
    look: refusal(user('odd', { authentication: { type: 'nonsense' } }), /Unsupported value: "nonsense"/),
    expect: 'Unsupported value: "nonsense"',
  },
]
