/**
 * Field ownership: `metadata.managedFields`, and the three rules of structured-merge-diff's updater: an update takes
 * what it changes, an apply takes what it names and gives back what it no longer names, and an apply that would change
 * what others own is a conflict unless forced.
 */
import { zeroOf } from '../decode/go-zero.ts'
import { at, clone, equal, isObject, type Json, type JsonObject, show } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { anything, fieldSchema, type Schema } from '../schema/schema.ts'
import { type Cause, StatusError } from '../status.ts'
import {
  difference,
  emptySet,
  type FieldSet,
  fromFieldsV1,
  intersection,
  isEmpty,
  pathSet,
  printPaths,
  toFieldsV1,
  under,
  union,
  withNamedParents,
} from './field-set.ts'
import { appliedByClient, keepLastApplied } from './last-applied.ts'
import { compare, fieldSetOf, merge, withoutItems } from './typed.ts'

interface Manager {
  name: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  subresource: string
  time: string | undefined
  set: FieldSet
}
type Managers = Map<string, Manager>

export interface Actor {
  manager: string
  subresource: string
  time: string
}

/** Never owned by anybody: identity and what the server itself writes. */
const unowned: readonly (readonly string[])[] = [
  ['f:apiVersion'],
  ['f:kind'],
  ...[
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'managedFields',
    'name',
    'namespace',
    'resourceVersion',
    'selfLink',
    'uid',
  ].map(field => ['f:metadata', `f:${field}`]),
]

/** What a request at this sub-resource can own at all. */
function ownable(set: FieldSet, type: ResourceType, subresource: string): FieldSet {
  if (subresource === 'status') return under(set, ['f:status'], true)
  // The object itself is nobody's field.
  let result: FieldSet = { ...set, member: false }
  for (const path of unowned) result = under(result, path, false)
  // `metadata` itself is nobody's either, only what is in it.
  const metadata = result.children.get('f:metadata')
  if (metadata?.children.size === 0) result = under(result, ['f:metadata'], false)
  else if (metadata?.member)
    result = { ...result, children: new Map(result.children).set('f:metadata', { ...metadata, member: false }) }
  return type.status ? under(result, ['f:status'], false) : result
}

// An applier keeps its identity across API versions, an updater does not (BuildManagerIdentifier).
const idOf = (manager: Pick<Manager, 'name' | 'operation' | 'apiVersion' | 'subresource'>) =>
  [manager.name, manager.operation, manager.operation === 'Apply' ? '' : manager.apiVersion, manager.subresource].join(
    '\n',
  )

function decode(object: JsonObject | undefined): Managers {
  const managers: Managers = new Map()
  const entries = (object?.['metadata'] as JsonObject | undefined)?.['managedFields']
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isObject(entry) || (entry['operation'] !== 'Apply' && entry['operation'] !== 'Update')) continue
    const manager: Manager = {
      name: show(entry['manager'] ?? ''),
      operation: entry['operation'],
      apiVersion: show(entry['apiVersion'] ?? ''),
      subresource: show(entry['subresource'] ?? ''),
      time: entry['time'] as string | undefined,
      set: fromFieldsV1(entry['fieldsV1']),
    }
    managers.set(idOf(manager), manager)
  }
  return managers
}

function encode(managers: Managers, object: JsonObject): void {
  const metadata = object['metadata'] as JsonObject
  const entries = [...managers.values()]
    .filter(manager => !isEmpty(manager.set))
    .sort(
      (a, b) =>
        a.operation.localeCompare(b.operation) ||
        (a.time ?? '').localeCompare(b.time ?? '') ||
        a.name.localeCompare(b.name),
    )
    .map(manager => ({
      manager: manager.name,
      operation: manager.operation,
      apiVersion: manager.apiVersion,
      ...(manager.time ? { time: manager.time } : {}),
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(manager.set),
      ...(manager.subresource ? { subresource: manager.subresource } : {}),
    }))
  if (entries.length > 0) metadata['managedFields'] = entries as unknown as Json
  else delete metadata['managedFields']
}

/** Sets a manager's fields. `time`: of this write, where it changed something; else the entry keeps its own, or has none. */
function setManager(managers: Managers, manager: Omit<Manager, 'time'>, time: string | undefined): void {
  const id = idOf(manager)
  if (isEmpty(manager.set)) managers.delete(id)
  else managers.set(id, { ...manager, time: time ?? managers.get(id)?.time })
}

/** Takes changed fields from everybody but the actor, or refuses with a conflict; `free` ones are taken without asking. */
function settle(
  before: JsonObject | undefined,
  after: JsonObject,
  managers: Managers,
  actorId: string,
  type: ResourceType,
  force: boolean,
  free: FieldSet = emptySet(),
): ReturnType<typeof compare> {
  const changes = compare(before, after, type.schema)
  const taken = union(changes.modified, changes.added)
  const conflicts: { manager: Manager; paths: FieldSet }[] = []
  for (const [id, manager] of managers) {
    if (id === actorId) continue
    const paths = difference(intersection(manager.set, taken), free)
    if (!isEmpty(paths)) conflicts.push({ manager, paths })
  }
  if (conflicts.length > 0 && !force) throw applyConflict(conflicts)
  for (const [id, manager] of managers) {
    if (id === actorId) continue
    const set = difference(difference(manager.set, taken), changes.removed)
    if (isEmpty(set)) managers.delete(id)
    else managers.set(id, { ...manager, set })
  }
  return changes
}

/** As apiserver's managedfields/internal/conflict.go prints a manager: only an updater has an API version of its own. */
function describe(manager: Manager): string {
  const subresource = manager.subresource ? ` with subresource ${JSON.stringify(manager.subresource)}` : ''
  const version = manager.operation === 'Update' ? ` using ${manager.apiVersion}` : ''
  return `${JSON.stringify(manager.name)}${subresource}${version}`
}

function applyConflict(conflicts: { manager: Manager; paths: FieldSet }[]): StatusError {
  const causes: Cause[] = []
  const lines: string[] = []
  for (const { manager, paths } of conflicts) {
    const fields = printPaths(paths)
    for (const field of fields)
      causes.push({ reason: 'FieldManagerConflict', message: `conflict with ${describe(manager)}`, field })
    lines.push(`conflicts with ${describe(manager)}:\n${fields.map(field => `- ${field}`).join('\n')}`)
  }
  const [only] = causes
  const text =
    causes.length === 1
      ? `1 conflict: ${only!.message}: ${only!.field}`
      : `${causes.length} conflicts: ${lines.toSorted().join('\n')}`
  return new StatusError(409, 'Conflict', `Apply failed with ${text}`, { causes })
}

/** Records an Update (POST, PUT, PATCH): the actor owns what it added or changed. `after` gets the new managedFields. */
export function trackUpdate(before: JsonObject | undefined, after: JsonObject, type: ResourceType, actor: Actor): void {
  const sent = (after['metadata'] as JsonObject)['managedFields']
  // A client may rewrite ownership (kubectl migrates client-side apply so); an empty list resets it, absence keeps it.
  const reset =
    Array.isArray(sent) &&
    (sent.length === 0 || (sent.length === 1 && isObject(sent[0]) && Object.keys(sent[0]).length === 0))
  const given = decode(after)
  const managers = reset ? new Map<string, Manager>() : given.size > 0 ? given : decode(before)
  const self = {
    name: actor.manager,
    operation: 'Update' as const,
    apiVersion: type.apiVersion,
    subresource: actor.subresource,
  }
  const id = idOf(self)
  const tracked = managers.size > 0
  const base = before ? withoutManagedFields(before) : blank(type)
  const changes = settle(base, withoutManagedFields(after), managers, id, type, true)
  // Who began without ownership stays without it until somebody applies (skipnonapplied.go).
  if (!before || tracked) {
    const owned = managers.get(id)?.set
    const gained = ownable(union(changes.modified, changes.added), type, actor.subresource)
    const set = owned ? union(difference(owned, changes.removed), gained) : gained
    setManager(managers, { ...self, set }, isEmpty(gained) ? undefined : actor.time)
  }
  encode(managers, after)
}

/**
 * Records a change of the scale: who had the replicas loses them to the actor, whose entry bears no time. Where nobody had them
 * nobody gets them (apimachinery/pkg/util/managedfields/scalehandler.go, skipnonapplied.go).
 */
export function trackScale(before: JsonObject, after: JsonObject, type: ResourceType, manager: string): void {
  const path = type
    .scale!.spec.split('.')
    .filter(key => key !== '')
    .map(key => `f:${key}`)
  const replicas = pathSet(path)
  const managers = decode(before)
  const owners = [...managers].filter(([, { set }]) => !isEmpty(intersection(set, replicas)))
  const changed = !equal(at(before, type.scale!.spec), at(after, type.scale!.spec))
  if (owners.length > 0 && changed) {
    for (const [, owner] of owners) setManager(managers, { ...owner, set: difference(owner.set, replicas) }, undefined)
    const { apiVersion } = type
    setManager(
      managers,
      { name: manager, operation: 'Update', apiVersion, subresource: 'scale', set: replicas },
      undefined,
    )
  }
  encode(managers, after)
}

/** Whether two states of an object are the same but for the times of their managedFields (fieldmanager/equality.go). */
export function equalButForTimes(before: JsonObject, after: JsonObject): boolean {
  const timeless = (object: JsonObject): Json => {
    const entries = (object['metadata'] as JsonObject)['managedFields']
    return Array.isArray(entries) ? entries.map(entry => ({ ...(entry as JsonObject), time: null })) : (entries ?? null)
  }
  return equal(timeless(before), timeless(after)) && equal(withoutManagedFields(before), withoutManagedFields(after))
}

/** What a new built-in object is before its first write. */
function blank(type: ResourceType): JsonObject | undefined {
  return type.builtIn && (listsOf({ metadata: {}, ...zeroOf(type.builtIn.model) }, type.schema) as JsonObject)
}

/** Lists whose items are owned one by one are empty where Go has none. */
function listsOf(value: Json, schema: Schema): Json {
  const listType = schema['x-kubernetes-list-type']
  if (value === null) return listType === 'map' || listType === 'set' ? [] : null
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, listsOf(item, fieldSchema(schema, key) ?? anything)]),
  )
}

const withoutManagedFields = (object: JsonObject): JsonObject => {
  const { managedFields: _, ...metadata } = object['metadata'] as JsonObject
  return { ...object, metadata }
}

/**
 * Server-side apply: the live object with `config` merged in, with what this manager applied before and no longer
 * names removed unless others own it, and with ownership recorded. Throws 409 with one cause per conflicting field.
 */
export function applyConfiguration(
  live: JsonObject | undefined,
  config: JsonObject,
  type: ResourceType,
  actor: Actor,
  force: boolean,
): JsonObject {
  const { schema } = type
  const managers = decode(live)
  const base = live && withoutManagedFields(live)
  if (base && managers.size === 0) takeOver(managers, base, type, actor.time)
  const self = {
    name: actor.manager,
    operation: 'Apply' as const,
    apiVersion: type.apiVersion,
    subresource: actor.subresource,
  }
  const id = idOf(self)
  const last = managers.get(id)
  const set = ownable(fieldSetOf(config, schema), type, actor.subresource)
  setManager(managers, { ...self, set }, undefined)
  let next = merge(base, config, schema) as JsonObject
  // Usually nothing was given up, and then nothing can be pruned.
  if (last && !isEmpty(difference(last.set, set))) next = pruneAbandoned(next, last.set, managers, type)
  settle(base, next, managers, id, type, force, appliedByClient(base, type, actor.manager))
  // Who changes no value gets no time for it (managedfieldsupdater.go).
  const entry = managers.get(id)
  if (entry && !equal(base, next)) entry.time = actor.time
  // Of a sub-resource the rest is as it is stored, and stays so.
  const result =
    actor.subresource === 'status'
      ? { ...next, metadata: clone(next['metadata'] ?? {}), ...(next['status'] && { status: clone(next['status']) }) }
      : clone(next)
  result['metadata'] ??= {}
  encode(managers, result)
  keepLastApplied(result, config, actor.manager)
  return result
}

/** What was there before anybody applied belongs to somebody who can be asked (skipnonapplied.go). */
function takeOver(managers: Managers, live: JsonObject, type: ResourceType, time: string): void {
  const { added, modified } = compare(blank(type), live, type.schema)
  const self = {
    name: 'before-first-apply',
    operation: 'Update' as const,
    apiVersion: type.apiVersion,
    subresource: '',
  }
  setManager(managers, { ...self, set: ownable(union(added, modified), type, '') }, time)
}

/** Removes what only this manager owned and has given up (structured-merge-diff `prune`). */
function pruneAbandoned(merged: JsonObject, last: FieldSet, managers: Managers, type: ResourceType): JsonObject {
  const { schema } = type
  const named = (set: FieldSet) => withNamedParents(set, schema)
  const pruned = withoutItems(merged, named(last), schema)
  let owned = last && { member: false, children: new Map() }
  for (const manager of managers.values()) owned = union(owned, manager.set)
  const all = named(fieldSetOf(merged, schema))
  // Put back what somebody still owns, then what nobody ever gave up.
  const kept = union(named(fieldSetOf(pruned, schema)), named(owned))
  const withOwned = withoutItems(merged, difference(all, kept), schema)
  const dangling = intersection(difference(all, named(fieldSetOf(withOwned, schema))), named(last))
  return withoutItems(merged, dangling, schema) as JsonObject
}
