/** Defaults of the built-in kinds, as far as they show in a diff (kubernetes/pkg/apis/*\/v1/defaults.go). */
import { isObject, type Json, type JsonObject, show } from '../json.ts'
import type { ResourceType } from './registry.ts'

export function fill(target: JsonObject, defaults: JsonObject): void {
  for (const [key, value] of Object.entries(defaults)) target[key] ??= isObject(value) ? { ...value } : value
}

export const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

function defaultProbe(probe: Json | undefined): void {
  if (!isObject(probe)) return
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
  if (isObject(probe['httpGet'])) fill(probe['httpGet'], { path: '/', scheme: 'HTTP' })
  if (isObject(probe['grpc'])) fill(probe['grpc'], { service: '' })
}

function defaultContainer(container: JsonObject): void {
  const image = show(container['image'] ?? '')
  const tag = /:([^/@]+)$/.exec(image)?.[1]
  const always = !image.includes('@') && (tag === undefined || tag === 'latest')
  fill(container, {
    imagePullPolicy: always ? 'Always' : 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    resources: {},
  })
  const lifecycle = container['lifecycle']
  for (const hook of isObject(lifecycle) ? [lifecycle['postStart'], lifecycle['preStop']] : [])
    if (isObject(hook) && isObject(hook['httpGet'])) fill(hook['httpGet'], { path: '/', scheme: 'HTTP' })
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(container[probe])
  for (const port of list(container['ports'])) fill(port, { protocol: 'TCP' })
  for (const variable of list(container['env'])) {
    const from = variable['valueFrom']
    if (isObject(from) && isObject(from['fieldRef'])) fill(from['fieldRef'], { apiVersion: 'v1' })
  }
}

/** A limit without a request is a request of the same size: in pods, not yet in their templates. */
function requestLimits(container: JsonObject): void {
  const resources = container['resources']
  if (!isObject(resources) || !isObject(resources['limits'])) return
  const requests = isObject(resources['requests']) ? resources['requests'] : {}
  resources['requests'] = { ...resources['limits'], ...requests }
}

const modeDefaults: readonly (readonly [string, JsonObject])[] = [
  ['secret', { defaultMode: 0o644 }],
  ['configMap', { defaultMode: 0o644 }],
  ['downwardAPI', { defaultMode: 0o644 }],
  ['projected', { defaultMode: 0o644 }],
  ['hostPath', { type: '' }],
]

function defaultPodSpec(spec: Json | undefined): void {
  if (!isObject(spec)) return
  fill(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    terminationGracePeriodSeconds: 30,
    securityContext: {},
  })
  // Either name of the service account implies the other.
  if (spec['serviceAccountName'] !== undefined) spec['serviceAccount'] ??= spec['serviceAccountName']
  for (const container of [...list(spec['containers']), ...list(spec['initContainers'])]) {
    defaultContainer(container)
    // Who is on the node's network has the node's ports.
    if (spec['hostNetwork'] === true)
      for (const port of list(container['ports'])) fill(port, { hostPort: port['containerPort'] ?? null })
  }
  for (const volume of list(spec['volumes']))
    for (const [source, defaults] of modeDefaults) if (isObject(volume[source])) fill(volume[source], defaults)
}

const template = (spec: JsonObject) => (isObject(spec['template']) ? spec['template']['spec'] : undefined)

function defaultJobSpec(spec: JsonObject): void {
  fill(spec, {
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
  })
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1
  spec['parallelism'] ??= 1
  defaultPodSpec(template(spec))
}

const bySpec: Record<string, (spec: JsonObject) => void> = {
  pods: spec => {
    defaultPodSpec(spec)
    fill(spec, { enableServiceLinks: true })
    for (const container of [...list(spec['containers']), ...list(spec['initContainers'])]) requestLimits(container)
  },
  deployments: spec => {
    fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: {} })
    const strategy = spec['strategy'] as JsonObject
    fill(strategy, { type: 'RollingUpdate' })
    if (strategy['type'] === 'RollingUpdate') {
      fill(strategy, { rollingUpdate: {} })
      fill(strategy['rollingUpdate'] as JsonObject, { maxUnavailable: '25%', maxSurge: '25%' })
    }
    defaultPodSpec(template(spec))
  },
  replicasets: spec => {
    fill(spec, { replicas: 1 })
    defaultPodSpec(template(spec))
  },
  statefulsets: spec => {
    fill(spec, {
      replicas: 1,
      revisionHistoryLimit: 10,
      podManagementPolicy: 'OrderedReady',
      updateStrategy: {},
      persistentVolumeClaimRetentionPolicy: {},
    })
    const strategy = spec['updateStrategy'] as JsonObject
    fill(strategy, { type: 'RollingUpdate' })
    if (strategy['type'] === 'RollingUpdate') {
      fill(strategy, { rollingUpdate: {} })
      fill(strategy['rollingUpdate'] as JsonObject, { partition: 0 })
    }
    fill(spec['persistentVolumeClaimRetentionPolicy'] as JsonObject, { whenDeleted: 'Retain', whenScaled: 'Retain' })
    for (const claim of list(spec['volumeClaimTemplates'])) {
      fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' })
      fillStatus(claim, { phase: 'Pending' })
      if (isObject(claim['spec'])) fill(claim['spec'], { volumeMode: 'Filesystem' })
    }
    defaultPodSpec(template(spec))
  },
  jobs: defaultJobSpec,
  cronjobs: spec => {
    fill(spec, { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 })
    const job = isObject(spec['jobTemplate']) ? spec['jobTemplate']['spec'] : undefined
    if (isObject(job)) defaultPodSpec(template(job))
  },
  services: spec => {
    fill(spec, { type: 'ClusterIP', sessionAffinity: 'None' })
    if (spec['type'] !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' })
    for (const port of list(spec['ports'])) {
      fill(port, { protocol: 'TCP' })
      if (!port['targetPort']) port['targetPort'] = port['port'] ?? 0
    }
  },
  persistentvolumeclaims: spec => fill(spec, { volumeMode: 'Filesystem' }),
  networkpolicies: spec => {
    spec['policyTypes'] ??= list(spec['egress']).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
    for (const rule of [...list(spec['ingress']), ...list(spec['egress'])])
      for (const port of list(rule['ports'])) fill(port, { protocol: 'TCP' })
  },
  customresourcedefinitions: spec => {
    fill(spec, { conversion: { strategy: 'None' } })
    const names = spec['names']
    if (isObject(names) && names['kind'] && typeof names['kind'] === 'string')
      fill(names, { singular: names['kind'].toLowerCase(), listKind: `${names['kind']}List` })
  },
}

/** The struct of the status is there already. */
function fillStatus(object: JsonObject, defaults: JsonObject): void {
  if (isObject(object['status'])) fill(object['status'], defaults)
}

const byObject: Record<string, (object: JsonObject) => void> = {
  secrets: object => {
    const strings = object['stringData']
    if (isObject(strings)) {
      const data = isObject(object['data']) ? { ...object['data'] } : {}
      for (const [key, value] of Object.entries(strings)) data[key] = Buffer.from(show(value)).toString('base64')
      object['data'] = data
    }
    delete object['stringData']
    object['type'] ??= 'Opaque'
  },
  pods: object => fillStatus(object, { phase: 'Pending', qosClass: qualityOfService(object) }),
  persistentvolumeclaims: object => fillStatus(object, { phase: 'Pending' }),
  namespaces: object => {
    fillStatus(object, { phase: 'Active' })
    const metadata = object['metadata'] as JsonObject
    if (typeof metadata['name'] === 'string')
      metadata['labels'] = {
        ...(metadata['labels'] as JsonObject | undefined),
        'kubernetes.io/metadata.name': metadata['name'],
      }
  },
  rolebindings: binding => defaultSubjects(binding),
  clusterrolebindings: binding => defaultSubjects(binding),
}

function defaultSubjects(binding: JsonObject): void {
  for (const subject of list(binding['subjects']))
    if (subject['kind'] !== 'ServiceAccount') subject['apiGroup'] ??= 'rbac.authorization.k8s.io'
  if (isObject(binding['roleRef'])) binding['roleRef']['apiGroup'] ||= 'rbac.authorization.k8s.io'
}

function qualityOfService(pod: JsonObject): string {
  const containers = isObject(pod['spec']) ? list(pod['spec']['containers']) : []
  const resources = containers.map(container => (isObject(container['resources']) ? container['resources'] : {}))
  const sizes = (value: Json | undefined) => (isObject(value) ? value : {})
  if (
    resources.every(
      each => Object.keys(sizes(each['requests'])).length === 0 && Object.keys(sizes(each['limits'])).length === 0,
    )
  )
    return 'BestEffort'
  const guaranteed = resources.every(each =>
    ['cpu', 'memory'].every(name => {
      const limit = sizes(each['limits'])[name]
      return limit !== undefined && (sizes(each['requests'])[name] ?? limit) === limit
    }),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

/** Fills in the defaults of a built-in object in place. Idempotent. */
export function defaultBuiltIn(object: JsonObject, type: ResourceType): void {
  if (isObject(object['spec'])) bySpec[type.plural]?.(object['spec'])
  byObject[type.plural]?.(object)
}
