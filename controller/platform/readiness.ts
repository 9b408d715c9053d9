import { type Condition, conditionOf, type KubeObject } from '../kube/objects.ts'

export interface Readiness {
  ready: boolean
  /** One word in CamelCase. */
  reason: string
  message: string
}

const READY: Readiness = { ready: true, reason: 'Ready', message: '' }

const stale = ({ metadata, status }: KubeObject): Readiness | undefined =>
  status?.observedGeneration === metadata.generation
    ? undefined
    : { ready: false, reason: 'Reconciling', message: 'its operator has not seen the newest change yet' }

const waiting = (reason: string, message: string): Readiness => ({ ready: false, reason, message })

/** Failure looks differ: Kafka, KafkaUser and friends say NotReady=True, KafkaTopic says Ready=False (Strimzi StatusUtils, BatchingTopicController). */
function strimzi(object: KubeObject): Readiness {
  const paused = conditionOf(object, 'ReconciliationPaused')
  if (paused?.status === 'True')
    return waiting('ReconciliationPaused', 'paused by annotation strimzi.io/pause-reconciliation')
  const late = stale(object)
  const failed = conditionOf(object, 'NotReady')
  if (failed?.status === 'True') return waiting(failed.reason ?? 'NotReady', failed.message ?? '')
  if (late) return late
  if (conditionOf(object, 'Unmanaged')?.status === 'True') return READY
  const ready = conditionOf(object, 'Ready')
  return ready?.status === 'True'
    ? READY
    : waiting(ready?.reason ?? 'Pending', ready?.message ?? 'its operator has not reported yet')
}

function nodePool(object: KubeObject): Readiness {
  const { spec, status } = object
  return (
    stale(object) ??
    (status?.nodeIds?.length === spec?.replicas
      ? READY
      : waiting('Scaling', `${status?.nodeIds?.length ?? 0} of ${spec?.replicas} nodes`))
  )
}

function deployment(object: KubeObject): Readiness {
  const { spec, status } = object
  const wanted = spec?.replicas ?? 1
  const late = stale(object)
  if (late) return late
  const progressing = conditionOf(object, 'Progressing')
  if (progressing?.status === 'False')
    return waiting(progressing.reason ?? 'ProgressDeadlineExceeded', progressing.message ?? '')
  const updated = status?.updatedReplicas ?? 0
  const available = status?.availableReplicas ?? 0
  if (updated < wanted) return waiting('RollingOut', `${updated} of ${wanted} pods updated`)
  if ((status?.replicas ?? 0) > updated)
    return waiting('RollingOut', `${status?.replicas - updated} old pods still there`)
  return available >= wanted ? READY : waiting('PodsNotReady', `${available} of ${wanted} pods ready`)
}

function job(object: KubeObject): Readiness {
  const failed = conditionOf(object, 'Failed')
  if (failed?.status === 'True') return waiting(failed.reason ?? 'Failed', failed.message ?? 'the job failed')
  return conditionOf(object, 'Complete')?.status === 'True' ? READY : waiting('Running', 'the job is running')
}

function byReadyCondition(object: KubeObject): Readiness {
  const ready = conditionOf(object, 'Ready')
  return ready?.status === 'True'
    ? READY
    : waiting(
        ready?.reason ?? object.status?.phase?.replaceAll(' ', '') ?? 'Pending',
        ready?.message ?? object.status?.phase ?? 'its operator has not reported yet',
      )
}

/** The Redpanda operator says Ready of a Topic and Synced of a User (topic_controller.go, user_controller.go). */
const redpanda =
  (type: string) =>
  (object: KubeObject): Readiness => {
    const late = stale(object)
    const condition = conditionOf(object, type)
    if (condition?.status === 'False') return waiting(condition.reason ?? `Not${type}`, condition.message ?? '')
    if (late) return late
    return condition?.status === 'True'
      ? READY
      : waiting(condition?.reason ?? 'Pending', condition?.message ?? 'its operator has not reported yet')
  }

/** Without a recommendation yet it is as good as any; a target it cannot work with it will never have one for (VPA recommender). */
function verticalPodAutoscaler(object: KubeObject): Readiness {
  const unsupported = conditionOf(object, 'ConfigUnsupported')
  return unsupported?.status === 'True'
    ? waiting(unsupported.reason ?? 'ConfigUnsupported', unsupported.message ?? '')
    : READY
}

/** A Gateway says on the route, for each parent, whether it took it and found what it leads to. */
function httpRoute({ status }: KubeObject): Readiness {
  const parents = (status?.parents ?? []) as { conditions?: Condition[] }[]
  if (parents.length === 0) return waiting('Pending', 'no Gateway has taken the route yet')
  const bad = parents.flatMap(({ conditions = [] }) => conditions).find(({ status: value }) => value === 'False')
  return bad ? waiting(bad.reason ?? bad.type, bad.message ?? '') : READY
}

/** What "ready" means for each kind; a kind without a status is ready when it exists. */
const RULES: Record<string, (object: KubeObject) => Readiness> = {
  Kafka: strimzi,
  KafkaTopic: strimzi,
  KafkaUser: strimzi,
  KafkaNodePool: nodePool,
  Topic: redpanda('Ready'),
  User: redpanda('Synced'),
  Deployment: deployment,
  Job: job,
  Cluster: byReadyCondition,
  ScaledObject: byReadyCondition,
  VerticalPodAutoscaler: verticalPodAutoscaler,
  HTTPRoute: httpRoute,
}

export function readinessOf(object: KubeObject): Readiness {
  if (object.metadata.deletionTimestamp) return waiting('Terminating', 'it is being deleted')
  return RULES[object.kind]?.(object) ?? READY
}
