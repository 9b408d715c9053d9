import type { PlatformSpec, PlatformStatus } from '../../src/contracts/generated/platform.ts'
import { API_VERSION, KIND } from '../../src/contracts/platform/names.ts'
import type { KubeObject } from '../kube/objects.ts'

export interface Platform extends KubeObject {
  metadata: KubeObject['metadata'] & { namespace: string; uid: string; generation: number }
  spec: PlatformSpec
  status?: PlatformStatus
}

export const FIELD_MANAGER = 'todo-event-platform'
export const FINALIZER = 'todo.events/platform'
export const PLATFORM_LABEL = 'todo.events/platform'
/** Children may live in Kafka's namespace: this label leads back. */
export const PLATFORM_NAMESPACE_LABEL = 'todo.events/platform-namespace'
/** Hash of what we wanted when we wrote last: tells a changed spec from a changed child. */
export const HASH_ANNOTATION = 'todo.events/desired-hash'
/** On a Deployment whose replicas are not ours to set: `autoscaled`, or the number an autoscaler left behind. */
export const REPLICAS_ANNOTATION = 'todo.events/replicas'
export const AUTOSCALED = 'autoscaled'
export const RECONCILE_ANNOTATION = 'todo.events/reconcile-requested-at'

export const platformKey = (namespace: string, name: string): string => `${namespace}/${name}`

export const KINDS = {
  platform: { apiVersion: API_VERSION, kind: KIND },
  kafka: { apiVersion: 'kafka.strimzi.io/v1', kind: 'Kafka' },
  nodePool: { apiVersion: 'kafka.strimzi.io/v1', kind: 'KafkaNodePool' },
  topic: { apiVersion: 'kafka.strimzi.io/v1', kind: 'KafkaTopic' },
  user: { apiVersion: 'kafka.strimzi.io/v1', kind: 'KafkaUser' },
  component: { apiVersion: 'dapr.io/v1alpha1', kind: 'Component' },
  configuration: { apiVersion: 'dapr.io/v1alpha1', kind: 'Configuration' },
  resiliency: { apiVersion: 'dapr.io/v1alpha1', kind: 'Resiliency' },
  subscription: { apiVersion: 'dapr.io/v2alpha1', kind: 'Subscription' },
  redpanda: { apiVersion: 'cluster.redpanda.com/v1alpha2', kind: 'Redpanda' },
  redpandaTopic: { apiVersion: 'cluster.redpanda.com/v1alpha2', kind: 'Topic' },
  redpandaUser: { apiVersion: 'cluster.redpanda.com/v1alpha2', kind: 'User' },
  postgres: { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster' },
  secret: { apiVersion: 'v1', kind: 'Secret' },
  serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount' },
  service: { apiVersion: 'v1', kind: 'Service' },
  deployment: { apiVersion: 'apps/v1', kind: 'Deployment' },
  job: { apiVersion: 'batch/v1', kind: 'Job' },
  pod: { apiVersion: 'v1', kind: 'Pod' },
  disruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  networkPolicy: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  ingress: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
  httpRoute: { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
  podAutoscaler: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  verticalPodAutoscaler: { apiVersion: 'autoscaling.k8s.io/v1', kind: 'VerticalPodAutoscaler' },
  scaledObject: { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' },
  triggerAuthentication: { apiVersion: 'keda.sh/v1alpha1', kind: 'TriggerAuthentication' },
  podMonitor: { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor' },
  prometheusRule: { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' },
  objectStore: { apiVersion: 'barmancloud.cnpg.io/v1', kind: 'ObjectStore' },
  scheduledBackup: { apiVersion: 'postgresql.cnpg.io/v1', kind: 'ScheduledBackup' },
} as const

/** Kinds that are read and never written. */
const READ_ONLY: readonly unknown[] = [KINDS.platform, KINDS.redpanda, KINDS.pod]

/** Every kind of child we write, in no particular order. */
export const CHILD_KINDS = Object.values(KINDS).filter(kind => !READ_ONLY.includes(kind))
