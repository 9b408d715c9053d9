import { conditionOf, type KubeObject } from '../../../controller/kube/objects.ts'
import type { Platform } from '../../../controller/platform/platform.ts'
import { at, type Finding, inLayer } from './finding.ts'
import { isOurs, type Observation } from './observe.ts'

const cluster = inLayer('cluster')
const platformLayer = inLayer('platform')

interface Needed {
  kind: string
  rule: string
  what: string
  install: string
  wanted(platform: Platform): boolean
}

/** Kinds without which a platform cannot come up, and who brings them. */
const NEEDED: readonly Needed[] = [
  {
    kind: 'Component.dapr.io',
    rule: 'dapr-absent',
    what: 'Dapr is not installed',
    install:
      'helm upgrade --install dapr dapr --repo https://dapr.github.io/helm-charts -n dapr-system --create-namespace --wait',
    wanted: () => true,
  },
  {
    kind: 'Kafka.kafka.strimzi.io',
    rule: 'strimzi-absent',
    what: 'Strimzi is not installed',
    install:
      'helm upgrade --install strimzi oci://quay.io/strimzi-helm/strimzi-kafka-operator -n strimzi --create-namespace --set watchAnyNamespace=true --wait',
    wanted: ({ spec }) => spec.kafka.strimzi !== undefined,
  },
  {
    kind: 'Cluster.postgresql.cnpg.io',
    rule: 'cnpg-absent',
    what: 'CloudNativePG is not installed',
    install:
      'helm upgrade --install cnpg cloudnative-pg --repo https://cloudnative-pg.github.io/charts -n cnpg-system --create-namespace --wait',
    wanted: ({ spec }) => spec.database.cloudnativepg !== undefined,
  },
]

/** What has to be in the cluster before any platform: the CRDs and their operators. */
export function clusterRules({ platforms, operators, absent, namespace, objects }: Observation): Finding[] {
  const kinds = new Set(absent.map(kind => kind.toLowerCase()))
  const found: Finding[] = []
  if (kinds.has('todoeventplatform.todo.events'))
    found.push(
      cluster(
        'crd-absent',
        'CustomResourceDefinition todoeventplatforms.todo.events',
        'the cluster does not know TodoEventPlatform',
        'kubectl apply --server-side -f crds/todo.events_todoeventplatforms.yaml',
      ),
    )
  const ours = operators.filter(({ metadata }) => isOurs(metadata))
  if (ours.length === 0)
    found.push(
      cluster(
        'operator-absent',
        'Deployment todo-event-platform',
        'no operator is installed: nobody reconciles',
        `helm install todo . --namespace ${namespace} --create-namespace`,
      ),
    )
  for (const { kind, rule, what, install, wanted } of NEEDED)
    if (kinds.has(kind.toLowerCase()) && platforms.some(wanted)) found.push(cluster(rule, kind, what, install))
  for (const operator of operators) found.push(...operatorRule(operator))
  const home = objects.find(({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace)
  if (home?.metadata.deletionTimestamp)
    found.push(
      cluster(
        'namespace-terminating',
        home,
        'the namespace is being deleted: nothing can be created in it',
        `kubectl get namespace ${namespace} -o jsonpath='{.status.conditions}'`,
      ),
    )
  for (const node of objects.filter(({ kind }) => kind === 'Node'))
    if (conditionOf(node, 'Ready') && conditionOf(node, 'Ready')?.status !== 'True')
      found.push(
        cluster(
          'node-not-ready',
          node,
          `the node is not ready: ${conditionOf(node, 'Ready')?.message ?? ''}`,
          `kubectl describe node/${node.metadata.name}`,
          'warning',
        ),
      )
  return found
}

function operatorRule(operator: KubeObject): Finding[] {
  const { spec, status, metadata } = operator
  const scale = `kubectl scale -n ${metadata.namespace} deployment/${metadata.name} --replicas=1`
  const name = isOurs(metadata) ? 'operator' : metadata.name
  if (spec?.replicas === 0)
    return [cluster('operator-scaled-to-zero', operator, `${name} has no pods because it was scaled to 0`, scale)]
  return (status?.availableReplicas ?? 0) > 0
    ? []
    : [
        cluster(
          'operator-down',
          operator,
          `no pod of ${name} is available`,
          `kubectl logs -n ${metadata.namespace} deployment/${metadata.name} --tail=50 && kubectl rollout restart -n ${metadata.namespace} deployment/${metadata.name}`,
        ),
      ]
}

const SECOND = 1_000
const STALE_AFTER = 120 * SECOND

/** What the platform itself says, and what its spec asks for in vain. */
export function platformRules({ platforms, namespace, operators }: Observation): Finding[] {
  if (platforms.length === 0)
    return [
      platformLayer(
        'platform-absent',
        `namespace ${namespace}`,
        'there is no TodoEventPlatform here',
        `kubectl apply -n ${namespace} -f examples/platform.yaml`,
      ),
    ]
  const up = operators.some(each => isOurs(each.metadata) && (each.status?.availableReplicas ?? 0) > 0)
  return platforms.flatMap(platform => onePlatform(platform, up))
}

function onePlatform(platform: Platform, operatorUp: boolean): Finding[] {
  const { metadata, spec, status } = platform
  const tep = `-n ${metadata.namespace} tep/${metadata.name}`
  const found: Finding[] = []
  const ready = conditionOf(platform, 'Ready')
  if (metadata.deletionTimestamp)
    found.push(
      platformLayer(
        'platform-deleting',
        platform,
        `it is being deleted: ${ready?.message ?? ''}`,
        `kubectl get ${tep} -o yaml`,
      ),
    )
  if (ready?.reason === 'Conflict')
    found.push(platformLayer('platform-second', platform, ready.message ?? '', `kubectl delete ${tep}`))
  if (spec.suspend)
    found.push(
      platformLayer(
        'platform-suspended',
        platform,
        'suspended: nothing is written but status',
        `kubectl patch ${tep} --type merge -p '{"spec":{"suspend":false}}'`,
        ready?.status === 'True' ? 'warning' : 'error',
      ),
    )
  if (conditionOf(platform, 'VersionSupported')?.status === 'False')
    found.push(
      platformLayer(
        'version-unsupported',
        platform,
        conditionOf(platform, 'VersionSupported')?.message ?? '',
        `kubectl patch ${tep} --type json -p '[{"op":"remove","path":"/spec/version"}]'`,
      ),
    )
  if (operatorUp && status?.observedGeneration !== metadata.generation && isOld(status))
    found.push(
      platformLayer(
        'platform-not-seen',
        platform,
        `the operator has not seen generation ${metadata.generation} (it saw ${status?.observedGeneration ?? 'none'})`,
        `kubectl annotate ${tep} todo.events/reconcile-requested-at="$(date +%s)" --overwrite`,
      ),
    )
  for (const refusal of refusals(ready?.message ?? ''))
    if (refusal.code !== 'TEP-SPEC-VERSION')
      found.push(
        platformLayer(
          'spec-refused',
          platform,
          `${refusal.code} ${refusal.text}`,
          `tep explain ${refusal.code} && kubectl edit ${tep}`,
        ),
      )
  const fought = conditionOf(platform, 'FieldConflict')
  if (fought?.status === 'True')
    found.push(
      platformLayer(
        'field-conflict',
        platform,
        fought.message ?? '',
        `kubectl get ${conflictOf(fought.message ?? '', metadata.namespace)} -o yaml --show-managed-fields`,
        'warning',
      ),
    )
  const skipped = conditionOf(platform, 'ChildrenSkipped')
  if (skipped?.status === 'True')
    found.push(
      platformLayer(
        'children-skipped',
        platform,
        skipped.message ?? '',
        /keda/i.test(skipped.message ?? '')
          ? 'helm upgrade --install keda keda --repo https://kedacore.github.io/charts -n keda --create-namespace --wait'
          : `kubectl describe ${tep}`,
        'warning',
      ),
    )
  return found
}

const isOld = (status: Platform['status']): boolean => {
  const times = (status?.conditions ?? []).map(({ lastTransitionTime }) => Date.parse(lastTransitionTime))
  return times.length === 0 || Date.now() - Math.max(...times) > STALE_AFTER
}

const refusals = (message: string): { code: string; text: string }[] =>
  [...message.matchAll(/(TEP-SPEC-[A-Z-]+) ([^;]*)/g)].map(([, code, text]) => ({ code: code!, text: text! }))

/** `Deployment todo-web: spec.x is kept different by …` as kubectl names it. */
const conflictOf = (message: string, namespace: string): string => {
  const [, kind = 'tep', name = ''] = /^(\S+) (\S+):/.exec(message) ?? []
  return `-n ${namespace} ${kind.toLowerCase()}/${name}`
}

/** A component that could not be written: a right is missing, or an admission webhook said no. */
export function writeRules({ platforms }: Observation): Finding[] {
  return platforms.flatMap(platform =>
    (platform.status?.components ?? [])
      .filter(({ reason }) => reason === 'WriteFailed')
      .map(({ kind, name, message = '' }) =>
        platformLayer(
          'write-failed',
          `${kind} ${platform.metadata.namespace}/${name}`,
          `the operator may not write it: ${message}`,
          /forbidden|cannot|rule/i.test(message)
            ? `helm upgrade todo . --namespace ${platform.metadata.namespace} --reuse-values`
            : `kubectl describe ${at(platform)}`,
        ),
      ),
  )
}
