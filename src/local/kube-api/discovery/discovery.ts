/** What the API says about itself: groups, versions, resources; plain and aggregated (API concepts, "API Discovery"). */
import { freeze, type JsonObject } from '../json.ts'
import { compareVersions, type Registry, type ResourceType } from '../kinds/registry.ts'

const storedVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const customVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']

function verbsOf(type: ResourceType): string[] {
  if (!type.builtIn) return customVerbs
  if (type.builtIn.createOnly) return ['create']
  return type.builtIn.singly ? storedVerbs.filter(verb => verb !== 'deletecollection') : storedVerbs
}

interface Subresource {
  name: string
  verbs: string[]
  kind: { group: string; version: string; kind: string }
}

function subresources(type: ResourceType): Subresource[] {
  const own = { group: type.group, version: type.version, kind: type.kind }
  return [
    ...(type.status ? [{ name: 'status', verbs: ['get', 'patch', 'update'], kind: own }] : []),
    ...(type.scale
      ? [
          {
            name: 'scale',
            verbs: ['get', 'patch', 'update'],
            kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
          },
        ]
      : []),
    ...(type.builtIn?.log ? [{ name: 'log', verbs: ['get'], kind: own }] : []),
  ].sort((a, b) => (type.builtIn ? a.name.localeCompare(b.name) : 0))
}

/** Groups with their versions, the preferred one first; groups in the order in which they appeared. */
function groupVersions(registry: Registry): Map<string, string[]> {
  const groups = new Map<string, Set<string>>()
  for (const type of registry.types()) groups.set(type.group, (groups.get(type.group) ?? new Set()).add(type.version))
  return new Map([...groups].map(([group, versions]) => [group, [...versions].sort(compareVersions)]))
}

export const legacyVersions = (): JsonObject => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [],
})

function apiGroup(name: string, versions: string[]): JsonObject {
  const entries = versions.map(version => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions: entries, preferredVersion: entries[0]! }
}

export const groupList = (registry: Registry): JsonObject => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: [...groupVersions(registry)]
    .filter(([group]) => group !== '')
    .map(([group, versions]) => apiGroup(group, versions)),
})

export function group(registry: Registry, name: string): JsonObject | undefined {
  const versions = groupVersions(registry).get(name)
  return versions && { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(name, versions) }
}

/** The resources of one group and version; `undefined` when there are none. */
export function resourceList(registry: Registry, groupName: string, version: string): JsonObject | undefined {
  const types = registry.types().filter(type => type.group === groupName && type.version === version)
  if (types.length === 0) return undefined
  const resources = types.flatMap(type => [
    {
      name: type.plural,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: verbsOf(type),
      ...(type.shortNames.length > 0 ? { shortNames: [...type.shortNames] } : {}),
      ...(type.categories.length > 0 ? { categories: [...type.categories] } : {}),
    },
    ...subresources(type).map(sub => ({
      name: `${type.plural}/${sub.name}`,
      singularName: '',
      namespaced: type.namespaced,
      ...(sub.kind.group !== type.group ? { group: sub.kind.group, version: sub.kind.version } : {}),
      kind: sub.kind.kind,
      verbs: sub.verbs,
    })),
  ])
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupName ? `${groupName}/${version}` : version,
    resources,
  }
}

/** Every client begins with it, and it changes with the CRDs alone. */
const AGGREGATED = new WeakMap<Registry, { revision: number; documents: Map<string, JsonObject> }>()

/** `apidiscovery.k8s.io` APIGroupDiscoveryList of `/api` or `/apis`, in the version asked for. */
export function aggregated(registry: Registry, legacy: boolean, discoveryVersion: string): JsonObject {
  let known = AGGREGATED.get(registry)
  if (known?.revision !== registry.revision) {
    known = { revision: registry.revision, documents: new Map() }
    AGGREGATED.set(registry, known)
  }
  const key = `${legacy} ${discoveryVersion}`
  const document = known.documents.get(key) ?? freeze(aggregatedDocument(registry, legacy, discoveryVersion))
  known.documents.set(key, document)
  return document
}

function aggregatedDocument(registry: Registry, legacy: boolean, discoveryVersion: string): JsonObject {
  const types = registry.types()
  const items = [...groupVersions(registry)]
    .filter(([name]) => (name === '') === legacy)
    .map(([name, versions]) => ({
      metadata: { name: name || null, creationTimestamp: null },
      versions: versions.map(version => ({
        version,
        freshness: 'Current',
        resources: types.filter(type => type.group === name && type.version === version).map(discoveredResource),
      })),
    }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${discoveryVersion}`, metadata: {}, items }
}

function discoveredResource(type: ResourceType): JsonObject {
  // Built-in kinds leave out what is that of the group they stand in.
  const short = (kind: Subresource['kind']) =>
    type.builtIn && kind.group === type.group ? { ...kind, group: '', version: '' } : kind
  const subs = subresources(type).map(sub => ({
    subresource: sub.name,
    responseKind: short(sub.kind),
    verbs: sub.verbs,
  }))
  return {
    resource: type.plural,
    responseKind: short({ group: type.group, version: type.version, kind: type.kind }),
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: verbsOf(type),
    ...(type.shortNames.length > 0 ? { shortNames: [...type.shortNames] } : {}),
    ...(type.categories.length > 0 ? { categories: [...type.categories] } : {}),
    ...(subs.length > 0 ? { subresources: subs } : {}),
  }
}

export const version: JsonObject = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0+embedded',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: process.version,
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
}
