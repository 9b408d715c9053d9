import { conditionOf, type KubeObject } from '../../../controller/kube/objects.ts'
import { type Finding, inLayer, type Layer } from './finding.ts'
import type { Observation } from './observe.ts'

interface ContainerStatus {
  name: string
  restartCount?: number
  ready?: boolean
  state?: { waiting?: { reason?: string; message?: string }; terminated?: { reason?: string; exitCode?: number } }
  lastState?: { terminated?: { reason?: string; exitCode?: number } }
}

const IMAGE = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']

/** Pods and those who make them: why one does not run. */
export function podRules({ platforms, objects }: Observation): Finding[] {
  const tep = platforms[0] ? `-n ${platforms[0].metadata.namespace} tep/${platforms[0].metadata.name}` : 'tep'
  return objects.flatMap(object =>
    object.kind === 'Pod'
      ? podRule(object, tep)
      : object.kind === 'Deployment' || object.kind === 'ReplicaSet'
        ? ownerRule(object)
        : [],
  )
}

/** What a pod of an operator's cluster holds up is Kafka or the database, not a service. */
const layerOf = ({ metadata: { labels = {} } }: KubeObject): Layer =>
  labels['strimzi.io/cluster'] ? 'kafka' : labels['cnpg.io/cluster'] ? 'database' : 'services'

function podRule(pod: KubeObject, tep: string): Finding[] {
  const { namespace, name, annotations = {}, labels = {}, deletionTimestamp } = pod.metadata
  const found = inLayer(layerOf(pod))
  const where = `-n ${namespace} pod/${name}`
  if (deletionTimestamp) return []
  const { phase, reason, message } = pod['status'] ?? {}
  if (phase === 'Failed')
    return [
      found('pod-failed', pod, `${reason ?? 'Failed'}: ${message ?? 'it ended'}`, `kubectl delete ${where}`, 'warning'),
    ]
  const scheduled = conditionOf(pod, 'PodScheduled')
  if (scheduled?.status === 'False')
    return [
      found(
        'pod-unschedulable',
        pod,
        scheduled.message ?? 'no node takes it',
        /persistentvolumeclaim/i.test(scheduled.message ?? '')
          ? `kubectl get pvc -n ${namespace}`
          : /didn't match|selector|affinity|taint/i.test(scheduled.message ?? '')
            ? `kubectl edit ${tep}  # spec.podTemplate: nodeSelector, affinity, tolerations`
            : `kubectl patch ${tep} --type merge -p '{"spec":{"services":{"${serviceOf(labels)}":{"resources":{"requests":{"cpu":"50m","memory":"128Mi"}}}}}}'`,
      ),
    ]
  const statuses = [
    ...(pod['status']?.initContainerStatuses ?? []),
    ...(pod['status']?.containerStatuses ?? []),
  ] as ContainerStatus[]
  const containers = [...(pod['spec']?.containers ?? []), ...(pod['spec']?.initContainers ?? [])] as { name: string }[]
  const findings: Finding[] = []
  if (annotations['dapr.io/enabled'] === 'true' && !containers.some(container => container.name === 'daprd'))
    findings.push(
      inLayer('messaging')(
        'sidecar-missing',
        pod,
        'it asks for a sidecar and has none: Dapr’s injector did not answer when it was made',
        `kubectl rollout restart -n dapr-system deployment/dapr-sidecar-injector && kubectl delete ${where}`,
      ),
    )
  for (const status of statuses) findings.push(...containerRule(pod, status, tep))
  return findings
}

function containerRule(pod: KubeObject, { name, state, lastState, ready }: ContainerStatus, tep: string): Finding[] {
  const { namespace, name: podName, labels = {} } = pod.metadata
  const found = inLayer(name === 'daprd' ? 'messaging' : layerOf(pod))
  const { reason = '', message = '' } = state?.waiting ?? {}
  const logs = `kubectl logs -n ${namespace} pod/${podName} -c ${name} --previous --tail=50`
  const service = serviceOf(labels)
  if (lastState?.terminated?.reason === 'OOMKilled' || state?.terminated?.reason === 'OOMKilled')
    return [
      found(
        'container-out-of-memory',
        pod,
        `${name} was killed for taking more memory than its limit`,
        `kubectl patch ${tep} --type merge -p '{"spec":{"services":{"${service}":{"resources":{"limits":{"memory":"512Mi"}}}}}}'`,
      ),
    ]
  if (IMAGE.includes(reason))
    return [
      found(
        'image-pull',
        pod,
        `${name}: ${reason}${message ? `: ${message}` : ''}`,
        /unauthorized|denied|authentication|401|403/i.test(message)
          ? `kubectl create secret docker-registry registry -n ${namespace} --docker-server=REGISTRY --docker-username=USER --docker-password=PASSWORD && kubectl patch ${tep} --type merge -p '{"spec":{"podTemplate":{"imagePullSecrets":[{"name":"registry"}]}}}'`
          : 'make images && kind load image-archive dist/images/services.tar  # or push it, and: helm upgrade todo . --set servicesImage=REGISTRY/services',
      ),
    ]
  if (reason === 'CreateContainerConfigError')
    return [
      found(
        'container-config',
        pod,
        `${name}: ${message}`,
        `kubectl get -n ${namespace} secret,configmap && kubectl describe -n ${namespace} pod/${podName}`,
      ),
    ]
  if (reason === 'CrashLoopBackOff')
    return name === 'daprd'
      ? [found('sidecar-crash', pod, 'its sidecar ends again and again: a component fails to initialise', logs)]
      : [found('container-crash', pod, `${name} ends again and again`, logs)]
  if (state?.terminated && state.terminated.exitCode !== 0 && !ready)
    return [found('container-crash', pod, `${name} ended with ${state.terminated.exitCode}`, logs)]
  return []
}

const serviceOf = (labels: Record<string, string>): string => labels['app.kubernetes.io/component'] ?? 'backend'

/** A Deployment or ReplicaSet that may not make pods tells why. */
function ownerRule(object: KubeObject): Finding[] {
  const { namespace, name } = object.metadata
  const services = inLayer('services')
  const failure = conditionOf(object, 'ReplicaFailure')
  const message = failure?.message ?? ''
  if (failure?.status === 'True' && /quota/i.test(message))
    return [services('quota-exceeded', object, message, `kubectl edit resourcequota -n ${namespace}`)]
  if (failure?.status === 'True' && /PodSecurity/i.test(message))
    return [
      services(
        'pod-security',
        object,
        message,
        'helm upgrade dapr dapr --repo https://dapr.github.io/helm-charts -n dapr-system --reuse-values --set dapr_sidecar_injector.sidecarDropALLCapabilities=true',
      ),
    ]
  if (failure?.status === 'True')
    return [
      services(
        'pods-not-created',
        object,
        message,
        `kubectl describe -n ${namespace} ${object.kind.toLowerCase()}/${name}`,
      ),
    ]
  const progressing = conditionOf(object, 'Progressing')
  return progressing?.status === 'False'
    ? [
        services(
          'rollout-stuck',
          object,
          progressing.message ?? 'it does not get on',
          `kubectl rollout status -n ${namespace} deployment/${name} --timeout=5s; kubectl describe -n ${namespace} deployment/${name}`,
        ),
      ]
    : []
}
