/** The resource types this server knows at the moment: the built-in table, and what the stored CRDs add. */
import { child, isObject, type Json, type JsonObject } from '../json.ts'
import { METADATA_DESCRIPTIONS } from '../print/descriptions.ts'
import { withEmbeddedMeta } from '../schema/embedded.ts'
import { anything, builtInSchema, type Schema } from '../schema/schema.ts'
import type { Named } from '../status.ts'
import { type BuiltInKind, kinds } from './table.ts'

export const definitionsTable = 'apiextensions.k8s.io/customresourcedefinitions'

export interface Column {
  readonly name: string
  readonly type: string
  readonly jsonPath: string
  readonly description?: string
  readonly format?: string
  readonly priority?: number
}

export interface ScalePaths {
  readonly spec: string
  readonly status: string
  readonly selector?: string
}

export interface ResourceType extends Named {
  readonly group: string
  readonly version: string
  readonly apiVersion: string
  readonly kind: string
  readonly listKind: string
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  /** Where the objects are stored: `group/plural`. */
  readonly table: string
  /** The apiVersion under which they are stored. */
  readonly storage: string
  readonly schema: Schema
  /** The schema of the version that is stored: what it defaults is there in every version. */
  readonly storageSchema: Schema
  readonly status: boolean
  readonly scale: ScalePaths | undefined
  readonly columns: readonly Column[]
  readonly selectableFields: readonly string[]
  readonly deprecation: string | undefined
  /** Set for built-in kinds only. */
  readonly builtIn: BuiltInKind | undefined
  /** Name of the CRD, for custom resources only. */
  readonly crd: string | undefined
}

const scalePaths: ScalePaths = { spec: '.spec.replicas', status: '.status.replicas', selector: '.spec.selector' }

function builtInType(kind: BuiltInKind): ResourceType {
  const table = `${kind.group}/${kind.plural}`
  return {
    group: kind.group,
    version: kind.version,
    apiVersion: kind.group ? `${kind.group}/${kind.version}` : kind.version,
    kind: kind.kind,
    listKind: `${kind.kind}List`,
    plural: kind.plural,
    singular: kind.kind.toLowerCase(),
    namespaced: kind.namespaced,
    shortNames: kind.shortNames ?? [],
    categories: kind.categories ?? [],
    table: kind.storedAs ? `/${kind.storedAs}` : table,
    storage: kind.storedAs ? 'v1' : kind.group ? `${kind.group}/${kind.version}` : kind.version,
    schema: builtInSchema(kind.model),
    storageSchema: builtInSchema(kind.model),
    status: kind.status ?? false,
    scale: kind.scale ? scalePaths : undefined,
    columns: [],
    selectableFields: [],
    deprecation: undefined,
    builtIn: kind,
    crd: undefined,
  }
}

const builtIns: readonly ResourceType[] = kinds.map(builtInType)

/** The schema of a whole custom resource: the CRD's, with the real `metadata` in it. */
function customSchema(version: JsonObject): Schema {
  const declared = child(version, 'schema')['openAPIV3Schema'] as unknown as Schema | undefined
  const own = declared && withEmbeddedMeta(declared)
  const { description: _, ...metadata } = builtInSchema('V1ObjectMeta')
  return {
    ...(own ?? anything),
    type: 'object',
    properties: {
      ...own?.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata,
    },
  }
}

/** The types that a CRD declares, one per served version; none before it is established. The CRD is valid (see `custom-definitions.ts`). */
export function customTypes(definition: Json): ResourceType[] {
  const spec = child(definition, 'spec')
  const status = child(definition, 'status')
  const names = child(status, 'acceptedNames')
  const conditions = (status['conditions'] ?? []) as JsonObject[]
  if (!conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return []
  const strings = (value: Json | undefined) => (Array.isArray(value) ? (value as string[]) : [])
  const group = spec['group'] as string
  const plural = names['plural'] as string
  const versions = (spec['versions'] as JsonObject[] | undefined) ?? []
  const stored = versions.find(version => version['storage'] === true)
  const storage = stored?.['name'] as string
  const storageSchema = stored ? customSchema(stored) : anything
  const types: ResourceType[] = []
  for (const version of versions) {
    if (version['served'] !== true) continue
    const subresources = child(version, 'subresources')
    const scale = isObject(subresources['scale']) ? subresources['scale'] : undefined
    types.push({
      group,
      version: version['name'] as string,
      apiVersion: `${group}/${version['name'] as string}`,
      kind: names['kind'] as string,
      listKind: (names['listKind'] as string | undefined) ?? `${names['kind'] as string}List`,
      plural,
      singular: (names['singular'] as string | undefined) ?? (names['kind'] as string).toLowerCase(),
      namespaced: spec['scope'] === 'Namespaced',
      shortNames: strings(names['shortNames']),
      categories: strings(names['categories']),
      table: `${group}/${plural}`,
      storage: `${group}/${storage}`,
      schema: version === stored ? storageSchema : customSchema(version),
      storageSchema,
      status: isObject(subresources['status']),
      scale: scale && {
        spec: scale['specReplicasPath'] as string,
        status: scale['statusReplicasPath'] as string,
        ...(scale['labelSelectorPath'] ? { selector: scale['labelSelectorPath'] as string } : {}),
      },
      columns: (version['additionalPrinterColumns'] as unknown as Column[] | undefined) ?? [
        {
          name: 'Age',
          type: 'date',
          description: METADATA_DESCRIPTIONS.creationTimestamp,
          jsonPath: '.metadata.creationTimestamp',
        },
      ],
      selectableFields: ((version['selectableFields'] as { jsonPath: string }[] | undefined) ?? []).map(
        field => field.jsonPath,
      ),
      deprecation:
        version['deprecated'] === true
          ? ((version['deprecationWarning'] as string | undefined) ??
            `${group}/${version['name'] as string} ${names['kind'] as string} is deprecated`)
          : undefined,
      builtIn: undefined,
      crd: child(definition, 'metadata')['name'] as string,
    })
  }
  return types
}

/** Order of versions in discovery: GA before beta before alpha, higher first (API conventions, "version priority"). */
export function compareVersions(a: string, b: string): number {
  const rank = (version: string) => {
    const parsed = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
    if (!parsed) return [0, 0, 0]
    const stage = parsed[2] === undefined ? 3 : parsed[2] === 'beta' ? 2 : 1
    return [stage, Number(parsed[1]), Number(parsed[3] ?? 0)]
  }
  const [left, right] = [rank(a), rank(b)]
  for (let index = 0; index < 3; index++) if (left[index] !== right[index]) return right[index]! - left[index]!
  return a < b ? -1 : a > b ? 1 : 0
}

const idOf = (type: ResourceType) => `${type.group}/${type.version}/${type.plural}`

export class Registry {
  readonly #byPath = new Map<string, ResourceType>()
  readonly #byKind = new Map<string, ResourceType>()
  readonly #custom = new Map<string, ResourceType[]>()
  readonly #since = new Map<string, number>()
  readonly #removalListeners = new Map<string, Set<() => void>>()
  readonly #changeListeners = new Set<() => void>()
  /** Counts changes, so that documents derived from the registry can be cached. */
  revision = 0

  constructor() {
    for (const type of builtIns) this.#add(type)
  }

  byPath(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`)
  }

  byKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(`${apiVersion} ${kind}`)
  }

  /** The type under which the objects of a table are read when nobody asked for a version. */
  byTable(table: string): ResourceType | undefined {
    return this.types().find(type => type.table === table)
  }

  types(): ResourceType[] {
    return [...this.#byPath.values()]
  }

  /** The custom types of one CRD. */
  ofDefinition(name: string): readonly ResourceType[] {
    return this.#custom.get(name) ?? []
  }

  /**
   * The resourceVersion before which nobody can watch a type: the watch cache of a custom resource begins with its
   * definition (apiserver/pkg/storage/cacher/watch_cache.go, getAllEventsSinceLocked).
   */
  since(type: ResourceType): number {
    return (type.crd && this.#since.get(type.crd)) || 0
  }

  /** Replaces what a CRD declares; an empty list removes it. `version` is that of the definition. */
  setDefinition(name: string, types: ResourceType[], version = 0): void {
    const gone = this.ofDefinition(name).filter(old => !types.some(type => idOf(type) === idOf(old)))
    for (const old of this.ofDefinition(name)) {
      this.#byPath.delete(idOf(old))
      this.#byKind.delete(`${old.apiVersion} ${old.kind}`)
    }
    if (types.length === 0) this.#since.delete(name)
    else if (!this.#custom.has(name)) this.#since.set(name, version)
    if (types.length > 0) this.#custom.set(name, types)
    else this.#custom.delete(name)
    for (const type of [...types].sort((a, b) => compareVersions(a.version, b.version))) this.#add(type)
    this.revision++
    for (const old of gone) for (const listener of [...(this.#removalListeners.get(idOf(old)) ?? [])]) listener()
    for (const listener of [...this.#changeListeners]) listener()
  }

  /** Calls back when a custom type is no longer served: its watches end. */
  onRemoval(type: ResourceType, listener: () => void): () => void {
    const listeners = this.#removalListeners.get(idOf(type)) ?? new Set()
    this.#removalListeners.set(idOf(type), listeners.add(listener))
    return () => listeners.delete(listener)
  }

  /** Calls back after any change of the custom types. */
  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener)
    return () => this.#changeListeners.delete(listener)
  }

  #add(type: ResourceType): void {
    this.#byPath.set(idOf(type), type)
    this.#byKind.set(`${type.apiVersion} ${type.kind}`, type)
  }
}
