import {
  configMap,
  deployment,
  get,
  type JsonObject,
  mergePatch,
  post,
  put,
  type Row,
  row,
  silent,
  type Table,
} from '../row.ts'

const DEFAULTS = 'kubernetes/pkg/apis/*/v1/defaults.go'
const VALIDATION = 'kubernetes/pkg/apis/*/validation'
const COLUMNS = 'kubernetes/pkg/printers/internalversion/printers.go'
const rest = ({ metadata: _, ...body }: JsonObject) => body
const object = (apiVersion: string, kind: string, more: JsonObject) => ({
  apiVersion,
  kind,
  metadata: { name: 'a' },
  ...more,
})
const container = { name: 'c', image: 'i' }
const pod = (spec: JsonObject) => object('v1', 'Pod', { spec: { containers: [container], ...spec } })
const template = (spec: JsonObject = {}) => ({
  metadata: { labels: { a: 'b' } },
  spec: { containers: [container], ...spec },
})
const set = (spec: JsonObject) =>
  object('apps/v1', 'StatefulSet', {
    spec: { serviceName: 's', selector: { matchLabels: { a: 'b' } }, template: template(), ...spec },
  })
const job = (spec: JsonObject, inner: JsonObject = {}) =>
  object('batch/v1', 'Job', {
    spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container], ...inner } }, ...spec },
  })
const cron = (spec: JsonObject) =>
  object('batch/v1', 'CronJob', {
    spec: {
      schedule: '* * * * *',
      jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } } },
      ...spec,
    },
  })
const service = (spec: JsonObject) => object('v1', 'Service', { spec: { clusterIP: 'None', ...spec } })
const secret = (more: JsonObject) => object('v1', 'Secret', more)
const role = 'rbac.authorization.k8s.io/v1'

const defaults = (name: string, plural: string, body: JsonObject): Row =>
  row(`defaults: ${name}`, DEFAULTS, post(plural, body, { show: rest }))
const refused = (name: string, plural: string, body: JsonObject): Row =>
  row(`rules: ${name}`, VALIDATION, post(plural, body, { show: () => null }))
const changed = (name: string, plural: string, body: JsonObject, patch: JsonObject): Row =>
  row(`rules: ${name}`, VALIDATION, silent(post(plural, body)), mergePatch(`${plural}/a`, patch, { show: () => null }))
const table = { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' } }
const columns = (plural: string, body: JsonObject): Row =>
  row(`table: ${plural}`, COLUMNS, silent(post(plural, body)), get(`${plural}?includeObject=None`, table))

// biome-ignore format: a table is read row by row
export const builtIns: Table = {
  name: 'built-ins',
  rows: [
    defaults('Deployment', 'deployments', deployment('a')),
    defaults('Deployment, whole', 'deployments', deployment('a', { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } }, { ports: [{ containerPort: 80 }], env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }], readinessProbe: { httpGet: { port: 80 } }, livenessProbe: { tcpSocket: { port: 80 } }, startupProbe: { exec: { command: ['x'] } }, resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }, lifecycle: { preStop: { httpGet: { port: 80 } } } })),
    defaults('Deployment that is recreated', 'deployments', deployment('a', { strategy: { type: 'Recreate' } })),
    defaults('an image with a tag, with latest, with a digest', 'pods', pod({ containers: [{ name: 'a', image: 'x' }, { name: 'b', image: 'x:latest' }, { name: 'c', image: 'x:1' }, { name: 'd', image: 'x@sha256:0000000000000000000000000000000000000000000000000000000000000000' }, { name: 'e', image: 'host:5000/x' }] })),
    defaults('Pod', 'pods', pod({})),
    defaults('Pod with volumes', 'pods', pod({ volumes: [{ name: 'a', secret: { secretName: 's' } }, { name: 'b', configMap: { name: 'c' } }, { name: 'd', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }, { name: 'e', emptyDir: {} }, { name: 'f', hostPath: { path: '/x' } }, { name: 'g', downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } }] })),
    defaults('Pod with resources', 'pods', pod({ containers: [{ ...container, resources: { limits: { cpu: '1000m', memory: '1024Mi' } } }] })),
    defaults('Pod with an account', 'pods', pod({ serviceAccountName: 'x' })),
    defaults('Pod with host network', 'pods', pod({ hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80 }] }] })),
    defaults('StatefulSet', 'statefulsets', set({})),
    defaults('StatefulSet with claims', 'statefulsets', set({ volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] })),
    defaults('CronJob', 'cronjobs', cron({})),
    defaults('Service without an address', 'services', service({ ports: [{ port: 80 }], selector: { a: 'b' } })),
    defaults('Service, external', 'services', object('v1', 'Service', { spec: { type: 'ExternalName', externalName: 'example.com' } })),
    defaults('Secret', 'secrets', secret({ stringData: { a: 'b' }, data: { c: 'ZA==' } })),
    defaults('Secret of TLS', 'secrets', secret({ type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } })),
    defaults('ConfigMap', 'configmaps', configMap('a', { k: 'v' })),
    defaults('ConfigMap with bytes', 'configmaps', object('v1', 'ConfigMap', { binaryData: { k: 'AAE=' }, immutable: true })),
    defaults('ServiceAccount', 'serviceaccounts', object('v1', 'ServiceAccount', {})),
    defaults('PersistentVolumeClaim', 'persistentvolumeclaims', object('v1', 'PersistentVolumeClaim', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } })),
    defaults('NetworkPolicy', 'networkpolicies', object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] } })),
    defaults('NetworkPolicy of egress', 'networkpolicies', object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: { matchLabels: { a: 'b' } }, egress: [{}] } })),
    defaults('PodDisruptionBudget', 'poddisruptionbudgets', object('policy/v1', 'PodDisruptionBudget', { spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } } })),
    defaults('Role', 'roles', object(role, 'Role', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] })),
    defaults('RoleBinding', 'rolebindings', object(role, 'RoleBinding', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a' }, subjects: [{ kind: 'ServiceAccount', name: 'x', namespace: 'y' }, { kind: 'User', name: 'z' }] })),
    refused('a Deployment without a selector', 'deployments', object('apps/v1', 'Deployment', { spec: { template: template() } })), refused('a Deployment without a template', 'deployments', object('apps/v1', 'Deployment', { spec: { selector: { matchLabels: { a: 'b' } } } })), refused('a Deployment without a spec', 'deployments', object('apps/v1', 'Deployment', {})), refused('a Deployment whose labels do not match', 'deployments', object('apps/v1', 'Deployment', { spec: { selector: { matchLabels: { a: 'c' } }, template: template() } })), refused('a Deployment with replicas below 0', 'deployments', deployment('a', { replicas: -1 })), refused('a Deployment without an image', 'deployments', deployment('a', {}, { image: '' })), refused('a Deployment without a container name', 'deployments', deployment('a', {}, { name: '' })), refused('a Deployment with a strategy that is none', 'deployments', deployment('a', { strategy: { type: 'Magic' } })), refused('a Deployment that never restarts', 'deployments', object('apps/v1', 'Deployment', { spec: { selector: { matchLabels: { a: 'b' } }, template: template({ restartPolicy: 'Never' }) } })), refused('a container name that is none', 'deployments', deployment('a', {}, { name: 'A_b' })), refused('a port of 0', 'deployments', deployment('a', {}, { ports: [{ containerPort: 0 }] })), refused('a port above all', 'deployments', deployment('a', {}, { ports: [{ containerPort: 70_000 }] })), refused('a variable without a name', 'deployments', deployment('a', {}, { env: [{ value: 'x' }] })), refused('a mount without a volume', 'deployments', deployment('a', {}, { volumeMounts: [{ name: 'v', mountPath: '/x' }] })), refused('a pull policy that is none', 'deployments', deployment('a', {}, { imagePullPolicy: 'Sometimes' })), refused('a quantity that is none', 'deployments', deployment('a', {}, { resources: { limits: { cpu: 'much' } } })), refused('a request above its limit', 'deployments', deployment('a', {}, { resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } })), refused('a probe without a handler', 'deployments', deployment('a', {}, { livenessProbe: { periodSeconds: 1 } })),
    refused('a Pod without containers', 'pods', object('v1', 'Pod', { spec: { containers: [] } })), refused('a Pod with a container twice', 'pods', pod({ containers: [container, container] })), refused('a Pod with a restart policy that is none', 'pods', pod({ restartPolicy: 'Maybe' })), refused('a Pod with a volume twice', 'pods', pod({ volumes: [{ name: 'v', emptyDir: {} }, { name: 'v', emptyDir: {} }] })),
    refused('a StatefulSet without a selector', 'statefulsets', object('apps/v1', 'StatefulSet', { spec: { serviceName: 's', template: template() } })),
    refused('a Job that always restarts', 'jobs', job({}, { restartPolicy: 'Always' })), refused('a Job with a parallelism below 0', 'jobs', job({ parallelism: -1 })), refused('a CronJob with a schedule that is none', 'cronjobs', cron({ schedule: 'often' })), refused('a CronJob with a policy that is none', 'cronjobs', cron({ concurrencyPolicy: 'Maybe' })),
    refused('a Service without ports', 'services', object('v1', 'Service', { spec: { selector: { a: 'b' } } })), refused('a Service with a port of 0', 'services', service({ ports: [{ port: 0 }] })), refused('a Service with two ports without names', 'services', service({ ports: [{ port: 80 }, { port: 81 }] })), refused('a Service with a name twice', 'services', service({ ports: [{ port: 80, name: 'x' }, { port: 81, name: 'x' }] })), refused('a Service with a port twice', 'services', service({ ports: [{ port: 80, name: 'x' }, { port: 80, name: 'y' }] })), refused('a Service with a type that is none', 'services', service({ type: 'Magic' })),
    refused('a ConfigMap with a key that is none', 'configmaps', configMap('a', { 'a b': 'x' })), refused('a ConfigMap with a key in both', 'configmaps', object('v1', 'ConfigMap', { data: { k: 'v' }, binaryData: { k: 'AAE=' } })), refused('a ConfigMap that is too large', 'configmaps', configMap('a', { k: 'x'.repeat(1_048_577) })), refused('a Secret that is no base64', 'secrets', secret({ data: { k: '?' } })), refused('a Secret of TLS without its keys', 'secrets', secret({ type: 'kubernetes.io/tls' })), refused('a Secret for registries without its key', 'secrets', secret({ type: 'kubernetes.io/dockerconfigjson' })), refused('a RoleBinding without a role', 'rolebindings', object(role, 'RoleBinding', {})), refused('a Role without verbs', 'roles', object(role, 'Role', { rules: [{ apiGroups: [''], resources: ['pods'] }] })), refused('a budget of both kinds', 'poddisruptionbudgets', object('policy/v1', 'PodDisruptionBudget', { spec: { minAvailable: 1, maxUnavailable: 1 } })), refused('a claim without a size', 'persistentvolumeclaims', object('v1', 'PersistentVolumeClaim', { spec: { accessModes: ['ReadWriteOnce'] } })), refused('a claim without access', 'persistentvolumeclaims', object('v1', 'PersistentVolumeClaim', { spec: { resources: { requests: { storage: '1Gi' } } } })),
    changed('the selector of a Deployment', 'deployments', deployment('a'), { spec: { selector: { matchLabels: { app: 'a', b: 'c' } }, template: { metadata: { labels: { b: 'c' } } } } }), changed('the name of the service of a StatefulSet', 'statefulsets', set({}), { spec: { serviceName: 'other' } }), changed('the replicas of a StatefulSet', 'statefulsets', set({}), { spec: { replicas: 3 } }), changed('an immutable ConfigMap', 'configmaps', { ...configMap('a', { k: 'v' }), immutable: true }, { data: { k: 'w' } }), changed('a ConfigMap made mutable again', 'configmaps', { ...configMap('a', { k: 'v' }), immutable: true }, { immutable: false }), changed('an immutable Secret', 'secrets', secret({ immutable: true, data: { k: 'ZA==' } }), { data: { k: 'ZQ==' } }), changed('the type of a Secret', 'secrets', secret({}), { type: 'example.com/a' }), changed('the role of a binding', 'rolebindings', object(role, 'RoleBinding', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a' } }), { roleRef: { name: 'b' } }), changed('the template of a Job', 'jobs', job({}), { spec: { template: { spec: { activeDeadlineSeconds: 5 } } } }), changed('a container of a Pod', 'pods', pod({}), { spec: { containers: [{ ...container, command: ['x'] }] } }), changed('the image of a Pod', 'pods', pod({}), { spec: { containers: [{ ...container, image: 'other' }] } }), changed('the size of a claim that is not bound', 'persistentvolumeclaims', object('v1', 'PersistentVolumeClaim', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }), { spec: { resources: { requests: { storage: '2Gi' } } } }),
    row('rules: a Service keeps that it has no address', VALIDATION, silent(post('services', service({ ports: [{ port: 80 }] }))), put('services/a', object('v1', 'Service', { spec: { ports: [{ port: 81 }] } }), { show: body => (body['spec'] as JsonObject)['clusterIP']! })),
    columns('configmaps', configMap('a', { k: 'v' })), columns('secrets', secret({ stringData: { k: 'v' } })), columns('services', service({ ports: [{ port: 80 }] })), columns('deployments', deployment('a')), columns('statefulsets', set({})), columns('pods', pod({})), columns('jobs', job({})), columns('cronjobs', cron({})), columns('leases', object('coordination.k8s.io/v1', 'Lease', { spec: { holderIdentity: 'x' } })), columns('serviceaccounts', object('v1', 'ServiceAccount', {})), columns('persistentvolumeclaims', object('v1', 'PersistentVolumeClaim', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } })), columns('networkpolicies', object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: { matchLabels: { a: 'b' } } } })), columns('poddisruptionbudgets', object('policy/v1', 'PodDisruptionBudget', { spec: { minAvailable: 1 } })), columns('roles', object(role, 'Role', { rules: [] })), columns('rolebindings', object(role, 'RoleBinding', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a' } })), columns('events', object('v1', 'Event', { involvedObject: { kind: 'Pod', name: 'p', namespace: '{ns}' }, reason: 'R', message: 'm', type: 'Normal' })),
    row('table: namespaces', COLUMNS, get('namespaces?includeObject=None&fieldSelector=metadata.name%3Ddefault', table)),
    row('table: definitions', COLUMNS, get('customresourcedefinitions?includeObject=None&fieldSelector=metadata.name%3Dwidgets.conformance.example.com', { ...table, show: body => [body['columnDefinitions']!, (body['rows'] as JsonObject[]).map(({ cells }) => (cells as string[])[0]!)] })),
  ],
}
