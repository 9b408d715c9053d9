/** One row per built-in kind: what discovery shows and what the verbs need to know. Data, not code. */
export interface BuiltInKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  /** Name of the schema in `generated/definitions.json`. */
  readonly model: string
  readonly namespaced: boolean
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly status?: true
  readonly scale?: true
  readonly log?: true
  /** `metadata.generation` counts changes of the spec. */
  readonly generation?: true
  /** So does a change of its annotations (registry/apps/deployment/strategy.go). */
  readonly countsAnnotations?: true
  /** Stored under another kind's table: two views of one object. */
  readonly storedAs?: string
  /** Answered at once and never stored. */
  readonly createOnly?: true
  /** Cannot be deleted as a collection. */
  readonly singly?: true
  /** PUT of an object that is not there creates it. */
  readonly createOnUpdate?: true
  /** PUT needs the resourceVersion that was read. */
  readonly conditionalUpdate?: true
  /** DELETE answers with the object in place of a Status. */
  readonly returnsDeleted?: true
  /** Dependents stay when a DELETE names no propagation policy. */
  readonly orphansByDefault?: true
  readonly name?: 'subdomain' | 'label' | 'path'
}

const all = ['all']

// biome-ignore format: a table is read row by row
export const kinds: readonly BuiltInKind[] = [
  { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', model: 'V1Namespace', namespaced: false, shortNames: ['ns'], status: true, name: 'label', singly: true, returnsDeleted: true },
  { group: '', version: 'v1', kind: 'Node', plural: 'nodes', model: 'V1Node', namespaced: false, shortNames: ['no'], status: true },
  { group: '', version: 'v1', kind: 'Pod', plural: 'pods', model: 'V1Pod', namespaced: true, shortNames: ['po'], categories: all, status: true, log: true, generation: true, returnsDeleted: true },
  { group: '', version: 'v1', kind: 'Service', plural: 'services', model: 'V1Service', namespaced: true, shortNames: ['svc'], categories: all, status: true, name: 'label', createOnUpdate: true, returnsDeleted: true },
  { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', model: 'V1Secret', namespaced: true },
  { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', model: 'V1ConfigMap', namespaced: true, shortNames: ['cm'] },
  { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', model: 'V1ServiceAccount', namespaced: true, shortNames: ['sa'], returnsDeleted: true },
  { group: '', version: 'v1', kind: 'Event', plural: 'events', model: 'CoreV1Event', namespaced: true, shortNames: ['ev'], createOnUpdate: true },
  { group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', model: 'V1PersistentVolumeClaim', namespaced: true, shortNames: ['pvc'], status: true, returnsDeleted: true },
  { group: '', version: 'v1', kind: 'Endpoints', plural: 'endpoints', model: 'V1Endpoints', namespaced: true, shortNames: ['ep'], createOnUpdate: true },
  { group: '', version: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', model: 'V1ResourceQuota', namespaced: true, shortNames: ['quota'], status: true, returnsDeleted: true },
  { group: '', version: 'v1', kind: 'LimitRange', plural: 'limitranges', model: 'V1LimitRange', namespaced: true, shortNames: ['limits'] },
  { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', model: 'V1Deployment', namespaced: true, shortNames: ['deploy'], categories: all, status: true, scale: true, generation: true, countsAnnotations: true },
  { group: 'apps', version: 'v1', kind: 'ReplicaSet', plural: 'replicasets', model: 'V1ReplicaSet', namespaced: true, shortNames: ['rs'], categories: all, status: true, scale: true, generation: true },
  { group: 'apps', version: 'v1', kind: 'StatefulSet', plural: 'statefulsets', model: 'V1StatefulSet', namespaced: true, shortNames: ['sts'], categories: all, status: true, scale: true, generation: true },
  { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers', model: 'V2HorizontalPodAutoscaler', namespaced: true, shortNames: ['hpa'], categories: all, status: true, generation: true },
  { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', model: 'V1Job', namespaced: true, categories: all, status: true, generation: true, orphansByDefault: true },
  { group: 'batch', version: 'v1', kind: 'CronJob', plural: 'cronjobs', model: 'V1CronJob', namespaced: true, shortNames: ['cj'], categories: all, status: true, generation: true },
  { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', model: 'V1Lease', namespaced: true, createOnUpdate: true, conditionalUpdate: true },
  { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', plural: 'endpointslices', model: 'V1EndpointSlice', namespaced: true, generation: true },
  { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', model: 'EventsV1Event', namespaced: true, shortNames: ['ev'], storedAs: 'events', createOnUpdate: true },
  { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress', plural: 'ingresses', model: 'V1Ingress', namespaced: true, shortNames: ['ing'], status: true, generation: true },
  { group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy', plural: 'networkpolicies', model: 'V1NetworkPolicy', namespaced: true, shortNames: ['netpol'], generation: true },
  { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', model: 'V1PodDisruptionBudget', namespaced: true, shortNames: ['pdb'], status: true, generation: true, conditionalUpdate: true },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role', plural: 'roles', model: 'V1Role', namespaced: true, name: 'path', createOnUpdate: true },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'RoleBinding', plural: 'rolebindings', model: 'V1RoleBinding', namespaced: true, name: 'path', createOnUpdate: true },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole', plural: 'clusterroles', model: 'V1ClusterRole', namespaced: false, name: 'path', createOnUpdate: true },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', model: 'V1ClusterRoleBinding', namespaced: false, name: 'path', createOnUpdate: true },
  { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', model: 'V1CustomResourceDefinition', namespaced: false, shortNames: ['crd', 'crds'], categories: ['api-extensions'], status: true, generation: true, conditionalUpdate: true },
  { group: 'authentication.k8s.io', version: 'v1', kind: 'SelfSubjectReview', plural: 'selfsubjectreviews', model: 'V1SelfSubjectReview', namespaced: false, createOnly: true },
  { group: 'authorization.k8s.io', version: 'v1', kind: 'SelfSubjectAccessReview', plural: 'selfsubjectaccessreviews', model: 'V1SelfSubjectAccessReview', namespaced: false, createOnly: true },
]
