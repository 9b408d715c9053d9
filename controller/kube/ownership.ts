import { hash } from 'node:crypto'
import type { KubeObject } from './objects.ts'

type Json = unknown
type JsonObject = Record<string, Json>

/**
 * The fields of a live object that one manager owns by apply, in the shape of FieldsV1 (`f:field`, `k:{key}` of a list
 * item, `v:value` of a set) with the values in place of the empty leaves; a leaf that is an object or list stands under
 * `=`, long text as its digest under `#`. Plain JSON, so that a cache can hold it as text.
 */
export type OwnedFields = { [field: string]: OwnedFields | string | number | boolean | null }

/** A field where live and desired differ. */
export interface Drift {
  /** For people, and to tell fields apart: `spec.template.spec.containers[name=app].image`. */
  path: string
  /** The same as steps of FieldsV1. */
  steps: string[]
}

/** Text longer than this is kept as a digest: certificates and scripts would fill the cache. */
const LONG_TEXT = 64

/** Metadata that a desired object carries to be addressed; never owned. */
const ADDRESS = ['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields']

/** Keys of list items that the server fills in when a manifest leaves them out. */
const DEFAULT_KEYS: JsonObject = { protocol: 'TCP' }

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What `manager` owns in `live` by apply, without sub-resources; `undefined` when it never applied the object. */
export function ownedFields(live: KubeObject, manager: string): OwnedFields | undefined {
  const entry = live.metadata.managedFields?.find(
    ({ manager: name, operation, subresource }) => name === manager && operation === 'Apply' && !subresource,
  )
  return entry && (extract(entry.fieldsV1 ?? {}, live) as OwnedFields)
}

function extract(fields: JsonObject, live: Json): Json {
  const names = Object.keys(fields)
  if (names.length === 0) return leaf(live)
  const owned: JsonObject = {}
  for (const name of names) {
    if (name === '.') continue
    const below = step(live, name)
    if (below !== undefined) owned[name] = extract(fields[name] as JsonObject, below)
  }
  return owned
}

const leaf = (value: Json): Json => {
  if (typeof value === 'string') return value.length > LONG_TEXT ? { '#': digest(value) } : value
  return typeof value === 'object' && value !== null ? { '=': value } : value
}

const digest = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22)

/**
 * Where the owned fields do not say what is desired, or hold what is desired no longer: empty means that an apply would
 * change nothing. Fields that others own beside ours are not looked at; a desired field that we do not own counts, whatever
 * its value, for nobody would miss it when its owner leaves.
 */
export function driftOf(desired: KubeObject, owned: OwnedFields | undefined): Drift[] {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = desired
  const own = Object.fromEntries(Object.entries(metadata).filter(([key]) => !ADDRESS.includes(key)))
  const drift: Drift[] = []
  compareFields({ ...rest, metadata: own }, owned ?? {}, undefined, drift)
  // Nothing is desired but that it is there: still we have to apply it once to own it.
  if (!owned && drift.length === 0) drift.push({ path: 'metadata.managedFields', steps: [] })
  return drift
}

/** A field on the way down; spelled out only when it differs, for most do not. */
interface Place {
  in: Place | undefined
  /** As FieldsV1 names it. */
  step: string
}

function spelled(place: Place): Drift {
  const steps: string[] = []
  for (let at: Place | undefined = place; at; at = at.in) steps.unshift(at.step)
  const path = steps.map(step => (step.startsWith('f:') ? `.${step.slice(2)}` : `[${keyText(step)}]`)).join('')
  return { path: path.slice(1), steps }
}

function compare(desired: Json, owned: Json, at: Place, drift: Drift[]): void {
  // Down to the leaves also where nothing is owned: a fight over a field must have one name, however much we lost.
  if (owned === undefined && isObject(desired)) compareFields(desired, {}, at, drift)
  else if (!isObject(owned)) {
    if (owned === undefined ? !isEmpty(desired) : desired !== owned) drift.push(spelled(at))
  } else if ('#' in owned) {
    if (typeof desired !== 'string' || digest(desired) !== owned['#']) drift.push(spelled(at))
  } else if ('=' in owned) {
    if (!includes(owned['='], desired)) drift.push(spelled(at))
  } else if (Array.isArray(desired)) compareItems(desired, owned, at, drift)
  else if (isObject(desired)) compareFields(desired, owned, at, drift)
  else drift.push(spelled(at))
}

const isEmpty = (value: Json): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

function compareFields(desired: JsonObject, owned: JsonObject, at: Place | undefined, drift: Drift[]): void {
  for (const key of Object.keys(desired)) {
    const step = `f:${key}`
    if (desired[key] !== undefined) compare(desired[key], owned[step], { in: at, step }, drift)
  }
  for (const step of Object.keys(owned)) if (desired[step.slice(2)] === undefined) drift.push(spelled({ in: at, step }))
}

function compareItems(desired: Json[], owned: JsonObject, at: Place, drift: Drift[]): void {
  const unseen = new Set(desired)
  for (const [name, value] of Object.entries(owned)) {
    const place = { in: at, step: name }
    const wanted = step(desired, name)
    unseen.delete(wanted)
    if (wanted === undefined) drift.push(spelled(place))
    else if (!name.startsWith('v:')) compare(wanted, value, place, drift)
  }
  for (const wanted of unseen)
    drift.push(spelled({ in: at, step: nameOfItem(wanted, Object.keys(owned), desired.indexOf(wanted)) }))
}

/** `k:{"name":"app"}` as `name=app`, in the way in which the server names fields in a conflict. */
function keyText(name: string): string {
  const key = JSON.parse(name.slice(2)) as Json
  return isObject(key)
    ? Object.entries(key)
        .map(([field, value]) => `${field}=${value}`)
        .join(',')
    : `=${key}`
}

/** The FieldsV1 name an item would have: by the keys that its neighbours have, else by what lists are usually merged by. */
function nameOfItem(item: Json, neighbours: string[], index: number): string {
  if (!isObject(item)) return typeof item === 'object' ? `i:${index}` : `v:${JSON.stringify(item)}`
  const known = neighbours.find(name => name.startsWith('k:'))
  const keys = known
    ? Object.keys(JSON.parse(known.slice(2)) as JsonObject)
    : [['containerPort', 'protocol'], ['port', 'protocol'], ['name'], ['uid'], ['type']].find(([key]) => key! in item)
  if (!keys) return `i:${index}`
  return `k:${JSON.stringify(Object.fromEntries(keys.map(key => [key, item[key] ?? DEFAULT_KEYS[key]])))}`
}

/**
 * Whether a value that is owned as a whole says what is desired; the server may have filled in defaults inside it, and left out
 * what is empty (Go's `omitempty`: the empty value of a toleration is not stored).
 */
function includes(live: Json, desired: Json): boolean {
  if (isObject(desired))
    return (
      isObject(live) &&
      Object.entries(desired).every(
        ([key, value]) => (!(key in live) && (value === '' || isEmpty(value))) || includes(live[key], value),
      )
    )
  if (Array.isArray(desired))
    return (
      Array.isArray(live) &&
      live.length === desired.length &&
      desired.every((value, index) => includes(live[index], value))
    )
  return live === desired
}

/** One step of a FieldsV1 path: `f:field`, `k:{key}` of a list item, `v:value` of a set, `i:index`. */
function step(value: Json, name: string): Json {
  const rest = name.slice(2)
  if (name.startsWith('f:')) return isObject(value) ? value[rest] : undefined
  if (!Array.isArray(value)) return undefined
  if (name.startsWith('i:')) return value[Number(rest)]
  if (!name.startsWith('k:')) return value.find(item => JSON.stringify(item) === rest)
  const key = Object.entries(JSON.parse(rest) as JsonObject)
  return value.find(
    item => isObject(item) && key.every(([field, wanted]) => (item[field] ?? DEFAULT_KEYS[field]) === wanted),
  )
}

/** The value at a field's steps, `undefined` when it is not there. */
export const valueAt = (object: KubeObject, { steps }: Drift): unknown => steps.reduce<Json>(step, object)

/** A copy of `desired` that says at these fields what `live` says: what an apply then leaves alone. */
export function leaving(desired: KubeObject, live: KubeObject, fields: Drift[]): KubeObject {
  const copy = structuredClone(desired)
  for (const { steps } of fields) {
    let parent: Json = copy
    let from: Json = live
    for (const name of steps.slice(0, -1)) {
      parent = step(parent, name)
      from = step(from, name)
    }
    const last = steps.at(-1)
    if (last !== undefined && parent !== undefined) put(parent, last, step(from, last))
  }
  return copy
}

function put(parent: Json, name: string, value: Json): void {
  if (isObject(parent)) {
    if (value === undefined) delete parent[name.slice(2)]
    else parent[name.slice(2)] = structuredClone(value)
  } else if (Array.isArray(parent)) {
    const at = parent.indexOf(step(parent, name))
    if (value === undefined) {
      if (at >= 0) parent.splice(at, 1)
    } else parent.splice(at >= 0 ? at : parent.length, at >= 0 ? 1 : 0, structuredClone(value))
  }
}
