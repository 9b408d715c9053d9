/**
 * Sets of field paths, the currency of server-side apply, kept as a tree in the form of FieldsV1
 * (sigs.k8s.io/structured-merge-diff, fieldpath): `f:name` a field, `k:{…}` a list item by key, `v:…` a
 * member of a set, `i:…` an item that has nothing but its index.
 */
import { isObject, type Json, type JsonObject } from '../json.ts'
import { anything, fieldSchema, isNamedField, type Schema } from '../schema/schema.ts'

export interface FieldSet {
  /** Whether the path itself is in the set, beside what lies under it. */
  member: boolean
  readonly children: Map<string, FieldSet>
}

export const emptySet = (member = false): FieldSet => ({ member, children: new Map() })
export const isEmpty = (set: FieldSet): boolean => !set.member && set.children.size === 0

/** Keeps a tree free of nodes that hold nothing. */
function withChild(set: FieldSet, element: string, child: FieldSet | undefined): void {
  if (child && !isEmpty(child)) set.children.set(element, child)
}

/** The set of one path. */
export const pathSet = (path: readonly string[]): FieldSet =>
  path.reduceRight((child, element) => ({ member: false, children: new Map([[element, child]]) }), emptySet(true))

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = { member: a.member || b.member, children: new Map(a.children) }
  for (const [element, child] of b.children) {
    const other = a.children.get(element)
    result.children.set(element, other ? union(other, child) : child)
  }
  return result
}

/** `a` itself where nothing of it is in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const result = emptySet(a.member && !b.member)
  let same = result.member === a.member
  for (const [element, child] of a.children) {
    const other = b.children.get(element)
    const rest = other ? difference(child, other) : child
    same &&= rest === child
    withChild(result, element, rest)
  }
  return same ? a : result
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result = emptySet(a.member && b.member)
  for (const [element, child] of a.children) {
    const other = b.children.get(element)
    if (other) withChild(result, element, intersection(child, other))
  }
  return result
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a.member !== b.member || a.children.size !== b.children.size) return false
  for (const [element, child] of a.children) {
    const other = b.children.get(element)
    if (!other || !equalSets(child, other)) return false
  }
  return true
}

/** Keeps only, or drops, what lies under `path`. */
export function under(set: FieldSet, path: readonly string[], keep: boolean): FieldSet {
  const [element, ...rest] = path
  if (element === undefined) return keep ? set : emptySet()
  const result = keep ? emptySet() : { member: set.member, children: new Map(set.children) }
  const child = set.children.get(element)
  result.children.delete(element)
  if (child) withChild(result, element, under(child, rest, keep))
  return result
}

/** Adds the named fields on the way to a member: whoever owns `a.b` also decides on `a`, if `a` is a field and not a map's entry. */
export function withNamedParents(set: FieldSet, schema: Schema): FieldSet {
  const result = emptySet(set.member)
  for (const [element, child] of set.children) {
    const next = withNamedParents(child, elementSchema(schema, element))
    if (child.children.size > 0 && element.startsWith('f:') && isNamedField(schema, element.slice(2)))
      next.member = true
    result.children.set(element, next)
  }
  return result
}

export function elementSchema(schema: Schema, element: string): Schema {
  return (element.startsWith('f:') ? fieldSchema(schema, element.slice(2)) : schema.items) ?? anything
}

/** Most managers keep their fields through most writes: both forms of a set are made once. Neither is ever changed. */
const FORMS = new WeakMap<FieldSet, JsonObject>()
const SETS = new WeakMap<JsonObject, FieldSet>()

/** The FieldsV1 form, keys sorted. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const known = FORMS.get(set)
  if (known) return known
  const form = printed(set)
  FORMS.set(set, form)
  SETS.set(form, set)
  return form
}

function printed(set: FieldSet): JsonObject {
  const result: JsonObject = {}
  if (set.member && set.children.size > 0) result['.'] = {}
  for (const element of [...set.children.keys()].sort()) result[element] = printed(set.children.get(element)!)
  return result
}

export function fromFieldsV1(value: Json | undefined): FieldSet {
  const stored = isObject(value) && Object.isFrozen(value)
  const known = stored && SETS.get(value)
  if (known) return known
  const set = parsed(value)
  if (stored) SETS.set(value, set)
  return set
}

function parsed(value: Json | undefined, root = true): FieldSet {
  const set = emptySet()
  if (!isObject(value)) return set
  for (const [element, child] of Object.entries(value)) {
    if (element === '.') set.member = true
    else set.children.set(element, parsed(child, false))
  }
  if (!root && set.children.size === 0) set.member = true
  return set
}

/** Every path of the set as conflicts print it, sorted: `.spec.containers[name="a"].image`. */
export function printPaths(set: FieldSet, prefix = ''): string[] {
  const paths = set.member ? [prefix] : []
  for (const element of [...set.children.keys()].sort())
    paths.push(...printPaths(set.children.get(element)!, prefix + printElement(element)))
  return paths
}

/** One step of a path as conflicts print it. */
export function printElement(element: string): string {
  const text = element.slice(2)
  if (element.startsWith('f:')) return `.${text}`
  if (element.startsWith('v:')) return `[=${text}]`
  if (element.startsWith('i:')) return `[${text}]`
  const key = JSON.parse(text) as JsonObject
  return `[${Object.entries(key)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}]`
}
