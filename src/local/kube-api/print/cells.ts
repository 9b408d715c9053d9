/** The cells of `kubectl get` for built-in kinds, by kind and column (kubernetes/pkg/printers/internalversion). */
import { at, isObject, type Json, type JsonObject, show } from '../json.ts'
import { age, duration } from './age.ts'
import { metricTargets } from './metric-cells.ts'
import { podCells } from './pod-cells.ts'

type Cell = (object: JsonObject, now: Date) => Json

const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(show) : [])
const text =
  (path: string, otherwise = '<none>'): Cell =>
  object =>
    show(at(object, path) || otherwise)
const number =
  (path: string): Cell =>
  object =>
    Number(at(object, path) ?? 0)
const count = (path: string) => (object: JsonObject) => {
  const value = at(object, path)
  return Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0
}
const ratio =
  (part: string, whole: string): Cell =>
  object =>
    `${show(at(object, part) ?? 0)}/${show(at(object, whole) ?? 0)}`
/** `<unknown>` for a time that is not set. */
const since = (time: Json | undefined, now: Date) => (time ? age(time, now) : '<unknown>')

/** The first three of a list, and how many more there are. */
function firstThree(all: readonly string[], none: string): string {
  if (all.length === 0) return none
  const shown = all.slice(0, 3).join(',')
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown
}

const labelText = (labels: Json | undefined): string[] =>
  Object.entries(isObject(labels) ? labels : {}).map(([key, value]) => `${key}=${show(value)}`)

function expression(each: JsonObject): string {
  const key = show(each['key'] ?? '')
  const values = `(${texts(each['values']).toSorted().join(',')})`
  if (each['operator'] === 'In') return `${key} in ${values}`
  if (each['operator'] === 'NotIn') return `${key} notin ${values}`
  return each['operator'] === 'DoesNotExist' ? `!${key}` : key
}

/** A label selector as text, `<none>` for none. */
function selectorText(selector: Json | undefined): string {
  if (!isObject(selector)) return '<none>'
  return (
    [...labelText(selector['matchLabels']), ...list(selector['matchExpressions']).map(expression)]
      .toSorted()
      .join(',') || '<none>'
  )
}

/** Containers and images of the pod template at `path`. */
const template = (path: string): Readonly<Record<string, Cell>> => {
  const names =
    (field: string): Cell =>
    object =>
      list(at(object, `${path}.spec.containers`))
        .map(container => show(container[field] ?? ''))
        .join(',')
  return { Containers: names('name'), Images: names('image') }
}
const selector =
  (path: string): Cell =>
  object =>
    selectorText(at(object, path))

/** Addresses of a load balancer, cut to a column's width. */
function ingressAddresses(object: JsonObject): string {
  const addresses = new Set(
    list(at(object, 'status.loadBalancer.ingress'))
      .map(each => show(each['ip'] || each['hostname'] || ''))
      .filter(Boolean),
  )
  const joined = [...addresses].toSorted().join(',')
  return joined.length > 16 ? `${joined.slice(0, 13)}...` : joined
}

function externalAddress(service: JsonObject): string {
  const type = at(service, 'spec.type')
  const external = texts(at(service, 'spec.externalIPs'))
  if (type === 'ExternalName') return show(at(service, 'spec.externalName') ?? '')
  if (type !== 'LoadBalancer') return external.join(',') || '<none>'
  const balanced = ingressAddresses(service)
  return [...(balanced ? [balanced] : []), ...external].join(',') || '<pending>'
}

const servicePorts: Cell = service =>
  list(at(service, 'spec.ports'))
    .map(
      port =>
        `${show(port['port'])}${port['nodePort'] ? `:${show(port['nodePort'])}` : ''}/${show(port['protocol'] ?? 'TCP')}`,
    )
    .join(',') || '<none>'

function completions(job: JsonObject): string {
  const wanted = at(job, 'spec.completions')
  const parallelism = Number(at(job, 'spec.parallelism') ?? 0)
  const whole = wanted ?? (parallelism > 1 ? `1 of ${parallelism}` : 1)
  return `${show(at(job, 'status.succeeded') ?? 0)}/${show(whole)}`
}

function jobDuration(job: JsonObject, now: Date): string {
  const start = at(job, 'status.startTime')
  if (typeof start !== 'string') return ''
  const end = at(job, 'status.completionTime')
  return duration((typeof end === 'string' ? Date.parse(end) : now.getTime()) - Date.parse(start))
}

function jobStatus(job: JsonObject): string {
  const isTrue = (type: string) =>
    list(at(job, 'status.conditions')).find(condition => condition['type'] === type)?.['status'] === 'True'
  return (
    ['Complete', 'Failed'].find(isTrue) ??
    (at(job, 'metadata.deletionTimestamp')
      ? 'Terminating'
      : (['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(isTrue) ?? 'Running'))
  )
}

const firstSeen = (event: JsonObject, now: Date): string => since(event['firstTimestamp'] || event['eventTime'], now)

function eventObject(event: JsonObject): string {
  const kind = show(at(event, 'involvedObject.kind') ?? '').toLowerCase()
  const name = at(event, 'involvedObject.name')
  return name ? `${kind}/${show(name)}` : kind
}

/** Who told of an event: by the older fields or the newer ones. */
function eventSource(event: JsonObject): string {
  const [component, host] = [at(event, 'source.component'), at(event, 'source.host')]
  const both = [component || event['reportingComponent'], host || event['reportingInstance']]
  return both.filter(Boolean).map(show).join(', ')
}

/** Names of the subjects of a kind, as `kubectl get -o wide` lists them. */
const subjects =
  (kind: string): Cell =>
  binding =>
    list(binding['subjects'])
      .filter(subject => subject['kind'] === kind)
      .map(({ namespace, name }) =>
        kind === 'ServiceAccount' && namespace ? `${show(namespace)}/${show(name)}` : show(name),
      )
      .join(', ')

const binding: Readonly<Record<string, Cell>> = {
  Role: object => `${show(at(object, 'roleRef.kind') ?? '')}/${show(at(object, 'roleRef.name') ?? '')}`,
  Users: subjects('User'),
  Groups: subjects('Group'),
  ServiceAccounts: subjects('ServiceAccount'),
}

const claimModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

function nodeStatus(node: JsonObject): string {
  const ready = list(at(node, 'status.conditions')).find(each => each['type'] === 'Ready')
  const word = ready ? (ready['status'] === 'True' ? 'Ready' : 'NotReady') : 'Unknown'
  return at(node, 'spec.unschedulable') === true ? `${word},SchedulingDisabled` : word
}

function nodeRoles(node: JsonObject): string {
  const labels = Object.entries((at(node, 'metadata.labels') as JsonObject | undefined) ?? {})
  const roles = labels.map(([key, value]) =>
    key === 'kubernetes.io/role' ? show(value) : (/^node-role\.kubernetes\.io\/(.+)$/.exec(key)?.[1] ?? ''),
  )
  return [...new Set(roles.filter(Boolean))].toSorted().join(',') || '<none>'
}

const nodeAddress =
  (type: string): Cell =>
  node =>
    show(list(at(node, 'status.addresses')).find(each => each['type'] === type)?.['address'] ?? '<none>')

/** What of a quota is used, of requests or of limits. */
const quota =
  (limits: boolean): Cell =>
  object => {
    const used = (at(object, 'status.used') as JsonObject | undefined) ?? {}
    return Object.entries((at(object, 'status.hard') as JsonObject | undefined) ?? {})
      .filter(([name]) => name.startsWith('limits.') === limits)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, hard]) => `${name}: ${show(used[name] ?? '0')}/${show(hard)}`)
      .join(', ')
  }

function endpoints(object: JsonObject): string {
  const all = list(object['subsets']).flatMap(subset => {
    const addresses = list(subset['addresses']).map(each => show(each['ip'] ?? ''))
    const ports = list(subset['ports'])
    const joined = (address: string) => (address.includes(':') ? `[${address}]` : address)
    if (ports.length === 0) return addresses
    return ports.flatMap(port => addresses.map(address => `${joined(address)}:${show(port['port'] ?? 0)}`))
  })
  return firstThree(all, list(object['subsets']).length === 0 ? '<none>' : '')
}

export const cells: Readonly<Record<string, Readonly<Record<string, Cell>>>> = {
  Pod: podCells,
  Deployment: {
    Ready: ratio('status.readyReplicas', 'spec.replicas'),
    'Up-to-date': number('status.updatedReplicas'),
    Available: number('status.availableReplicas'),
    Selector: selector('spec.selector'),
    ...template('spec.template'),
  },
  ReplicaSet: {
    Desired: number('spec.replicas'),
    Current: number('status.replicas'),
    Ready: number('status.readyReplicas'),
    Selector: selector('spec.selector'),
    ...template('spec.template'),
  },
  StatefulSet: { Ready: ratio('status.readyReplicas', 'spec.replicas'), ...template('spec.template') },
  Job: {
    Status: jobStatus,
    Completions: completions,
    Duration: jobDuration,
    Selector: selector('spec.selector'),
    ...template('spec.template'),
  },
  CronJob: {
    Schedule: text('spec.schedule', ''),
    Timezone: text('spec.timeZone'),
    Suspend: object => (at(object, 'spec.suspend') === true ? 'True' : 'False'),
    Active: count('status.active'),
    'Last Schedule': (object, now) => {
      const last = at(object, 'status.lastScheduleTime')
      return last ? age(last, now) : '<none>'
    },
    Selector: selector('spec.jobTemplate.spec.selector'),
    ...template('spec.jobTemplate.spec.template'),
  },
  HorizontalPodAutoscaler: {
    Reference: object =>
      `${show(at(object, 'spec.scaleTargetRef.kind') ?? '')}/${show(at(object, 'spec.scaleTargetRef.name') ?? '')}`,
    Targets: metricTargets,
    MinPods: object => show(at(object, 'spec.minReplicas') ?? '<unset>'),
    MaxPods: number('spec.maxReplicas'),
    Replicas: number('status.currentReplicas'),
  },
  Service: {
    Type: text('spec.type', ''),
    'Cluster-IP': object => texts(at(object, 'spec.clusterIPs'))[0] || '<none>',
    'External-IP': externalAddress,
    'Port(s)': servicePorts,
    Selector: object => labelText(at(object, 'spec.selector')).toSorted().join(',') || '<none>',
  },
  Secret: { Type: text('type', ''), Data: count('data') },
  ConfigMap: { Data: object => count('data')(object) + count('binaryData')(object) },
  Namespace: { Status: text('status.phase', '') },
  Node: {
    Status: nodeStatus,
    Roles: nodeRoles,
    Version: text('status.nodeInfo.kubeletVersion', ''),
    'Internal-IP': nodeAddress('InternalIP'),
    'External-IP': nodeAddress('ExternalIP'),
    'OS-Image': text('status.nodeInfo.osImage', '<unknown>'),
    'Kernel-Version': text('status.nodeInfo.kernelVersion', '<unknown>'),
    'Container-Runtime': text('status.nodeInfo.containerRuntimeVersion', '<unknown>'),
  },
  PersistentVolumeClaim: {
    Status: object =>
      at(object, 'metadata.deletionTimestamp') ? 'Terminating' : show(at(object, 'status.phase') ?? ''),
    Volume: text('spec.volumeName', ''),
    Capacity: object => (at(object, 'spec.volumeName') ? show(at(object, 'status.capacity.storage') ?? '0') : ''),
    'Access Modes': object =>
      at(object, 'spec.volumeName')
        ? texts(at(object, 'status.accessModes'))
            .map(mode => claimModes[mode] ?? '')
            .join(',')
        : '',
    StorageClass: text('spec.storageClassName', ''),
    VolumeAttributesClass: object => show(at(object, 'spec.volumeAttributesClassName') ?? '<unset>'),
    VolumeMode: object => show(at(object, 'spec.volumeMode') ?? '<unset>'),
  },
  Event: {
    'Last Seen': (event, now) => {
      if (isObject(event['series'])) return since(event['series']['lastObservedTime'], now)
      return event['lastTimestamp'] ? since(event['lastTimestamp'], now) : firstSeen(event, now)
    },
    Type: text('type', ''),
    Reason: text('reason', ''),
    Object: eventObject,
    Subobject: text('involvedObject.fieldPath', ''),
    Source: eventSource,
    Message: event => show(event['message'] ?? '').trim(),
    'First Seen': firstSeen,
    Count: event => Number(at(event, 'series.count') ?? (event['count'] || 1)),
  },
  Lease: { Holder: text('spec.holderIdentity', '') },
  PodDisruptionBudget: {
    'Min Available': object => show(at(object, 'spec.minAvailable') ?? 'N/A'),
    'Max Unavailable': object => show(at(object, 'spec.maxUnavailable') ?? 'N/A'),
    'Allowed Disruptions': number('status.disruptionsAllowed'),
  },
  NetworkPolicy: { 'Pod-Selector': selector('spec.podSelector') },
  Ingress: {
    Class: text('spec.ingressClassName'),
    Hosts: object =>
      firstThree(
        list(at(object, 'spec.rules'))
          .map(rule => show(rule['host'] ?? ''))
          .filter(Boolean),
        '*',
      ),
    Address: ingressAddresses,
    Ports: object => (list(at(object, 'spec.tls')).length > 0 ? '80, 443' : '80'),
  },
  EndpointSlice: {
    AddressType: text('addressType', ''),
    Ports: object =>
      firstThree(
        list(object['ports']).map(port => show(port['port'] ?? port['name'] ?? '*')),
        '<unset>',
      ),
    Endpoints: object =>
      firstThree(
        list(object['endpoints']).flatMap(each => texts(each['addresses'])),
        '<unset>',
      ),
  },
  Endpoints: { Endpoints: endpoints },
  ResourceQuota: { Request: quota(false), Limit: quota(true) },
  RoleBinding: binding,
  ClusterRoleBinding: binding,
}
