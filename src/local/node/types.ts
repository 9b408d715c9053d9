import type { KubeObject } from '../kube-api/api.ts'

/** The fields of pods and their owners that the embedded node reads; everything else passes through untouched. */
export interface EnvVar {
  name: string
  value?: string
  valueFrom?: {
    secretKeyRef?: { name: string; key: string; optional?: boolean }
    configMapKeyRef?: { name: string; key: string; optional?: boolean }
    fieldRef?: { fieldPath: string }
  }
}

export interface Probe {
  httpGet?: { path?: string; port: number | string }
  initialDelaySeconds?: number
  periodSeconds?: number
  timeoutSeconds?: number
  failureThreshold?: number
  successThreshold?: number
}

export interface Container {
  name: string
  image: string
  command?: string[]
  args?: string[]
  env?: EnvVar[]
  envFrom?: {
    prefix?: string
    secretRef?: { name: string; optional?: boolean }
    configMapRef?: { name: string; optional?: boolean }
  }[]
  ports?: { name?: string; containerPort: number; protocol?: string }[]
  volumeMounts?: { name: string; mountPath: string }[]
  startupProbe?: Probe
  livenessProbe?: Probe
  readinessProbe?: Probe
}

export interface PodSpec {
  containers: Container[]
  restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  terminationGracePeriodSeconds?: number
  nodeName?: string
  volumes?: { name: string; emptyDir?: object; secret?: { secretName: string }; configMap?: { name: string } }[]
  [field: string]: unknown
}

export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
  lastUpdateTime?: string
}

export interface ContainerStatus {
  name: string
  ready: boolean
  started: boolean
  restartCount: number
  image: string
  imageID: string
  containerID?: string
  state: Record<string, Record<string, unknown>>
  lastState: Record<string, Record<string, unknown>>
}

export interface PodStatus {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  conditions?: Condition[]
  containerStatuses?: ContainerStatus[]
  podIP?: string
  startTime?: string
  [field: string]: unknown
}

export type Pod = KubeObject<PodSpec, PodStatus>

export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }
  spec: PodSpec
}

export interface ReplicaSetSpec {
  replicas?: number
  selector: { matchLabels: Record<string, string> }
  template: PodTemplate
}

export interface DeploymentSpec extends ReplicaSetSpec {
  paused?: boolean
  revisionHistoryLimit?: number
  progressDeadlineSeconds?: number
  strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } }
}

export interface WorkloadStatus {
  observedGeneration?: number
  replicas?: number
  readyReplicas?: number
  availableReplicas?: number
  updatedReplicas?: number
  unavailableReplicas?: number
  conditions?: Condition[]
  [field: string]: unknown
}

export type ReplicaSet = KubeObject<ReplicaSetSpec, WorkloadStatus>
export type Deployment = KubeObject<DeploymentSpec, WorkloadStatus>

export const POD = { apiVersion: 'v1', kind: 'Pod' }
export const REPLICA_SET = { apiVersion: 'apps/v1', kind: 'ReplicaSet' }
export const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' }
export const JOB = { apiVersion: 'batch/v1', kind: 'Job' }
export const SERVICE = { apiVersion: 'v1', kind: 'Service' }

export const isTerminating = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined

export const isOwnedBy =
  ({ metadata: { uid } }: KubeObject) =>
  ({ metadata }: KubeObject): boolean =>
    metadata.ownerReferences?.some(owner => owner.uid === uid) ?? false

export const isReady = (pod: Pod): boolean =>
  !isTerminating(pod) &&
  (pod.status?.conditions ?? []).some(condition => condition.type === 'Ready' && condition.status === 'True')

export const matches = (
  labels: Record<string, string> | undefined,
  selector: Record<string, string> | undefined,
): boolean =>
  selector !== undefined &&
  Object.keys(selector).length > 0 &&
  Object.entries(selector).every(([key, value]) => labels?.[key] === value)

/** RFC 3339 in whole seconds, as metav1.Time prints. */
export const timestamp = (date = new Date()): string => date.toISOString().replace(/\.\d+Z$/, 'Z')
