import {
  configMap,
  del,
  deployment,
  get,
  type JsonObject,
  mergePatch,
  metadataOf,
  namesOf,
  post,
  put,
  row,
  type Step,
  silent,
  type Table,
  widget,
} from '../row.ts'

const GENERATION = 'API conventions, "Metadata": generation'
const FINALIZERS = 'Finalizers'
const GC = 'Garbage Collection'
const NAMESPACES = 'Namespaces; kubernetes/pkg/controller/namespace'
const generation = (body: JsonObject) => (body['metadata'] as JsonObject)['generation'] ?? null
const g = { show: generation }
const held = (name = 'a', finalizers = ['example.com/a']) => configMap(name, { k: 'v' }, { finalizers })
const gone = (_: JsonObject, status: number) => status === 404
const owner = (name: string, more: JsonObject = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  uid: '{uid}',
  ...more,
})
const parent = (more: JsonObject = {}): Step =>
  silent(post('configmaps', configMap('p', {}, more), { save: { uid: 'metadata.uid' } }))
const child = (name: string, more: JsonObject = {}): Step =>
  silent(post('configmaps', configMap(name, {}, { ownerReferences: [owner('p', more)] })))
const ns = (name: string): Step =>
  silent(post('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
}
const marks = (body: JsonObject) => {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = (body['metadata'] ?? {}) as JsonObject
  return {
    deletionTimestamp: deletionTimestamp ?? null,
    deletionGracePeriodSeconds: deletionGracePeriodSeconds ?? null,
    finalizers: finalizers ?? null,
    kind: body['kind'] ?? null,
  }
}
const m = { show: marks }

// biome-ignore format: a table is read row by row
export const lifecycle: Table = {
  name: 'lifecycle',
  rows: [
    row('generation of a custom resource', GENERATION, post('widgets', widget('a', { size: 1 }), g), mergePatch('widgets/a', { spec: { size: 2 } }, g), mergePatch('widgets/a', { metadata: { labels: { x: '1' } } }, g), mergePatch('widgets/a/status', { status: { phase: 'Good' } }, g), mergePatch('widgets/a', { extra: 'x' }, g), mergePatch('widgets/a', { spec: { size: 2 } }, g)),
    row('generation without a status sub-resource', GENERATION, post('gadgets', { apiVersion: 'conformance.example.com/v1', kind: 'Gadget', metadata: { name: '{ns}' }, spec: {} }, g), mergePatch('gadgets/{ns}', { status: { text: 'x' } }, g), mergePatch('gadgets/{ns}', { metadata: { annotations: { x: '1' } } }, g)),
    row('generation of a Deployment', GENERATION, post('deployments', deployment('a'), g), mergePatch('deployments/a', { spec: { replicas: 2 } }, g), mergePatch('deployments/a/status', { status: { replicas: 2 } }, g), mergePatch('deployments/a', { metadata: { labels: { x: '1' } } }, g), mergePatch('deployments/a', { metadata: { annotations: { x: '1' } } }, g), mergePatch('deployments/a/scale', { spec: { replicas: 3 } }, { show: () => null }), get('deployments/a', g)),
    row('a ConfigMap has no generation', GENERATION, post('configmaps', configMap('a'), g), mergePatch('configmaps/a', { data: { k: 'v' } }, g)),
    row('generation of a Service', GENERATION, post('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { clusterIP: 'None' } }, g)),
    row('generation of a Job', GENERATION, post('jobs', { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' }, spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } } }, g), mergePatch('jobs/a', { spec: { suspend: false } }, g)),
    row('generation of a Lease', GENERATION, post('leases', { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'a' }, spec: { holderIdentity: 'x' } }, g)),
    row('generation counts a deletion', GENERATION, silent(post('widgets', widget('a', {}, { finalizers: ['example.com/a'] }))), del('widgets/a', undefined, { show: metadataOf })),
    row('a finalizer holds the object', FINALIZERS, silent(post('configmaps', held())), del('configmaps/a'), get('configmaps/a'), mergePatch('configmaps/a', { metadata: { finalizers: null } }), get('configmaps/a')),
    row('the object goes by PUT without the finalizer', FINALIZERS, silent(post('configmaps', held())), silent(del('configmaps/a')), put('configmaps/a', configMap('a')), get('configmaps/a')),
    row('one of two finalizers', FINALIZERS, silent(post('configmaps', held('a', ['example.com/a', 'example.com/b']))), silent(del('configmaps/a')), mergePatch('configmaps/a', { metadata: { finalizers: ['example.com/b'] } }, m), get('configmaps/a', m)),
    row('a new finalizer during deletion', FINALIZERS, silent(post('configmaps', held())), silent(del('configmaps/a')), mergePatch('configmaps/a', { metadata: { finalizers: ['example.com/a', 'example.com/b'] } })),
    row('a new finalizer of a custom resource during deletion', FINALIZERS, silent(post('widgets', widget('a', {}, { finalizers: ['example.com/a'] }))), silent(del('widgets/a')), mergePatch('widgets/a', { metadata: { finalizers: ['example.com/a', 'example.com/b'] } })),
    row('a change during deletion', FINALIZERS, silent(post('configmaps', held())), silent(del('configmaps/a')), mergePatch('configmaps/a', { data: { k: 'w' } })),
    row('deleted twice', FINALIZERS, silent(post('configmaps', held())), del('configmaps/a', undefined, m), del('configmaps/a', undefined, m)),
    row('the last finalizer without a deletion', FINALIZERS, silent(post('configmaps', held())), mergePatch('configmaps/a', { metadata: { finalizers: null } }, m), get('configmaps/a', m)),
    row('create while it is being deleted', FINALIZERS, silent(post('configmaps', held())), silent(del('configmaps/a')), post('configmaps', configMap('a'))),
    row('a custom resource with a finalizer', FINALIZERS, silent(post('widgets', widget('a', {}, { finalizers: ['example.com/a'] }))), del('widgets/a'), mergePatch('widgets/a', { metadata: { finalizers: [] } }), get('widgets/a')),
    row('dependents go with their owner', GC, parent(), child('c'), del('configmaps/p'), get('configmaps/c', { until: gone })),
    row('dependents of dependents', GC, parent(), child('c'), silent(get('configmaps/c', { save: { cuid: 'metadata.uid' } })), silent(post('configmaps', configMap('d', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: '{cuid}' }] }))), silent(del('configmaps/p')), get('configmaps/d', { until: gone })),
    row('a dependent of an owner that never was', GC, silent(post('configmaps', configMap('c', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: '00000000-0000-0000-0000-000000000001' }] }))), get('configmaps/c', { until: gone })),
    row('a dependent whose owner has another uid', GC, parent(), silent(post('configmaps', configMap('c', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'p', uid: '00000000-0000-0000-0000-000000000001' }] }))), get('configmaps/c', { until: gone })),
    row('a dependent with a second owner stays', GC, parent(), silent(post('configmaps', configMap('q', {}), { save: { quid: 'metadata.uid' } })), silent(post('configmaps', configMap('c', {}, { ownerReferences: [owner('p'), { apiVersion: 'v1', kind: 'ConfigMap', name: 'q', uid: '{quid}' }] }))), silent(del('configmaps/p')), get('configmaps/c', { until: body => (((body['metadata'] as JsonObject)['ownerReferences'] as unknown[]) ?? []).length === 1, show: body => (body['metadata'] as JsonObject)['ownerReferences']! })),
    row('Orphan keeps the dependents', GC, parent(), child('c'), del('configmaps/p', { propagationPolicy: 'Orphan' }, m), get('configmaps/p', { until: gone }), get('configmaps/c', { show: body => (body['metadata'] as JsonObject)['ownerReferences'] ?? null })),
    row('Foreground waits for the dependents', GC, parent(), silent(post('configmaps', configMap('c', {}, { finalizers: ['example.com/a'], ownerReferences: [owner('p', { blockOwnerDeletion: true })] }))), del('configmaps/p', { propagationPolicy: 'Foreground' }, m), get('configmaps/c', { until: body => (body['metadata'] as JsonObject | undefined)?.['deletionTimestamp'] !== undefined, ...m }), get('configmaps/p', m), silent(mergePatch('configmaps/c', { metadata: { finalizers: null } })), get('configmaps/p', { until: gone })),
    row('Foreground without dependents', GC, parent(), del('configmaps/p', { propagationPolicy: 'Foreground' }, m), get('configmaps/p', { until: gone })),
    row('Background', GC, parent({ finalizers: ['example.com/a'] }), child('c'), del('configmaps/p', { propagationPolicy: 'Background' }, m), silent(mergePatch('configmaps/p', { metadata: { finalizers: null } })), get('configmaps/c', { until: gone })),
    row('the policy can change during deletion', GC, parent({ finalizers: ['example.com/a'] }), del('configmaps/p', { propagationPolicy: 'Orphan' }, { show: () => null }), del('configmaps/p', { propagationPolicy: 'Background' }, { show: () => null }), get('configmaps/p', { until: body => !JSON.stringify(body).includes('orphan'), ...m })),
    row('the policy by the query', GC, parent({ finalizers: ['example.com/a'] }), del('configmaps/p?propagationPolicy=Foreground', undefined, m)),
    row('orphanDependents', GC, parent({ finalizers: ['example.com/a'] }), del('configmaps/p', { orphanDependents: true }, { show: () => null }), get('configmaps/p', { until: body => !JSON.stringify(body).includes('orphan'), ...m })),
    row('a Pod that a node has is stopped first', 'Pod Lifecycle, "Termination of Pods"', silent(post('pods', pod)), del('pods/a', undefined, m), get('pods/a', m), del('pods/a?gracePeriodSeconds=0', undefined, m), get('pods/a')),
    row('a Pod with a grace period', 'Pod Lifecycle, "Termination of Pods"', silent(post('pods', pod)), del('pods/a', { gracePeriodSeconds: 5 }, m), del('pods/a', { gracePeriodSeconds: 60 }, m), del('pods/a', { gracePeriodSeconds: 2 }, m)),
    row('a Pod at once', 'Pod Lifecycle, "Termination of Pods"', silent(post('pods', pod)), del('pods/a', { gracePeriodSeconds: 0 }, m), get('pods/a')),
    row('a Pod with a grace period below 0', 'Pod Lifecycle, "Termination of Pods"', silent(post('pods', pod)), del('pods/a', { gracePeriodSeconds: -5 }, m)),
    row('a grace period that is no number', 'DeleteOptions', silent(post('configmaps', configMap('a'))), del('configmaps/a?gracePeriodSeconds=x')),
    row('a grace period of a ConfigMap', 'DeleteOptions', silent(post('configmaps', held())), del('configmaps/a', { gracePeriodSeconds: 5 }, m)),
    row('a Namespace as created', NAMESPACES, post('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '{ns}-x' } })),
    row('a Namespace that exists', NAMESPACES, ns('{ns}-x'), post('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '{ns}-x' } })),
    row('a Namespace goes with its contents', NAMESPACES, ns('{ns}-x'), silent(post('/api/v1/namespaces/{ns}-x/configmaps', configMap('a'))), silent(post('/apis/conformance.example.com/v1/namespaces/{ns}-x/widgets', widget('a'))), del('namespaces/{ns}-x', undefined, { show: body => [(body['status'] as JsonObject)['phase']!, (body['spec'] as JsonObject)['finalizers']!] }), get('namespaces/{ns}-x', { until: gone }), get('/api/v1/namespaces/{ns}-x/configmaps', { show: namesOf })),
    row('a Namespace waits for a finalizer in it', NAMESPACES, ns('{ns}-x'), silent(post('/api/v1/namespaces/{ns}-x/configmaps', held())), silent(del('namespaces/{ns}-x')), get('namespaces/{ns}-x', { until: body => JSON.stringify(body).includes('SomeFinalizersRemain'), show: body => body['status']! }), silent(mergePatch('/api/v1/namespaces/{ns}-x/configmaps/a', { metadata: { finalizers: null } })), get('namespaces/{ns}-x', { until: gone })),
    row('nothing new in a Namespace that goes', NAMESPACES, ns('{ns}-x'), silent(post('/api/v1/namespaces/{ns}-x/configmaps', held())), silent(del('namespaces/{ns}-x')), post('/api/v1/namespaces/{ns}-x/configmaps', configMap('b')), post('/apis/conformance.example.com/v1/namespaces/{ns}-x/widgets', widget('b')), silent(mergePatch('/api/v1/namespaces/{ns}-x/configmaps/a', { metadata: { finalizers: null } }))),
    row('a change in a Namespace that goes', NAMESPACES, ns('{ns}-x'), silent(post('/api/v1/namespaces/{ns}-x/configmaps', held())), silent(del('namespaces/{ns}-x')), mergePatch('/api/v1/namespaces/{ns}-x/configmaps/a', { data: { k: 'w' } }, { show: body => body['data']! }), silent(mergePatch('/api/v1/namespaces/{ns}-x/configmaps/a', { metadata: { finalizers: null } }))),
    row('the default Namespace stays', NAMESPACES, del('namespaces/default')),
    row('kube-system stays', NAMESPACES, del('namespaces/kube-system')),
    row('a Namespace has its name as a label', NAMESPACES, ns('{ns}-x'), mergePatch('namespaces/{ns}-x', { metadata: { labels: { a: 'b', 'kubernetes.io/metadata.name': 'other' } } }, { show: metadataOf })),
  ],
}
