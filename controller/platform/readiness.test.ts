import type { KubeObject } from '../kube/objects.ts'
import { readinessOf } from './readiness.ts'

const object = (kind: string, status: object | undefined, spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'x', generation: 2 },
  spec,
  ...(status && { status }),
})
const condition = (type: string, status: string, reason = '', message = '') => ({ type, status, reason, message })
const seen = { observedGeneration: 2 }

/** Shapes as the operators write them: they differ by kind. */
test.each([
  [
    'Kafka that is being created',
    object('Kafka', {
      ...seen,
      conditions: [condition('NotReady', 'True', 'Creating', 'Kafka cluster is being deployed')],
    }),
    'Creating',
  ],
  [
    'Kafka with a warning beside Ready',
    object('Kafka', {
      ...seen,
      conditions: [condition('Warning', 'True', 'KafkaStorage'), condition('Ready', 'True')],
    }),
    'Ready',
  ],
  [
    'Kafka that has not seen the newest spec',
    object('Kafka', { observedGeneration: 1, conditions: [condition('Ready', 'True')] }),
    'Reconciling',
  ],
  [
    'paused Kafka',
    object('Kafka', { observedGeneration: 0, conditions: [condition('ReconciliationPaused', 'True')] }),
    'ReconciliationPaused',
  ],
  [
    'topic that was refused',
    object('KafkaTopic', {
      ...seen,
      conditions: [condition('Ready', 'False', 'NotSupported', 'Decreasing partitions not supported')],
    }),
    'NotSupported',
  ],
  ['unmanaged topic', object('KafkaTopic', { ...seen, conditions: [condition('Unmanaged', 'True')] }), 'Ready'],
  [
    'user with a missing secret',
    object('KafkaUser', { ...seen, conditions: [condition('NotReady', 'True', 'ExecutionException')] }),
    'ExecutionException',
  ],
  ['user nobody looked at', object('KafkaUser', undefined), 'Reconciling'],
  ['node pool without nodes', object('KafkaNodePool', { ...seen, nodeIds: [] }, { replicas: 1 }), 'Scaling'],
  ['node pool with its nodes', object('KafkaNodePool', { ...seen, nodeIds: [0] }, { replicas: 1 }), 'Ready'],
  [
    'deployment in the middle of a roll',
    object('Deployment', { ...seen, replicas: 2, updatedReplicas: 1, availableReplicas: 2 }, { replicas: 1 }),
    'RollingOut',
  ],
  [
    'deployment whose pods are not ready',
    object('Deployment', { ...seen, replicas: 1, updatedReplicas: 1 }, { replicas: 1 }),
    'PodsNotReady',
  ],
  [
    'deployment past its deadline',
    object(
      'Deployment',
      { ...seen, conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded')] },
      { replicas: 1 },
    ),
    'ProgressDeadlineExceeded',
  ],
  [
    'deployment at rest',
    object('Deployment', { ...seen, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }, { replicas: 1 }),
    'Ready',
  ],
  [
    'failed job',
    object('Job', { conditions: [condition('Failed', 'True', 'BackoffLimitExceeded')] }),
    'BackoffLimitExceeded',
  ],
  ['done job', object('Job', { conditions: [condition('Complete', 'True')] }), 'Ready'],
  ['database that sets up', object('Cluster', { phase: 'Setting up primary' }), 'Settingupprimary'],
  ['kind without status', object('Secret', undefined), 'Ready'],
])('%s', (_name, given, reason) => {
  expect(readinessOf(given)).toMatchObject({ reason, ready: reason === 'Ready' })
})
