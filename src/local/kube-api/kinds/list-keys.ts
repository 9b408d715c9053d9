/**
 * How the lists and maps of the built-in kinds merge: the `+listType`, `+listMapKey`, `+mapType` and `patchMergeKey`
 * markers of the API's Go types, which the client library's models do not carry. Everything not named here is atomic;
 * `status.conditions` is keyed by `type` everywhere.
 */
const container = (model: string): [string, string[]][] => [
  [`${model}.ports`, ['containerPort', 'protocol']],
  [`${model}.env`, ['name']],
  [`${model}.volumeMounts`, ['mountPath']],
  [`${model}.volumeDevices`, ['devicePath']],
]

export const keyedLists: Record<string, string[]> = Object.fromEntries([
  ...container('V1Container'),
  ...container('V1EphemeralContainer'),
  ['V1ObjectMeta.ownerReferences', ['uid']],
  ['V1PodSpec.containers', ['name']],
  ['V1PodSpec.initContainers', ['name']],
  ['V1PodSpec.ephemeralContainers', ['name']],
  ['V1PodSpec.volumes', ['name']],
  ['V1PodSpec.imagePullSecrets', ['name']],
  ['V1PodSpec.hostAliases', ['ip']],
  ['V1PodSpec.topologySpreadConstraints', ['topologyKey', 'whenUnsatisfiable']],
  ['V1PodSpec.schedulingGates', ['name']],
  ['V1PodSpec.resourceClaims', ['name']],
  ['V1PodStatus.podIPs', ['ip']],
  ['V1ResourceRequirements.claims', ['name']],
  ['V1ServiceSpec.ports', ['port', 'protocol']],
  ['V1ServiceAccount.secrets', ['name']],
  ['V1NodeStatus.addresses', ['type']],
] satisfies [string, string[]][])

export const sets = new Set(['V1ObjectMeta.finalizers', 'V1NodeSpec.podCIDRs', 'V1Endpoint.addresses'])

/** Fields (`Model.field`) and whole types whose maps are replaced as one. */
export const atomicMaps = new Set([
  'V1OwnerReference',
  'V1LabelSelector',
  'V1LocalObjectReference',
  'V1ObjectReference',
  'V1ObjectFieldSelector',
  'V1ResourceFieldSelector',
  'V1SecretKeySelector',
  'V1ConfigMapKeySelector',
  'V1FileKeySelector',
  'V1NodeSelector',
  'V1NodeSelectorTerm',
  'V1ScopeSelector',
  'V1ServiceBackendPort',
  'V1CrossVersionObjectReference',
  'RbacV1Subject',
  'V1TypedLocalObjectReference',
  'V1SecretReference',
  'V1RoleRef',
  'V1PodSpec.nodeSelector',
  'V1ServiceSpec.selector',
])
