/** The columns of `kubectl get` for built-in kinds, beside NAME and AGE (kubernetes/pkg/printers/internalversion). */
import { at, isObject, type Json, type JsonObject, show } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { age, duration } from './age.ts'

interface BuiltInColumn {
  readonly name: string
  readonly value: (object: JsonObject, now: Date) => Json
  /** Shown by `-o wide` only. */
  readonly wide?: true
}

const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const text =
  (path: string, otherwise = '<none>') =>
  (object: JsonObject) => {
    const value = at(object, path)
    return value === undefined || value === null || value === '' ? otherwise : show(value)
  }
const number = (path: string) => (object: JsonObject) => Number(at(object, path) ?? 0)
const count = (path: string) => (object: JsonObject) => {
  const value = at(object, path)
  return Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0
}
const ratio = (part: string, whole: string) => (object: JsonObject) =>
  `${number(part)(object)}/${number(whole)(object)}`
const joined = (values: readonly (Json | undefined)[]) =>
  values.filter(value => value !== undefined).join(',') || '<none>'

function selector(object: JsonObject): string {
  const value = at(object, 'spec.selector')
  const labels = isObject(value) ? (isObject(value['matchLabels']) ? value['matchLabels'] : value) : {}
  return joined(
    Object.entries(labels)
      .filter(([, label]) => typeof label === 'string')
      .map(([key, label]) => `${key}=${label as string}`),
  )
}

const templates: BuiltInColumn[] = [
  {
    name: 'Containers',
    wide: true,
    value: object => joined(list(at(object, 'spec.template.spec.containers')).map(container => container['name'])),
  },
  {
    name: 'Images',
    wide: true,
    value: object => joined(list(at(object, 'spec.template.spec.containers')).map(container => container['image'])),
  },
  { name: 'Selector', wide: true, value: selector },
]

/** What a pod is doing, in one word: a container's reason says more than the phase. */
function podStatus(pod: JsonObject): string {
  const statuses = list(at(pod, 'status.containerStatuses'))
  let word = show(at(pod, 'status.reason') ?? at(pod, 'status.phase') ?? 'Unknown')
  for (const status of statuses.toReversed()) {
    const waiting = at(status, 'state.waiting.reason')
    const terminated = at(status, 'state.terminated')
    if (typeof waiting === 'string' && waiting) word = waiting
    else if (isObject(terminated))
      word = show(
        terminated['reason'] ||
          (terminated['signal']
            ? `Signal:${show(terminated['signal'])}`
            : `ExitCode:${show(terminated['exitCode'] ?? 0)}`),
      )
  }
  if (
    word === 'Completed' &&
    statuses.some(status => isObject(at(status, 'state.running')) && status['ready'] === true)
  )
    word = 'Running'
  return at(pod, 'metadata.deletionTimestamp') ? 'Terminating' : word
}

function podReady(pod: JsonObject): string {
  const ready = list(at(pod, 'status.containerStatuses')).filter(status => status['ready'] === true).length
  return `${ready}/${list(at(pod, 'spec.containers')).length}`
}

function restarts(pod: JsonObject, now: Date): string {
  const statuses = list(at(pod, 'status.containerStatuses'))
  const total = statuses.reduce((sum, status) => sum + Number(status['restartCount'] ?? 0), 0)
  const last = statuses
    .map(status => at(status, 'lastState.terminated.finishedAt'))
    .filter(time => typeof time === 'string')
    .sort()
    .at(-1)
  return total > 0 && last ? `${total} (${age(last, now)} ago)` : show(total)
}

function servicePorts(service: JsonObject): string {
  return joined(
    list(at(service, 'spec.ports')).map(
      port =>
        `${show(port['port'])}${port['nodePort'] ? `:${show(port['nodePort'])}` : ''}/${show(port['protocol'] ?? 'TCP')}`,
    ),
  )
}

function jobDuration(job: JsonObject, now: Date): string {
  const start = at(job, 'status.startTime')
  if (typeof start !== 'string') return ''
  const end = at(job, 'status.completionTime')
  return duration((typeof end === 'string' ? Date.parse(end) : now.getTime()) - Date.parse(start))
}

function jobStatus(job: JsonObject): string {
  const isTrue = (type: string) =>
    list(at(job, 'status.conditions')).some(condition => condition['type'] === type && condition['status'] === 'True')
  return (
    (['Complete', 'Failed', 'Suspended'] as const).find(isTrue) ??
    (at(job, 'metadata.deletionTimestamp') ? 'Terminating' : 'Running')
  )
}

const object = (event: JsonObject) =>
  `${show(at(event, 'involvedObject.kind') ?? at(event, 'regarding.kind') ?? '').toLowerCase()}/${show(at(event, 'involvedObject.name') ?? at(event, 'regarding.name') ?? '')}`
const createdAt: BuiltInColumn[] = [{ name: 'Created At', value: text('metadata.creationTimestamp') }]

const columns: Record<string, readonly BuiltInColumn[]> = {
  pods: [
    { name: 'Ready', value: podReady },
    { name: 'Status', value: podStatus },
    { name: 'Restarts', value: restarts },
    { name: 'IP', wide: true, value: text('status.podIP') },
    { name: 'Node', wide: true, value: text('spec.nodeName') },
    { name: 'Nominated Node', wide: true, value: text('status.nominatedNodeName') },
    { name: 'Readiness Gates', wide: true, value: () => '<none>' },
  ],
  deployments: [
    { name: 'Ready', value: ratio('status.readyReplicas', 'spec.replicas') },
    { name: 'Up-to-date', value: number('status.updatedReplicas') },
    { name: 'Available', value: number('status.availableReplicas') },
    ...templates,
  ],
  replicasets: [
    { name: 'Desired', value: number('spec.replicas') },
    { name: 'Current', value: number('status.replicas') },
    { name: 'Ready', value: number('status.readyReplicas') },
    ...templates,
  ],
  statefulsets: [{ name: 'Ready', value: ratio('status.readyReplicas', 'spec.replicas') }, ...templates.slice(0, 2)],
  services: [
    { name: 'Type', value: text('spec.type') },
    { name: 'Cluster-IP', value: text('spec.clusterIP') },
    { name: 'External-IP', value: text('spec.externalName') },
    { name: 'Port(s)', value: servicePorts },
    { name: 'Selector', wide: true, value: selector },
  ],
  secrets: [
    { name: 'Type', value: text('type', 'Opaque') },
    { name: 'Data', value: count('data') },
  ],
  configmaps: [{ name: 'Data', value: cm => count('data')(cm) + count('binaryData')(cm) }],
  serviceaccounts: [{ name: 'Secrets', value: count('secrets') }],
  namespaces: [{ name: 'Status', value: text('status.phase') }],
  nodes: [
    {
      name: 'Status',
      value: node =>
        list(at(node, 'status.conditions')).some(c => c['type'] === 'Ready' && c['status'] === 'True')
          ? 'Ready'
          : 'NotReady',
    },
    { name: 'Version', value: text('status.nodeInfo.kubeletVersion', '') },
  ],
  persistentvolumeclaims: [
    { name: 'Status', value: text('status.phase', '') },
    { name: 'Volume', value: text('spec.volumeName', '') },
    { name: 'Capacity', value: text('status.capacity.storage', '') },
    { name: 'StorageClass', value: text('spec.storageClassName', '') },
  ],
  jobs: [
    { name: 'Status', value: jobStatus },
    {
      name: 'Completions',
      value: job => `${number('status.succeeded')(job)}/${show(at(job, 'spec.completions') ?? 1)}`,
    },
    { name: 'Duration', value: jobDuration },
  ],
  cronjobs: [
    { name: 'Schedule', value: text('spec.schedule') },
    { name: 'Suspend', value: cronJob => (at(cronJob, 'spec.suspend') === true ? 'True' : 'False') },
    { name: 'Active', value: count('status.active') },
    {
      name: 'Last Schedule',
      value: (cronJob, now) =>
        at(cronJob, 'status.lastScheduleTime') ? age(at(cronJob, 'status.lastScheduleTime'), now) : '<none>',
    },
  ],
  events: [
    {
      name: 'Last Seen',
      value: (event, now) =>
        age(at(event, 'lastTimestamp') ?? at(event, 'eventTime') ?? at(event, 'metadata.creationTimestamp'), now),
    },
    { name: 'Type', value: text('type', '') },
    { name: 'Reason', value: text('reason', '') },
    { name: 'Object', value: object },
    { name: 'Message', value: event => show(event['message'] ?? event['note'] ?? '').trim() },
    {
      name: 'Source',
      wide: true,
      value: event => show(at(event, 'source.component') ?? event['reportingComponent'] ?? ''),
    },
    { name: 'Count', wide: true, value: event => Number(event['count'] ?? at(event, 'series.count') ?? 1) },
    { name: 'Name', wide: true, value: text('metadata.name') },
  ],
  leases: [{ name: 'Holder', value: text('spec.holderIdentity', '') }],
  poddisruptionbudgets: [
    { name: 'Min Available', value: text('spec.minAvailable', 'N/A') },
    { name: 'Max Unavailable', value: text('spec.maxUnavailable', 'N/A') },
    { name: 'Allowed Disruptions', value: number('status.disruptionsAllowed') },
  ],
  networkpolicies: [
    {
      name: 'Pod-Selector',
      value: policy =>
        joined(
          Object.entries((at(policy, 'spec.podSelector.matchLabels') as JsonObject | undefined) ?? {}).map(
            ([key, value]) => `${key}=${show(value)}`,
          ),
        ),
    },
  ],
  ingresses: [
    { name: 'Class', value: text('spec.ingressClassName') },
    { name: 'Hosts', value: ingress => joined(list(at(ingress, 'spec.rules')).map(rule => rule['host'] ?? '*')) },
  ],
  endpointslices: [
    { name: 'AddressType', value: text('addressType') },
    { name: 'Ports', value: slice => joined(list(slice['ports']).map(port => port['port'])) },
    {
      name: 'Endpoints',
      value: slice =>
        joined(list(slice['endpoints']).flatMap(endpoint => (endpoint['addresses'] as string[] | undefined) ?? [])),
    },
  ],
  rolebindings: [
    { name: 'Role', value: binding => `${text('roleRef.kind')(binding)}/${text('roleRef.name')(binding)}` },
  ],
  clusterrolebindings: [
    { name: 'Role', value: binding => `${text('roleRef.kind')(binding)}/${text('roleRef.name')(binding)}` },
  ],
  customresourcedefinitions: createdAt,
  roles: createdAt,
  clusterroles: createdAt,
}

export const builtInColumns = (type: ResourceType): readonly BuiltInColumn[] => columns[type.plural] ?? []
