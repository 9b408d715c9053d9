import { conditionOf, type KubeObject } from '../../../controller/kube/objects.ts'
import { PLATFORM_LABEL } from '../../../controller/platform/platform.ts'
import { at, type Finding, inLayer } from './finding.ts'
import type { Observation } from './observe.ts'

const messaging = inLayer('messaging')
const services = inLayer('services')
const events = inLayer('events')

/** Dapr's resources, the ways in, and whether events flow. */
export function messagingRules(observation: Observation): Finding[] {
  const { objects } = observation
  return [
    ...objects.flatMap(object => RULES[object.kind]?.(object, objects) ?? []),
    ...observation.platforms.flatMap(platform => eventRules(platform)),
    ...flowRules(observation),
    ...missingChildren(observation),
  ]
}

const isOurs = ({ metadata: { labels = {} } }: KubeObject): boolean => labels[PLATFORM_LABEL] !== undefined

const RULES: Record<string, (object: KubeObject, objects: KubeObject[]) => Finding[]> = {
  Component: (component, objects) => {
    const { namespace, name } = component.metadata
    const metadata = (component['spec']?.metadata ?? []) as { secretKeyRef?: { name: string; key: string } }[]
    for (const { secretKeyRef } of metadata) {
      if (!secretKeyRef?.name) continue
      const secret = objects.find(
        each =>
          each.kind === 'Secret' && each.metadata.namespace === namespace && each.metadata.name === secretKeyRef.name,
      )
      if (!secret)
        return [
          messaging(
            'component-secret',
            component,
            `its Secret ${secretKeyRef.name} is not there, which keeps every app of the namespace from loading any component`,
            isOurs(component)
              ? `kubectl annotate -n ${namespace} tep/${component.metadata.labels![PLATFORM_LABEL]} todo.events/reconcile-requested-at="$(date +%s)" --overwrite`
              : `kubectl create secret generic ${secretKeyRef.name} -n ${namespace} --from-file=${secretKeyRef.key}=FILE  # or: kubectl delete -n ${namespace} component/${name}`,
          ),
        ]
    }
    if (isOurs(component)) return []
    if (component['spec']?.type === 'pubsub.kafka' && !(component['scopes'] as string[] | undefined)?.length)
      return [
        messaging(
          'component-foreign',
          component,
          'a pubsub without scopes: every app of the namespace loads it',
          `kubectl patch -n ${namespace} component/${name} --type merge -p '{"scopes":["YOUR-APP"]}'`,
          'warning',
        ),
      ]
    return []
  },
  Ingress: (ingress, objects) => {
    const name = ingress['spec']?.ingressClassName as string | undefined
    const classes = objects.filter(({ kind }) => kind === 'IngressClass').map(({ metadata }) => metadata.name)
    return isOurs(ingress) && name && !classes.includes(name)
      ? [
          services(
            'ingress-class',
            ingress,
            `there is no IngressClass ${name}; there is ${classes.join(', ') || 'none'}`,
            `kubectl patch ${platformOf(ingress)} --type merge -p '{"spec":{"ingress":{"className":"${classes[0] ?? 'CLASS'}"}}}'`,
          ),
        ]
      : []
  },
  HTTPRoute: route => {
    const parents = (route['status']?.parents ?? []) as {
      conditions?: { type: string; status: string; message?: string }[]
    }[]
    const bad = parents.flatMap(({ conditions = [] }) => conditions).find(({ status }) => status === 'False')
    return bad
      ? [services('route-refused', route, `${bad.type}: ${bad.message ?? ''}`, `kubectl describe ${at(route)}`)]
      : []
  },
  NetworkPolicy: policy => {
    const { ingress, egress, policyTypes = [], podSelector = {} } = policy['spec'] ?? {}
    const closes =
      (policyTypes.includes('Ingress') && !ingress?.length) || (policyTypes.includes('Egress') && !egress?.length)
    return !isOurs(policy) && closes && Object.keys(podSelector.matchLabels ?? {}).length === 0
      ? [
          messaging(
            'network-closed',
            policy,
            `it closes every pod of the namespace to ${policyTypes.join(' and ')}: Kafka, database and sidecars need ways`,
            `kubectl delete ${at(policy)}  # or open what \`kubectl get -n ${policy.metadata.namespace} networkpolicy -l ${PLATFORM_LABEL}\` opens`,
          ),
        ]
      : []
  },
  ScaledObject: object => {
    const ready = conditionOf(object, 'Ready')
    return ready?.status === 'False'
      ? [services('autoscaler-not-ready', object, ready.message ?? '', `kubectl describe ${at(object)}`)]
      : []
  },
  HorizontalPodAutoscaler: object => {
    const able = conditionOf(object, 'ScalingActive')
    return able?.status === 'False'
      ? [
          services(
            'autoscaler-blind',
            object,
            able.message ?? '',
            'kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml',
            'warning',
          ),
        ]
      : []
  },
  ResourceQuota: quota => {
    const { hard = {}, used = {} } = quota['status'] ?? {}
    const full = Object.keys(hard).filter(key => hard[key] === used[key] && hard[key] !== '0')
    return full.length > 0
      ? [services('quota-full', quota, `used up: ${full.join(', ')}`, `kubectl edit ${at(quota)}`, 'warning')]
      : []
  },
}

const platformOf = ({ metadata: { namespace, labels = {} } }: KubeObject): string =>
  `-n ${namespace} tep/${labels[PLATFORM_LABEL]}`

/** What mends each reason of `EventsFlowing` (docs/operating.md). */
const EVENT_FIXES: Record<string, (namespace: string, name: string) => string> = {
  PodsDown: namespace => `kubectl get pods -n ${namespace}`,
  SidecarMissing: () => 'kubectl rollout restart -n dapr-system deployment/dapr-sidecar-injector',
  SidecarDown: (namespace, name) => `kubectl logs -n ${namespace} -l todo.events/platform=${name} -c daprd --tail=50`,
  ComponentNotLoaded: (namespace, name) =>
    `kubectl logs -n ${namespace} -l todo.events/platform=${name} -c daprd --tail=50`,
  NobodyPublishes: (namespace, name) => `kubectl rollout restart -n ${namespace} deployment/${name}-backend`,
  PublishRefused: (namespace, name) => `kubectl logs -n ${namespace} deployment/${name}-backend -c daprd --tail=50`,
  SubscriptionMissing: namespace => `kubectl get subscriptions.dapr.io -n ${namespace} -o yaml`,
  RouteMissing: namespace => `kubectl get subscriptions.dapr.io -n ${namespace} -o yaml`,
  DeliveredLate: (namespace, name) => `tep status ${name} -n ${namespace}`,
  NotDelivered: (namespace, name) =>
    `kubectl rollout restart -n ${namespace} deployment -l todo.events/platform=${name}`,
}

function eventRules(platform: KubeObject): Finding[] {
  const flowing = conditionOf(platform, 'EventsFlowing')
  if (flowing?.status !== 'False') return []
  const { namespace = '', name } = platform.metadata
  const fix = EVENT_FIXES[flowing.reason ?? ''] ?? (() => `kubectl describe ${at(platform)}`)
  return [events('events-stopped', platform, `${flowing.reason}: ${flowing.message}`, fix(namespace, name))]
}

const LONG_SECONDS = 60

function flowRules({ flow }: Observation): Finding[] {
  if (!flow) return []
  return [
    ...flow.consumers
      .filter(each => each.dead_letters > 0)
      .map(each =>
        events(
          'dead-letters',
          `${each.consumer} ← ${each.topic}`,
          `${each.dead_letters} dead letters`,
          `tep dlq ls --consumer ${each.consumer} --topic ${each.topic}`,
          'warning',
        ),
      ),
    ...flow.consumers
      .filter(each => (each.oldest_behind_seconds ?? 0) > LONG_SECONDS)
      .map(each =>
        events(
          'consumer-behind',
          `${each.consumer} ← ${each.topic}`,
          `${each.behind} events behind, the oldest for ${Math.round(each.oldest_behind_seconds!)} s`,
          `tep events tail --topic ${each.topic}`,
          'warning',
        ),
      ),
    ...flow.topics
      .filter(each => (each.oldest_waiting_seconds ?? 0) > LONG_SECONDS)
      .map(each =>
        events(
          'outbox-stuck',
          each.topic,
          `${each.waiting} events wait in the outbox, the oldest for ${Math.round(each.oldest_waiting_seconds!)} s`,
          'tep why  # what holds Kafka or the sidecars back; docs/runbooks/TodoOutboxStuck.md',
        ),
      ),
  ]
}

/** A child of the inventory that is gone, and nobody who brings it back. */
function missingChildren({ platforms, objects, absent }: Observation): Finding[] {
  return platforms.flatMap(({ metadata, status }) => {
    const gone = (status?.inventory ?? []).filter(
      item =>
        !absent.includes(`${item.kind}.${item.group}`) &&
        !(status?.components ?? []).some(each => each.kind === item.kind && each.name === item.name && !each.ready) &&
        !objects.some(
          each =>
            each.kind === item.kind && each.metadata.name === item.name && each.metadata.namespace === item.namespace,
        ),
    )
    return gone.map(item =>
      inLayer('platform')(
        'child-missing',
        `${item.kind} ${item.namespace}/${item.name}`,
        'the status lists it, and it is not there',
        `kubectl annotate -n ${metadata.namespace} tep/${metadata.name} todo.events/reconcile-requested-at="$(date +%s)" --overwrite`,
      ),
    )
  })
}
